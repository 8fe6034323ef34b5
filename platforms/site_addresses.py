"""Addresses of sites that no customer may give us: our own, and private ones (RFC 6890)."""

import enum
from urllib.parse import urlsplit

import settings
from platforms.addresses import is_private_literal


class Inside(enum.Enum):
    """Why an address is none of a customer's site."""

    OWN = enum.auto()
    PRIVATE = enum.auto()


def inside(address: str) -> Inside | None:
    """Return why a normalised address leads inside; None for all others.

    By its spelling alone: a name is looked up when it is talked to, each time, because what it
    means may change.
    """
    known = settings.current()
    if address == known.base_url.lower():
        return Inside.OWN
    host = urlsplit(address).hostname or ""
    if host in known.allowed_private_hosts or not is_private_literal(host):
        return None
    return Inside.PRIVATE
