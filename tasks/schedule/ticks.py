"""The scheduler's periodic work: slots that have come, contents that were approved."""

import structlog

from models.schedule.approved_sweep import (
    approve_reviewed,
    release_approved,
    schedule_approved,
)
from models.session import session_scope
from tasks import doorbell
from tasks.app import app
from tasks.heartbeat import beats
from tasks.schedule.due_slots import take_due_slots, tidy_slots

log = structlog.get_logger()

AT_ONCE = 50
"""Contents a sweep takes (S58)."""


@app.task(name="due_slots")
@beats("due_slots")
def due_slots() -> None:
    """Accept the publishes whose slot has come, and ring; find those that have missed theirs."""
    if taken := take_due_slots():
        log.info("schedule.taken", entries=taken)
        doorbell.ring()
    if missed := tidy_slots():
        log.warning("schedule.missed", entries=missed)
        doorbell.ring_planning()


@app.task(name="schedule_approved")
@beats("schedule_approved")
def sweep_approved() -> None:
    """Approve and schedule what the sites' settings let through (option A, S61).

    When there may be more than it takes at once, ring for the next.
    """
    with session_scope() as session:
        approved = approve_reviewed(session, AT_ONCE)
    with session_scope() as session:
        scheduled = schedule_approved(session, AT_ONCE)
    with session_scope() as session:
        released = release_approved(session, AT_ONCE)
    if scheduled or released:
        log.info("schedule.swept", scheduled=scheduled, released=released)
    if AT_ONCE in {approved, scheduled, released}:
        doorbell.ring_schedule()
    elif scheduled or released:
        doorbell.ring_planning()
