"""How well a site's sync goes: events rolled up into hourly counts, and a page made of those.

No page counts a million events: it reads the counts up to the watermark, and the few events after.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from models.clock import UtcDateTime, now, now_plus
from models.counters import SyncCounter, Watermark
from models.history import EventStatus, SyncEvent

EVENTS = "sync_events"
"""The watermark's name."""

SETTLED = 600.0
"""Seconds. An event may be seen after one with a higher id, as long as its transaction is open:
ours end within a minute, and what is that old is counted."""

AT_ONCE = 50_000
"""Events of one roll-up: some 0.3 s."""

RECENT = 500
"""Events looked at for the last success and failure; before them, the hour has to do."""


class hour_of(FunctionElement[datetime]):  # noqa: N801 - reads as SQL
    """The beginning of a time's hour, UTC."""

    type = UtcDateTime()
    inherit_cache = True


@compiles(hour_of)
def _hour_of(element: hour_of, compiler: SQLCompiler, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"(date_trunc('hour', ({moment}) AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')"


@compiles(hour_of, "sqlite")
def _hour_of_sqlite(element: hour_of, compiler: SQLCompiler, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"(strftime('%Y-%m-%d %H:00:00.000000', {moment}))"


def _counts() -> tuple[sa.Label[int], ...]:
    """Return the outcomes as columns of a grouped query over events."""
    statuses = {
        "succeeded": EventStatus.SUCCESS,
        "failed": EventStatus.FAILED,
        "skipped": EventStatus.SKIPPED,
    }
    return tuple(
        sa.func.sum(sa.case((SyncEvent.status == status, 1), else_=0)).label(name)
        for name, status in statuses.items()
    )


def roll_up_events(session: Session) -> int:
    """Count the settled events after the watermark into their hours; return how many ids it moved.

    Two at once: the watermark is moved by compare-and-set, and who comes second counts nothing.
    """
    position = _position(session)
    upto = _settled_upto(session, position)
    if upto == position:
        return 0
    moved = session.execute(
        sa.update(Watermark)
        .where(Watermark.name == EVENTS, Watermark.position == position)
        .values(position=upto, at=now())
        .execution_options(synchronize_session=False)
    )
    if not moved.rowcount or upto < position:  # type: ignore[attr-defined]
        return 0
    hour = hour_of(SyncEvent.created_at).label("hour")
    names = ("integration_id", "hour", "direction", "succeeded", "failed", "skipped")
    counted = (
        sa.select(SyncEvent.integration_id, hour, SyncEvent.direction, *_counts())
        .where(SyncEvent.id > position, SyncEvent.id <= upto, SyncEvent.direction.is_not(None))
        .group_by(SyncEvent.integration_id, hour, SyncEvent.direction)
    )
    postgres = session.get_bind().dialect.name == "postgresql"
    adding = (postgresql.insert if postgres else sqlite.insert)(SyncCounter)
    adding = adding.from_select(names, counted, include_defaults=False)
    session.execute(
        adding.on_conflict_do_update(
            index_elements=["integration_id", "hour", "direction"],
            set_={name: getattr(SyncCounter, name) + adding.excluded[name] for name in names[3:]},
        )
    )
    return upto - position


def _position(session: Session) -> int:
    query = sa.select(Watermark.position).where(Watermark.name == EVENTS)
    found = session.scalar(query)
    if found is None:
        postgres = session.get_bind().dialect.name == "postgresql"
        adding = (postgresql.insert if postgres else sqlite.insert)(Watermark)
        session.execute(adding.values(name=EVENTS, position=0).on_conflict_do_nothing())
        found = session.scalar(query)
    return found or 0


def _settled_upto(session: Session, position: int) -> int:
    """Return the id up to which no event can be missing any more.

    SQLite gives the ids of removed rows out again: then the watermark comes down to the newest.
    """
    newest = session.scalar(sa.select(sa.func.max(SyncEvent.id))) or 0
    if newest <= position:
        return newest
    window = (
        sa.select(SyncEvent.id, SyncEvent.created_at)
        .where(SyncEvent.id > position)
        .order_by(SyncEvent.id)
        .limit(AT_ONCE)
        .subquery()
    )
    first_unsettled = sa.func.min(sa.case((window.c.created_at >= now_plus(-SETTLED), window.c.id)))
    unsettled, last = session.execute(sa.select(first_unsettled, sa.func.max(window.c.id))).one()
    return int(last if unsettled is None else unsettled - 1)


@dataclass(slots=True)
class Counted:
    """Outcomes of some time."""

    succeeded: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, row: Any) -> None:
        self.succeeded += row.succeeded or 0
        self.failed += row.failed or 0
        self.skipped += row.skipped or 0


@dataclass(slots=True)
class Outcomes:
    """What is known of a site's sync: all of it, and by hour and direction."""

    total: Counted = field(default_factory=Counted)
    hourly: dict[tuple[datetime, str], Counted] = field(default_factory=dict)
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_error: str | None = None


_OF = sa.bindparam("integration_id", type_=sa.Integer)
_SINCE = now_plus(-3600.0 * sa.bindparam("hours", type_=sa.Float))


def _counted() -> sa.CompoundSelect[*tuple[Any, ...]]:
    """Return the hours that are shown, all before them as one without an hour, and what is late."""
    of, names = SyncCounter.integration_id == _OF, Counted.__slots__
    shown = sa.select(SyncCounter.hour, SyncCounter.direction, *_columns(names)).where(
        of, SyncCounter.hour >= _SINCE
    )
    sums = (sa.func.sum(column).label(column.key) for column in _columns(names))
    before = (
        sa.select(sa.cast(sa.null(), UtcDateTime()), SyncCounter.direction, *sums)
        .where(of, SyncCounter.hour < _SINCE)
        .group_by(SyncCounter.direction)
    )
    return sa.union_all(shown, before, _late())


def _columns(names: Iterable[str]) -> list[Any]:
    return [getattr(SyncCounter, name) for name in names]


def _late() -> sa.Select[*tuple[Any, ...]]:
    """Return the counts of the events after the watermark."""
    known = sa.select(Watermark.position).where(Watermark.name == EVENTS).scalar_subquery()
    hour = hour_of(SyncEvent.created_at).label("hour")
    return (
        sa.select(hour, SyncEvent.direction, *_counts())
        .where(
            SyncEvent.integration_id == _OF,
            SyncEvent.id > sa.func.coalesce(known, 0),
            SyncEvent.direction.is_not(None),
        )
        .group_by(hour, SyncEvent.direction)
    )


def _newest() -> sa.CompoundSelect[*tuple[Any, ...]]:
    """Return the newest success and the newest failure among the recent events."""
    return sa.union_all(*map(_newest_of, (EventStatus.SUCCESS, EventStatus.FAILED)))


def _newest_of(status: EventStatus) -> sa.Select[*tuple[Any, ...]]:
    # The inner limit bounds it, the outer one ends it at the first that fits.
    recent = (
        sa.select(SyncEvent.id, SyncEvent.status, SyncEvent.created_at, SyncEvent.error_message)
        .where(SyncEvent.integration_id == _OF, SyncEvent.direction.is_not(None))
        .order_by(SyncEvent.id.desc())
        .limit(sa.bindparam("recent", type_=sa.Integer))
        .subquery()
    )
    newest = sa.select(recent.c.status, recent.c.created_at, recent.c.error_message)
    newest = newest.where(recent.c.status == status).order_by(recent.c.id.desc()).limit(1)
    return sa.select(newest.subquery())


# Built once: to put a statement together and find its cached form costs more than to run it.
_COUNTED, _NEWEST = _counted(), _newest()


def outcomes_of(session: Session, integration_id: int, hours: int) -> Outcomes:
    """Return a site's outcomes: counters up to the watermark, and the events after it."""
    found, of = Outcomes(), {"integration_id": integration_id}
    for row in session.execute(_COUNTED, {**of, "hours": float(hours)}):
        found.total.add(row)
        if row.hour is not None:
            found.hourly.setdefault((row.hour, row.direction), Counted()).add(row)
    _add_newest(session, integration_id, found)
    return found


def _add_newest(session: Session, integration_id: int, found: Outcomes) -> None:
    for row in session.execute(_NEWEST, {"integration_id": integration_id, "recent": RECENT}):
        if row.status is EventStatus.SUCCESS:
            found.last_success_at = row.created_at
        elif row.status is EventStatus.FAILED:
            found.last_failure_at, found.last_error = row.created_at, row.error_message
    for name, column in (("success", SyncCounter.succeeded), ("failure", SyncCounter.failed)):
        if getattr(found, f"last_{name}_at") is None:
            last = sa.select(sa.func.max(SyncCounter.hour)).where(
                SyncCounter.integration_id == integration_id, column > 0
            )
            setattr(found, f"last_{name}_at", session.scalar(last))
