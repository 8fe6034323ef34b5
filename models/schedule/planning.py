"""What the planner reads and writes: a site's settings under their lock, its queue, its slots.

The plan itself is `tasks.schedule.site_planning.plan_site(session, site_id)`, because models know
nothing of the pipeline. It holds the settings' row, as `models.plan_requests` says, and leaves
out the entries that somebody else is changing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.base import Base
from models.clock import now, now_plus
from models.content import Content, ContentStatus
from models.integration import Integration
from models.publication import WAITS, Publication
from models.publishing.awaited_pictures import PICTURE_AWAITED
from models.publishing_settings import PublishingSettings
from models.schedule.missed_events import tell_missed
from models.schedule_entry import EntrySource, EntryState, ScheduleEntry

LATE_AFTER = 120.0
"""Seconds after which a slot that nobody took is missed, though its window is open.

Due slots are taken every few seconds. What is later than this stood still, and to take all of it
at once would be a burst: the tick of due slots leaves it alone, and it is planned anew.
"""

MOST_PLANNED = 2000
"""Entries of a site that a plan looks at: more than sensible caps let through in its time."""

PUBLISHABLE = sa.or_(ScheduleEntry.override_status, Content.status == ContentStatus.APPROVED)
"""Of an entry and its content: it is approved, or a person wants it all the same (C29)."""

IS_WAITING = ScheduleEntry.state == sa.literal_column(f"'{EntryState.WAITING}'")
"""Written out: SQLite uses a partial index only where it can see that it fits."""

IS_HELD = ScheduleEntry.state == sa.literal_column(f"'{EntryState.HELD}'")
IS_LATE = sa.and_(
    ScheduleEntry.exact.is_(False),
    # The first part is there for the index: who is past its window is past its slot, too.
    ScheduleEntry.slot_at <= now(),
    sa.or_(ScheduleEntry.slot_at <= now_plus(-LATE_AFTER), ScheduleEntry.slot_until <= now()),
)
"""Of a waiting entry: its slot has passed without it."""

HAS_MISSED = sa.and_(
    ScheduleEntry.state == EntryState.TAKEN,
    ScheduleEntry.exact.is_(False),
    ScheduleEntry.slot_at.is_(None),
    Publication.state.in_(WAITS),
)
"""Of a taken entry and its publication: its window closed before it went out."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that wants a slot, as the planner found it."""

    id: int
    integration_id: int
    approved_at: datetime
    priority: int
    slot_at: datetime | None
    slot_until: datetime | None
    reason: str
    missed: int
    late: bool
    by_person: bool
    publishable: bool
    """Whether its content is approved, or a person wants it all the same (C29)."""

    publication_id: int | None = None
    """Of an entry that was taken and missed its window."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What a plan says of a candidate; without a slot both times are None."""

    candidate: Candidate
    slot_at: datetime | None
    slot_until: datetime | None
    reason: str

    @property
    def differs(self) -> bool:
        known = self.candidate
        present = (known.slot_at, known.slot_until, known.reason)
        return known.late or present != (self.slot_at, self.slot_until, self.reason)


