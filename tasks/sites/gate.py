"""The gate of requests about a site: starts what is due, and finds what was lost."""

import structlog

import settings
from models.session import session_scope
from models.sites.run_ends import End, end_site_run
from models.sites.runs import (
    MUST_SETTLE,
    SiteRunClaim,
    claim_site_runs,
    give_back_lost,
    release_site_run,
    used_up,
)
from tasks import doorbell, workflows
from tasks.app import app
from tasks.heartbeat import beats
from tasks.sites.key_rotation import UNSETTLED
from tasks.sites.structure import accept_due_structures

log = structlog.get_logger()

RUNS_AT_ONCE = 64
"""Started by one tick: more would wait in the queue while their leases end."""

_LOST = End(
    succeeded=False,
    code="worker_lost",
    reason="Again and again the worker that had it ended, or took longer than its lease; the "
    "workers' log says more.",
)

_UNSETTLED = End(succeeded=False, code="key_unsettled", reason=UNSETTLED)


@app.task(name="start_site_runs")
@beats("start_site_runs")
def start_site_runs() -> None:
    """Give lost runs back, and start a chain for each that is due."""
    rescue_site_runs()
    for claim in claim_due():
        start(claim)


@app.task(name="structure_due")
@beats("structure_due")
def structure_due() -> None:
    """Accept a structure sync for sites whose structure is a day old."""
    if accept_due_structures():
        doorbell.ring_site_runs()


def claim_due() -> list[SiteRunClaim]:
    """Claim what is due, of the kinds that have a chain."""
    with session_scope() as session:
        return claim_site_runs(
            session, workflows.SITE_CHAINS, settings.current().lease, RUNS_AT_ONCE
        )


def start(claim: SiteRunClaim) -> None:
    """Hand a claimed run to the workers; give it back when the broker is away."""
    try:
        workflows.SITE_CHAINS[claim.kind](claim.run_id).apply_async()
    except Exception as error:  # noqa: BLE001 - whatever the broker's client raises
        # It may have been stored all the same; then its links find nothing to do.
        log.warning("site_run.broker_away", run=claim.run_id, error=type(error).__name__)
        with session_scope() as session:
            release_site_run(session, claim)


def rescue_site_runs() -> None:
    """Queue what a lost worker held; end what has lost too many."""
    longest = 2 * settings.current().lease
    with session_scope() as session:
        for run in used_up(session, longest):
            end_site_run(session, run, _UNSETTLED if run.arguments.get(MUST_SETTLE) else _LOST)
        given_back = give_back_lost(session, longest)
    if given_back:
        log.warning("site_run.rescued", runs=given_back)
