"""Asking of a site all that a publish asks of it, so that nothing changes there."""

import secrets
import uuid

from platforms.base import Platform, SiteStatus


def try_out(site: Platform) -> SiteStatus:
    """Return what a site says of itself, where it lets through every request of a publish.

    A firewall may refuse questions alone, or those of one route: a site that was not asked them
    would go on, be suspended by its next batch, and so on without end.
    """
    status = site.status()
    site.try_writing()
    try_questions(site)
    return status


def try_questions(site: Platform) -> None:
    """Ask about a post and a picture that nobody has: new ones each time, which no cache knows."""
    site.find_posts([str(uuid.uuid4())])
    site.find_media([secrets.token_hex(32)])
