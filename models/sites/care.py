"""A site's condition as it is kept: its pace, looks at a suspended one, and the news of both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, defer, joinedload

from models.account import suspended_accounts
from models.clock import now, now_plus
from models.history import EventStatus, SyncEvent
from models.integration import Integration
from models.sites.standing import inactive_sites

LOOK_TAKES = 900.0
"""Seconds: longer than any look, which the total deadline of a request ends."""


@dataclass(frozen=True, slots=True)
class Place:
    """Whose site it is."""

    account_id: int
    site_id: int
    integration_id: int


@dataclass(frozen=True, slots=True)
class SiteNews:
    """A change of a site's condition: a key of ``NEWS``."""

    action: str
    code: str | None = None
    reason: str | None = None


NEWS = {
    "site_suspended": ("error", EventStatus.FAILED, "The site is suspended; its work waits"),
    "site_resumed": ("sync", EventStatus.SUCCESS, "The site is well again; its work goes on"),
    "breaker_opened": ("error", EventStatus.FAILED, "The site keeps failing; it is left alone"),
    "breaker_closed": ("sync", EventStatus.SUCCESS, "The site answers again; its work goes on"),
}
"""What an event says of it: type, status and description (S29, S31)."""


def tell_of_site(session: Session, place: Place, news: SiteNews) -> None:
    """Write the event of a change. Called only by who has made it, so it is told once."""
    event_type, status, description = NEWS[news.action]
    session.execute(
        sa.insert(SyncEvent).values(
            account_id=place.account_id,
            site_id=place.site_id,
            integration_id=place.integration_id,
            event_type=event_type,
            action=news.action,
            status=status,
            direction=None,
            content_type=None,
            description=description,
            error_message=news.reason,
            details={"code": news.code} if news.code else {},
        )
    )


def change_pace(
    session: Session, integration_id: int, seen: Mapping[str, Any], values: Mapping[str, Any]
) -> Place | None:
    """Write a site's pace, unless it is not any more what was ``seen``; return whose it was.

    A worker that lost its lease comes late, and must not undo what was found out since.
    """
    unchanged = (getattr(Integration, name) == value for name, value in seen.items())
    row = session.execute(
        sa.update(Integration)
        .where(Integration.id == integration_id, *unchanged)
        .values(**values)
        .returning(Integration.account_id, Integration.site_id)
        .execution_options(synchronize_session=False)
    ).first()
    return None if row is None else Place(*row, integration_id)


def set_next_post(session: Session, integration_id: int, seconds: float) -> None:
    """Write when the site's bucket has a token again."""
    change_pace(session, integration_id, {}, {"next_post_at": now_plus(seconds)})


def unscheduled_looks(session: Session) -> list[tuple[int, str | None]]:
    """Return the suspended sites that have no date for a look yet, each with its error's code."""
    query = sa.select(Integration.id, Integration.suspended_code).where(
        Integration.is_active,
        Integration.suspended_at.is_not(None),
        Integration.site_id.not_in(inactive_sites()),
        Integration.next_look_at.is_(None),
        Integration.looks == 0,
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def due_looks(session: Session, limit: int) -> list[Integration]:
    """Return suspended sites whose look is due, and push its date away from other processes.

    The caller writes the right one when it has looked; a process that dies meanwhile leaves it.
    """
    due = (
        sa.select(Integration.id)
        .where(
            Integration.is_active,
            Integration.suspended_at.is_not(None),
            Integration.account_id.not_in(suspended_accounts()),
            Integration.site_id.not_in(inactive_sites()),
            Integration.next_look_at <= now(),
        )
        .order_by(Integration.next_look_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    taken = session.scalars(
        sa.update(Integration)
        .where(Integration.id.in_(sa.select(due.c.id)))
        .values(looks=Integration.looks + 1, next_look_at=now_plus(LOOK_TAKES))
        .returning(Integration.id)
        .execution_options(synchronize_session=False)
    ).all()
    query = sa.select(Integration).options(
        joinedload(Integration.site), defer(Integration.credentials)
    )
    return list(session.scalars(query.where(Integration.id.in_(taken))))


def plan_look(session: Session, integration_id: int, values: Mapping[str, Any]) -> None:
    """Write when a site that is still suspended is looked at next, and what is wrong with it."""
    session.execute(
        sa.update(Integration)
        .where(Integration.id == integration_id, Integration.suspended_at.is_not(None))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
