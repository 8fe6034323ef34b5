"""The tick that plans: sites where something has changed get a new plan."""

import structlog

from models.schedule.due_plans import ask_for_daily, note_failed_plan, sites_to_plan
from models.session import session_scope
from tasks.app import app
from tasks.heartbeat import beats
from tasks.schedule.site_planning import plan_site

log = structlog.get_logger()

SITES_PER_TICK = 50
"""A plan takes milliseconds; what is left over is planned by the next tick."""


@app.task(name="plan_slots")
@beats("plan_slots")
def plan_slots() -> None:
    """Plan the sites where something has changed; planning one twice gives the same plan."""
    with session_scope(read_only=True) as session:
        ids = sites_to_plan(session, SITES_PER_TICK)
    for site_id in ids:
        _plan(site_id)


@app.task(name="plan_daily")
@beats("plan_daily")
def plan_daily() -> None:
    """Ask for plans of the sites whose newest is a day old: their horizon has moved."""
    with session_scope() as session:
        ask_for_daily(session)


def _plan(site_id: int) -> None:
    try:
        with session_scope() as session:  # its own: one site's trouble is not the others'
            changed = plan_site(session, site_id)
    except Exception:  # the tick's edge: it is tried again, and the other sites are planned
        log.exception("schedule.plan_failed", site=site_id)
        with session_scope() as session:
            note_failed_plan(session, site_id)
        return
    log.info("schedule.planned", site=site_id, changed=changed)
