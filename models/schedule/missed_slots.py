"""Slots that have passed without their publish: each gets a new one, none goes out in a burst."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.clock import now
from models.content import Content
from models.integration import Integration
from models.plan_requests import ask_for_plan, lock_settings
from models.publication import WAITS, Publication
from models.publishing_settings import PublishingSettings
from models.schedule.due_slots import BY_ITSELF, has_come
from models.schedule.missed_events import tell_missed
from models.schedule.planning import IS_LATE, IS_WAITING, PUBLISHABLE
from models.schedule_entry import EntryState, ScheduleEntry
from models.sites.standing import IN_SERVICE

MISSED, NOT_APPROVED = "missed", "not_approved"

_STUCK = sa.and_(
    ScheduleEntry.state == EntryState.TAKEN,
    ScheduleEntry.exact.is_(False),
    ScheduleEntry.slot_until <= now(),
    Publication.state.in_(WAITS),
    Publication.unclear.is_(False),
    Publication.publish_until <= now(),
    IN_SERVICE,
)
"""Accepted, but not begun, or to be tried again, when its window closed.

What may be out already has missed nothing before the site was asked about it.
"""


def clear_missed_slots(session: Session, limit: int) -> int:
    """Have what has missed its slot planned anew; return how many entries that are.

    What was accepted stays so: the plan moves its publish with its slot. What waits for a site that
    is suspended, or publishes nothing by itself any more, has missed nothing: it only loses its
    slot, and is planned when the site is well again.
    """
    found = [*session.execute(_late(limit)), *session.execute(_stuck(limit))]
    if not found:
        return 0
    sites = set(lock_settings(session, {row.site_id for row in found}, skip_locked=True))
    ours = [row for row in found if row.site_id in sites]
    ask_for_plan(session, {row.site_id for row in ours if row.in_service})
    _clear(session, (row.id for row in ours if not row.in_service), count=0)
    return _clear(session, (row.id for row in ours if row.in_service), count=1)


def _late(limit: int) -> sa.Select[int, int, bool]:
    """Return what waits and is late, the longest first.

    In this order and limited, so that PostgreSQL takes the index in which little is past.
    """
    entry = ScheduleEntry
    past = (
        sa.select(entry.id)
        .where(IS_WAITING, entry.exact.is_(False), entry.slot_at <= now())
        .order_by(entry.slot_at)
        .limit(limit)
        .cte("past")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return _rows(sa.and_(IN_SERVICE, BY_ITSELF)).join(past, past.c.id == entry.id).where(IS_LATE)


def _stuck(limit: int) -> sa.Select[int, int, bool]:
    of_it = Publication.id == ScheduleEntry.publication_id
    return _rows(sa.true()).join(Publication, of_it).where(_STUCK).limit(limit)


def _rows(in_service: sa.ColumnElement[bool]) -> sa.Select[int, int, bool]:
    return (
        sa.select(ScheduleEntry.id, ScheduleEntry.site_id, in_service.label("in_service"))
        .join(PublishingSettings, PublishingSettings.site_id == ScheduleEntry.site_id)
        .join(Integration, Integration.id == ScheduleEntry.integration_id)
    )


def _clear(session: Session, ids: Iterable[int], *, count: int) -> int:
    entry, found = ScheduleEntry, list(ids)
    if not found:
        return 0
    free = sa.select(entry.id).where(entry.id.in_(found)).with_for_update(skip_locked=True)
    passed = sa.or_(sa.and_(IS_WAITING, IS_LATE), entry.slot_until <= now())
    cleared = session.execute(
        sa.update(entry)
        .where(entry.id.in_(free), passed)
        .values(slot_at=None, slot_until=None, reason=MISSED, missed=entry.missed + count)
        .returning(entry.id)
        .execution_options(synchronize_session=False)
    )
    ids = list(cleared.scalars())
    if count:
        tell_missed(session, ids)
    return len(ids)


def hold_unapproved(session: Session) -> int:
    """Hold back what is due and no longer approved; the sweep lets it go when it is again.

    An exact time stays with it.
    """
    entry, come = ScheduleEntry, has_come()
    found = (
        sa.select(entry.id)
        .join(come, come.c.id == entry.id)
        .join(Content, Content.id == entry.content_id)
        .where(~PUBLISHABLE)
        .with_for_update(skip_locked=True, of=entry)
    )
    held = session.execute(
        sa.update(entry)
        .where(entry.id.in_(found), IS_WAITING)
        .values(
            state=EntryState.HELD,
            reason=NOT_APPROVED,
            slot_at=sa.case((entry.exact, entry.slot_at)),
            slot_until=None,
        )
        .execution_options(synchronize_session=False)
    )
    return int(held.rowcount)  # type: ignore[attr-defined]
