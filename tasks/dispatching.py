"""The gate: claims what is due, and starts a chain for every batch (ARCHITECTURE decision 2)."""

import structlog

import settings
from models.batches import release_batch
from models.claiming import Claim, claim_batch, sites_with_work
from models.session import session_scope
from tasks import workflows
from tasks.app import app
from tasks.heartbeat import beats

log = structlog.get_logger()

BATCHES_IN_FLIGHT = 64
"""More would wait in the queue while their leases run out."""


@app.task(name="dispatch")
@beats("dispatch")
def dispatch() -> None:
    """Start everything that is due and that its site has room for."""
    for claim in claim_due():
        start(claim)


def claim_due() -> list[Claim]:
    """Claim one batch for every site that has due work and none on the way."""
    known = settings.current()
    with session_scope() as session:
        claims = [
            claim_batch(session, integration_id, known.batch_size, known.lease)
            for integration_id in sites_with_work(session, BATCHES_IN_FLIGHT)
        ]
    return [claim for claim in claims if claim is not None]


def start(claim: Claim) -> None:
    """Hand a claimed batch to the workers; give it back when the broker is away."""
    try:
        workflows.publish(claim.batch_id).apply_async()
    except Exception as error:  # noqa: BLE001 - whatever the broker's client raises
        # It may have been stored all the same; then its links find nothing to do.
        log.warning("dispatch.broker_away", batch=claim.batch_id, error=type(error).__name__)
        with session_scope() as session:
            release_batch(session, claim.batch_id)
