"""What the house does for itself: rescue lost work, look at ill sites, forget old history."""

import structlog

import settings
from models.pruning import prune_history
from models.publishing.batches import beat
from models.publishing.rescuing import rescue_expired
from models.session import session_scope
from models.sites import keys
from tasks import doorbell
from tasks.app import app
from tasks.heartbeat import beats
from tasks.sites.looking import look_at_suspended

log = structlog.get_logger()


@app.task(name="rescue")
@beats("rescue")
def rescue() -> None:
    """Give back what a lost worker held, and ring."""
    with session_scope() as session:
        rescued = rescue_expired(session)
    if rescued:
        log.warning("rescue.expired_leases", publications=rescued)
        doorbell.ring()


@app.task(name="look_at_sites")
@beats("look_at_sites")
def look_at_sites() -> None:
    """See whether suspended sites are well again; ring for the work of those that are."""
    if look_at_suspended():
        doorbell.ring()


@app.task(name="forget_old_keys")
@beats("forget_old_keys")
def forget_old_keys() -> None:
    """Take away the replaced keys whose time is over."""
    with session_scope() as session:
        forgotten = keys.forget_old_keys(session)
    if forgotten:
        log.info("keys.forgotten", sites=forgotten)


@app.task(name="prune")
@beats("prune")
def prune() -> None:
    """Delete history older than IGNY8_KEEP_HISTORY_DAYS."""
    deleted = prune_history(session_scope, settings.current().keep_history_days)
    log.info("prune.done", **deleted)


@app.task(name="pulse")
def pulse(queue: str) -> None:
    """Write that a message of this queue was taken and worked on."""
    with session_scope() as session:
        beat(session, f"pulse.{queue}")
