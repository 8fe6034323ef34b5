"""Taking what is due: the caps are counted once more, and what fits is accepted."""

from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from models import PublishingSettings, ScheduleEntry
from models.clock import now
from models.plan_requests import ask_for_plan
from models.schedule.due_slots import lock_due, refuse, take
from models.schedule.missed_slots import clear_missed_slots, hold_unapproved
from models.session import session_scope
from pipeline.schedule import Reason
from tasks.schedule.site_planning import limit_reached, window_now

log = structlog.get_logger()

AT_ONCE = 50
"""Entries one tick takes (S58); in one transaction, so that two ticks never take one twice."""


def take_due_slots() -> int:
    """Accept what is due and fits into the caps; return how many publishes that are."""
    with session_scope() as session:
        due = lock_due(session, AT_ONCE)
        present = session.execute(sa.select(now())).scalar_one()
        taken = [_try_to_take(session, entry, settings, present) for entry, settings in due]
    return sum(taken)


def _try_to_take(
    session: Session, entry: ScheduleEntry, settings: PublishingSettings, present: datetime
) -> bool:
    """Take an entry; settings that can't be read hold up nobody else's."""
    entry_id, site_id = entry.id, entry.site_id
    try:
        with session.begin_nested():
            return _take(session, entry, settings, present)
    except Exception:  # the tick's edge: the entry is late soon, and planned anew
        log.exception("schedule.take_failed", entry=entry_id, site=site_id)
        return False


def _take(
    session: Session, entry: ScheduleEntry, settings: PublishingSettings, present: datetime
) -> bool:
    """Take an entry, unless a window was closed or a cap used up since it was planned.

    What a person has timed exactly counts for the caps, and is bound by neither.
    """
    if not entry.exact and entry.slot_at is not None:
        session.flush()
        window = window_now(session, settings, present)
        reason = (
            limit_reached(session, settings, entry.integration_id, entry.slot_at)
            if window
            else Reason.WINDOW
        )
        if window is None or reason is not None:
            refuse(entry, str(reason))
            ask_for_plan(session, [entry.site_id])
            return False
        entry.slot_until = min(entry.slot_until or window.end, window.end)
    take(session, entry)
    return True


def tidy_slots() -> int:
    """Find what has missed its slot, and hold what may not go; return how many these are."""
    with session_scope() as session:
        held = hold_unapproved(session)
    with session_scope() as session:
        return held + clear_missed_slots(session, 10 * AT_ONCE)
