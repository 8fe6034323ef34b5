"""What a refused write says: that this text is not let through, or that nothing is."""

from collections.abc import Callable

from models.publishing.suspects import FIREWALL_CODES
from pipeline.errors import ContentRefused, PublishError, SiteError, WriteRefused

SAMPLE = {
    "title": "A walk along the river",
    "content_html": '<h2>Start</h2><p>At the <a href="https://example.com/">bridge</a>.</p>',
    "excerpt": "A walk",
}
"""A text that nobody minds. Without a publication key the bridge refuses it and does nothing."""


def explained(error: SiteError, what: str, try_writing: Callable[[], None]) -> PublishError:
    """Return whose refusal ``error`` is: that of this ``what`` (a word), or that of its site.

    A firewall answers both alike, so a harmless write is sent after it (``try_writing``).
    """
    if error.code not in FIREWALL_CODES:
        return error
    said = error.status_code or error.code
    try:
        try_writing()
    except SiteError:
        return WriteRefused(
            error,
            f"a firewall at the site refuses this {what} ({said}), and everything else for a "
            f"while after it: let the site's host allow it, or change the {what}",
        )
    except PublishError:
        pass  # a bad moment; nothing shows that the whole site is shut
    return ContentRefused(
        f"a firewall at the site refuses this {what} ({said}), and takes others: "
        f"let the site's host allow it, or change the {what}",
        status_code=error.status_code,
    )
