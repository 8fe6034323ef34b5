"""Proof of life: a periodic task that ran to its end says so in a row (readyz, doctor)."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import wraps

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from models import Heartbeat
from models.clock import now
from models.publishing.batches import beat
from models.session import session_scope
from tasks import expiry

BEAT_STARTED = "beat.started"
"""The row of beat's own start: an entry whose time has not come since then is not missing."""


@dataclass(frozen=True, slots=True)
class Tick:
    """When a periodic task last ran to its end; ``age`` in seconds, by the database's clock."""

    at: datetime
    age: float


def beats(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Make a periodic task write its heartbeat after it has done its work."""

    def decorate(task: Callable[[], None]) -> Callable[[], None]:
        @wraps(task)
        def run() -> None:
            task()
            with session_scope() as session:
                beat(session, name)
            expiry.CLOCK.measure_if_old()

        return run

    return decorate


def note_beat_started() -> None:
    """Write down that beat starts; without a database nothing is known of it."""
    with suppress(SQLAlchemyError), session_scope() as session:
        beat(session, BEAT_STARTED)


def beat_age(session: Session) -> float | None:
    """Return the seconds since a beat was last started, by the database's clock; None: unknown."""
    query = sa.select(Heartbeat.at, now()).where(Heartbeat.name == BEAT_STARTED)
    row = session.execute(query).one_or_none()
    return None if row is None else (row[1] - row[0]).total_seconds()


def intervals() -> dict[str, float]:
    """Return the seconds between two beats of every entry of beat's table, by heartbeat."""
    # Inside: the table reads the settings when it is imported.
    from beat_schedule import beat_schedule

    return {name: float(entry["schedule"]) for name, entry in beat_schedule.items()}


def last_ticks(session: Session) -> dict[str, Tick | None]:
    """Return the last tick of every entry of beat's table; None: it has not run yet."""
    rows = session.execute(sa.select(Heartbeat.name, Heartbeat.at, now()))
    found = {name: Tick(at, (present - at).total_seconds()) for name, at, present in rows}
    return {name: found.get(name) for name in intervals()}
