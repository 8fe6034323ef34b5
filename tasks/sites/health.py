"""Keeping the counts by which a site's health is shown; see `models.sites.health`."""

import structlog

from models import Integration
from models.session import session_scope
from models.sites.health import AT_ONCE, roll_up_events
from models.sites.synced_counts import recount, stale_counts
from tasks.app import app
from tasks.heartbeat import beats

log = structlog.get_logger()

MOST_ROUNDS = 20
"""A million events; the next tick does the rest."""

SITES_PER_TICK = 20
"""Each takes a few milliseconds per thousand posts; 200 large sites get their turn in time."""


@app.task(name="roll_up_health")
@beats("roll_up_health")
def roll_up_health() -> None:
    """Count new events into their hours, and large sites' content anew."""
    rolled = roll_up()
    recounted = recount_large_sites()
    if rolled or recounted:
        log.info("health.rolled_up", ids=rolled, sites=recounted)


def roll_up() -> int:
    """Count what is settled, a transaction for each part; return how many ids that was."""
    rolled = 0
    for _ in range(MOST_ROUNDS):
        with session_scope() as session:
            part = roll_up_events(session)
        rolled += part
        if part < AT_ONCE:
            break
    return rolled


def recount_large_sites() -> int:
    """Count some of the sites that are too large to be counted when shown; return how many."""
    with session_scope(read_only=True) as session:
        ids = stale_counts(session, SITES_PER_TICK)
    for integration_id in ids:
        with session_scope() as session:
            integration = session.get(Integration, integration_id)
            if integration is not None:
                recount(session, integration)
    return len(ids)
