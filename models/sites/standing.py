"""Whether an integration stands in service: to which anything goes out, and which are held up."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

import settings
from models.account import suspended_accounts
from models.clock import now, now_plus
from models.integration import Integration
from models.publication import ON_ITS_WAY, WAITS, Publication
from models.site import Site

NOT_TOO_LATE = sa.or_(
    Publication.publish_until.is_(None), Publication.publish_until > now(), Publication.unclear
)
"""What its site's window is closed for is planned again, and not begun late (S54).

What may be out already is asked about at any time: a question publishes nothing.
"""


def inactive_sites() -> sa.Select[int]:
    """Return the ids of the sites that are switched off, as a subquery."""
    return sa.select(Site.id).where(Site.is_active.is_(False))


INTEGRATION_OFF, SITE_OFF = "integration_inactive", "site_inactive"
ACCOUNT_OFF = "account_suspended"
OFF = (
    (Integration.is_active.is_(False), INTEGRATION_OFF),
    (Integration.site_id.in_(inactive_sites()), SITE_OFF),
    (Integration.account_id.in_(suspended_accounts()), ACCOUNT_OFF),
)
"""What a person has done that keeps an integration's work back; `why_off` says the same."""

OFF_WORDS = {
    INTEGRATION_OFF: "its integration is switched off",
    SITE_OFF: "its site is switched off",
    ACCOUNT_OFF: "its account is suspended",
}

SWITCHED_ON = sa.and_(
    Integration.is_active.is_(True),
    Integration.account_id.not_in(suspended_accounts()),
    Integration.site_id.not_in(inactive_sites()),
)
"""Of an integration: none of what ``OFF`` lists holds."""

IN_SERVICE = sa.and_(SWITCHED_ON, Integration.suspended_at.is_(None))
"""Of an integration: neither it nor its site is switched off, and it and its account are let in.

`why_out_of_service` says of one which of them does not hold.
"""

MAY_POST = sa.or_(Integration.next_post_at.is_(None), Integration.next_post_at <= now())
"""Of an integration: its bucket has a token, and what it asked us to wait for has passed."""

STRUGGLES = Integration.breaker_opens > 0
"""Of an integration: its breaker is open, or half open."""


def why_off(integration: Integration) -> str | None:
    """Return the code of what a person has switched off or suspended above an integration."""
    site = integration.site
    reasons = {
        INTEGRATION_OFF: not integration.is_active,
        SITE_OFF: not site.is_active,
        ACCOUNT_OFF: site.account.suspended_at is not None,
    }
    return next((code for code, holds in reasons.items() if holds), None)


def why_out_of_service(integration: Integration) -> str | None:
    """Return in words why nothing goes out to an integration; None where it is in service."""
    if integration.suspended_at is not None:
        return integration.suspended_reason or "it is suspended"
    code = why_off(integration)
    return OFF_WORDS[code] if code else None


def has_probe() -> sa.ColumnElement[bool]:
    """Return whether something of an integration is on its way, or will be tried within an hour.

    The hour is the longest pause before a try. What waits for a slot of tomorrow tells nothing of
    the site today.
    """
    of_it = Publication.integration_id == Integration.id
    soon = now_plus(settings.current().retry_longest_delay)
    waits = (Publication.state.in_(WAITS), Publication.due_at <= soon, NOT_TOO_LATE)
    return sa.or_(
        sa.exists().where(of_it, *waits), sa.exists().where(of_it, Publication.state == ON_ITS_WAY)
    )


def held_up_until(session: Session, ids: Collection[int]) -> dict[int, datetime]:
    """Return until when these integrations get no more by themselves; only of those held up.

    While one struggles that is until its next try, which shows whether it is well again.
    """
    soon = now_plus(settings.current().retry_longest_delay)
    next_try = (
        sa.select(sa.func.min(Publication.due_at))
        .where(
            Publication.integration_id == Integration.id,
            Publication.state.in_(WAITS),
            Publication.due_at <= soon,
            NOT_TOO_LATE,
        )
        .correlate(Integration)
        .scalar_subquery()
    )
    query = sa.select(
        Integration.id,
        Integration.next_post_at,
        Integration.breaker_open_until,
        sa.case((STRUGGLES, next_try)),
        now(),
    ).where(Integration.id.in_(list(ids)))
    found = {}
    for id_, *moments, present in session.execute(query):
        latest = max((each for each in moments if each is not None), default=present)
        if latest > present:
            found[id_] = latest
    return found
