"""The census of sites: rung for those whose last one is older than a day."""

from collections import Counter

import structlog

from models.session import session_scope
from models.sites.census import due_sites
from pipeline.census import TICK
from platforms import ADAPTERS
from tasks import doorbell
from tasks.app import app
from tasks.heartbeat import beats
from tasks.sites.census_taking import Census, take_census

log = structlog.get_logger()

SITES_PER_TICK = 10
"""14,400 sites a day, and never more than ten begun at once."""


@app.task(name="census_due")
@beats("census_due")
def census_due() -> None:
    """Ask for the census of a few sites; which is rung for twice is taken once."""
    with session_scope(read_only=True) as session:
        ids = due_sites(session, ADAPTERS, SITES_PER_TICK)
    for integration_id in ids:
        census.apply_async((integration_id,), expires=TICK)


@app.task(name="census")
def census(integration_id: int) -> None:
    """Compare a site with our rows and repair what can be repaired, if that is due."""
    taken = take_census(integration_id)
    if taken is None:
        return
    _log(integration_id, taken)
    if taken.queued:
        doorbell.ring()


def _log(integration_id: int, taken: Census) -> None:
    about = log.bind(integration=integration_id)
    if taken.error is not None:
        about.warning("census.failed", code=taken.error.code, reason=str(taken.error))
        return
    kinds = Counter(finding.kind.value for finding in taken.findings)
    about.info("census.done", rows=taken.rows, listed=taken.listed, told=taken.told, **kinds)