def settings_to_plan(session: Session, site_id: int) -> tuple[PublishingSettings, datetime] | None:
    """Return a site's settings, locked, with the present time; None where it has none."""
    query = (
        sa.select(PublishingSettings, now())
        .where(PublishingSettings.site_id == site_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = session.execute(query).one_or_none()
    return (found[0], found[1]) if found else None


def _order(settings: PublishingSettings) -> list[sa.ColumnElement[Any]]:
    """Return the order of a plan; at its end what gets no slot and would fill its places."""
    entry = ScheduleEntry
    by_age: list[sa.ColumnElement[Any]] = [entry.approved_at.asc(), entry.id.asc()]
    if settings.publish_order == "priority":
        by_age.insert(0, entry.priority.desc())
    wanted = PUBLISHABLE
    if not settings.auto_publish_enabled:
        wanted = sa.and_(wanted, entry.source == EntrySource.PERSON)
    return [sa.case((wanted, 0), else_=1), *by_age]


def leave_out(session: Session, settings: PublishingSettings, reason: str) -> None:
    """Take the slots of those that stand behind all that a plan looks at."""
    behind = (
        sa.select(ScheduleEntry.id)
        .join(Content, Content.id == ScheduleEntry.content_id)
        .where(
            IS_WAITING,
            ScheduleEntry.exact.is_(False),
            ScheduleEntry.site_id == settings.site_id,
        )
        .order_by(*_order(settings))
        .offset(MOST_PLANNED)
        .with_for_update(skip_locked=True, of=ScheduleEntry)
    )
    session.execute(
        sa.update(ScheduleEntry)
        .where(
            ScheduleEntry.id.in_(behind),
            sa.or_(ScheduleEntry.slot_at.is_not(None), ScheduleEntry.reason != reason),
        )
        .values(slot_at=None, slot_until=None, reason=reason)
        .execution_options(synchronize_session=False)
    )


def candidates(session: Session, settings: PublishingSettings) -> list[Candidate]:
    """Return what of a site wants a slot, locked, the first ones first."""
    entry = ScheduleEntry
    columns = (
        entry.id,
        entry.integration_id,
        entry.approved_at,
        entry.priority,
        entry.slot_at,
        entry.slot_until,
        entry.reason,
        entry.missed,
    )
    by_person = (entry.source == EntrySource.PERSON).label("by_person")
    waiting = (
        sa.select(
            *columns,
            sa.func.coalesce(IS_LATE, sa.false()).label("late"),
            by_person,
            PUBLISHABLE.label("publishable"),
        )
        .join(Content, Content.id == entry.content_id)
        .where(IS_WAITING, entry.exact.is_(False), entry.site_id == settings.site_id)
        .order_by(*_order(settings))
        .limit(MOST_PLANNED)
        .with_for_update(skip_locked=True, of=entry)
    )
    missed = (
        sa.select(
            *columns,
            sa.false().label("late"),
            by_person,
            sa.true().label("publishable"),
            Publication.id.label("publication_id"),
        )
        .join(Publication, Publication.id == entry.publication_id)
        .where(HAS_MISSED, entry.integration_id.in_(_integrations(settings.site_id)))
        .with_for_update(skip_locked=True, of=(entry, Publication))
    )
    rows = [*session.execute(waiting), *session.execute(missed)]
    return [Candidate(**row._mapping) for row in rows]  # noqa: SLF001 - a Row's public way to a dict


def _integrations(site_id: int) -> sa.Select[Any]:
    return sa.select(Integration.id).where(Integration.site_id == site_id)


def write_slots(session: Session, plans: Iterable[Planned]) -> int:
    """Write what differs from what the entries have; return how many."""
    changed = [planned for planned in plans if planned.differs]
    waiting = [_values(each) for each in changed if each.candidate.publication_id is None]
    taken = [each for each in changed if each.candidate.publication_id is not None]
    if waiting:
        _update_entries(session, waiting, EntryState.WAITING)
        tell_missed(session, [each.candidate.id for each in changed if each.candidate.late])
    if taken:
        _update_entries(session, [_values(each) for each in taken], EntryState.TAKEN)
        _move_publications(session, [each for each in taken if each.slot_at is not None])
    return len(changed)


def _values(planned: Planned) -> dict[str, object]:
    return {
        "entry_id": planned.candidate.id,
        "at": planned.slot_at,
        "until": planned.slot_until,
        "why": planned.reason,
        "passed": int(planned.candidate.late),
    }


def _update_entries(
    session: Session, values: Sequence[dict[str, object]], state: EntryState
) -> None:
    table = Base.metadata.tables[ScheduleEntry.__tablename__]
    columns = table.c
    session.connection().execute(
        sa.update(table)
        .where(
            columns.id == sa.bindparam("entry_id"),
            columns.state == state,
            columns.exact.is_(False),
        )
        .values(
            slot_at=sa.bindparam("at"),
            slot_until=sa.bindparam("until"),
            reason=sa.bindparam("why"),
            missed=columns.missed + sa.bindparam("passed"),
        ),
        list(values),
    )


def _move_publications(session: Session, plans: Sequence[Planned]) -> None:
    """Have each wait for its slot, and for nothing that would let it go before."""
    awaits = Publication.failure_code == PICTURE_AWAITED
    for planned in plans:
        session.execute(
            sa.update(Publication)
            .where(
                Publication.id == planned.candidate.publication_id,
                Publication.state.in_(WAITS),
                Publication.publish_until.is_not(None),
            )
            .values(
                due_at=planned.slot_at,
                publish_until=planned.slot_until,
                failure=sa.case((awaits, sa.null()), else_=Publication.failure),
                failure_code=sa.case((awaits, sa.null()), else_=Publication.failure_code),
            )
            .execution_options(synchronize_session=False)
        )


def note_planned(session: Session, site_id: int, *, again: bool = False) -> None:
    """Write that a site's plan was made, under the lock of `settings_to_plan`.

    ``again``: it lacks something that will be there soon, so the next tick plans once more.
    """
    session.execute(
        sa.update(PublishingSettings)
        .where(PublishingSettings.site_id == site_id)
        .values(plan_due=again, planned_at=now())
        .execution_options(synchronize_session=False)
    )
