"""The gate: claims what is due, and starts a chain for every batch (docs/architecture.md)."""

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

import settings
from models import Integration
from models.publishing.batches import release_batch
from models.publishing.claiming import Claim, Room, claim_batch, sites_with_work, wait_for_turn
from models.session import session_scope
from models.sites.care import set_next_post
from pipeline import buckets, pacing
from tasks import workflows
from tasks.app import app
from tasks.heartbeat import beats
from tasks.sites.care import pace_of

log = structlog.get_logger()

BATCHES_IN_FLIGHT = 64
"""On their way at once, by all dispatchers: more would wait in the queue while their leases end."""


@app.task(name="dispatch")
@beats("dispatch")
def dispatch() -> None:
    """Start everything that is due and that its site has room for."""
    for claim in claim_due():
        start(claim)


def claim_due() -> list[Claim]:
    """Claim one batch for every site that has due work and none on the way, while there is room."""
    try:
        return _claim_all(_claim)
    except DataError:
        # Once more, and each for itself: a savepoint for each costs too much where all is well.
        return _claim_all(_claim_apart)


def _claim_all(claim_for: Callable[[Session, Integration, datetime], Claim | None]) -> list[Claim]:
    # A batch of a slow site keeps a thread for as long, and those are shared, too.
    shared = min(BATCHES_IN_FLIGHT, settings.current().publish_concurrency)
    room = Room(BATCHES_IN_FLIGHT, pacing.account_limit(shared))
    with session_scope() as session:
        wait_for_turn(session)
        claims = [claim_for(session, *found) for found in sites_with_work(session, room)]
    return [claim for claim in claims if claim is not None]


def _claim_apart(session: Session, integration: Integration, present: datetime) -> Claim | None:
    """Claim for one site; what its rows can't hold any more leaves the others' claims alone."""
    integration_id = integration.id
    try:
        with session.begin_nested():
            return _claim(session, integration, present)
    except DataError as error:
        log.warning("dispatch.not_claimed", integration=integration_id, reason=str(error.orig))
        return None


def _claim(session: Session, integration: Integration, present: datetime) -> Claim | None:
    known = settings.current()
    pace = pace_of(integration, present)
    bucket = buckets.bucket_of(integration.config_json)
    size = pacing.batch_size(pace, bucket, known.batch_size)
    claim = claim_batch(session, integration.id, size, known.lease) if size else None
    if claim is not None and bucket is not None:
        taken = len(claim.publication_ids)
        set_next_post(session, integration.id, buckets.next_after(bucket, pace.next_in, taken))
    return claim


def start(claim: Claim) -> None:
    """Hand a claimed batch to the workers; give it back when the broker is away."""
    try:
        workflows.publish(claim.batch_id).apply_async()
    except Exception as error:  # noqa: BLE001 - whatever the broker's client raises
        # It may have been stored all the same: its links find nothing to do, but one that was
        # quicker than this has sent, so its site is asked first.
        log.warning("dispatch.broker_away", batch=claim.batch_id, error=type(error).__name__)
        with session_scope() as session:
            release_batch(session, claim.batch_id, unclear=True)
