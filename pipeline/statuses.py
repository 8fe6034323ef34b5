"""WordPress's post statuses as ours (S203); its own word stays beside them (C45)."""

from collections.abc import Iterable

GONE = "gone"
"""The bridge's word for a post that was deleted for good."""

PUBLISHED, REVIEW, DRAFT = "published", "review", "draft"

OURS = {
    "publish": PUBLISHED,
    "draft": DRAFT,
    "pending": REVIEW,
    "private": PUBLISHED,
    "trash": DRAFT,
    "future": REVIEW,
    GONE: DRAFT,
}
"""Any other means nothing to us, and changes nothing."""


def status_here(post_status: str | None) -> str | None:
    """Return our word for a post's status; None for one that says nothing."""
    return OURS.get(post_status or "")


def shown_status(own: str, confirmed: Iterable[str | None]) -> str:
    """Return the status of a content whose posts have the statuses ``confirmed``.

    ``own`` is what our people think of it. It is never written by a site: what was approved here
    stays so, and no webhook can start or stop a publish.
    """
    found = {status_here(status) or PUBLISHED for status in confirmed}
    for status in (PUBLISHED, REVIEW, DRAFT):
        if status in found:
            return status
    return own
