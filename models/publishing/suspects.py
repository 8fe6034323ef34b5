"""Rows that go alone, so that nobody else's fate hangs on them."""

import sqlalchemy as sa

from models.publication import Publication

ALONE_AFTER = 2
"""A worker may end by chance; the same row in two lost batches is worth a look of its own."""

CONTENT_REFUSED = "content_refused"
"""The code of what a firewall refuses while it lets the site's other posts through."""

FIREWALL_CODES = frozenset({"blocked", "redirected", "not_wordpress"})
"""Codes of answers that came from in front of WordPress: of a whole site, or of one text."""


def is_suspect() -> sa.ColumnElement[bool]:
    """Whether a row has lost workers, or its last try was refused by a firewall."""
    return sa.or_(Publication.rescues >= ALONE_AFTER, was_refused())


def was_refused() -> sa.ColumnElement[bool]:
    """Whether a row's last try was refused by a firewall.

    Such a refusal may be followed by a ban of everything that we send for a while.
    """
    code = sa.func.coalesce(Publication.failure_code, "")
    return sa.and_(Publication.attempts > 0, code.in_([CONTENT_REFUSED, *FIREWALL_CODES]))
