"""The gate of the inbox: gives back what lost workers held, and starts what waits."""

import structlog

import settings
from models import InboxState
from models.inbox.batches import release_messages
from models.inbox.claiming import (
    InboxClaim,
    claim_messages,
    end_orphans,
    integrations_of,
    rescue_messages,
    sites_with_messages,
)
from models.session import session_scope
from tasks import workflows
from tasks.app import app
from tasks.heartbeat import beats
from tasks.inbox.telling import bury

SITES_AT_ONCE = 32
"""More would wait in the queue while their leases end."""

log = structlog.get_logger()


@app.task(name="inbox.sweep")
@beats("sweep_inbox")
def sweep() -> None:
    """Give back what lost workers held, and start every site's next messages."""
    rescue()
    for claim in claim_waiting():
        start(claim)


def rescue() -> None:
    """Give back what nobody reads any more; tell of what has failed too often."""
    with session_scope() as session:
        rescued = rescue_messages(session)
        dead = [message for message in rescued if message.state is InboxState.DEAD]
        for integration in integrations_of(session, {message.site_id for message in dead}):
            of_site = (each for each in dead if each.site_id == integration.site_id)
            bury(session, integration, of_site)
    if rescued:
        log.warning("inbox.rescued", messages=len(rescued))


def claim_waiting() -> list[InboxClaim]:
    """Claim the next messages of every site that has some and is not being read."""
    lease = settings.current().lease
    with session_scope() as session:
        orphans = end_orphans(session)
        found = sites_with_messages(session, SITES_AT_ONCE)
        claims = [claim_messages(session, integration, lease) for integration in found]
    if orphans:
        log.warning("inbox.no_integration", messages=orphans)
    return [claim for claim in claims if claim is not None]


def start(claim: InboxClaim) -> None:
    """Hand claimed messages to the workers; give them back when the broker is away."""
    try:
        workflows.inbox(claim.batch_id).apply_async()
    except Exception as error:  # noqa: BLE001 - whatever the broker's client raises
        log.warning("inbox.broker_away", batch=claim.batch_id, error=type(error).__name__)
        with session_scope() as session:
            release_messages(session, claim.batch_id)
