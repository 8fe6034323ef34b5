"""Webhooks for tests: made by the simulator or by hand, stored, and read without a broker."""

import json

import sqlalchemy as sa

from models import InboxMessage, Publication, SyncEvent
from models.clock import now_plus
from models.inbox.storing import Arrived, store_message
from models.session import session_scope
from tasks.inbox import applying, asking, reading
from tasks.inbox import gate as inbox

LINKS = (
    reading.read_messages,
    asking.refetch_posts,
    applying.apply_messages,
)


def store(integration, body, door="status", message_id=None):
    """Keep a webhook as the door does; ``body`` is a dict or bytes."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    with session_scope() as session:
        return store_message(session, Arrived(integration.site_id, door, data, message_id)).id


def store_webhooks(integration, webhooks):
    """Keep what `SimulatedSite.take_webhooks` returns."""
    return [store(integration, w.body, w.event.kind, w.headers["webhook-id"]) for w in webhooks]


def read_inbox(links=LINKS):
    """Claim what waits and take each batch through its links, until nothing is due."""
    claims = []
    while found := inbox.claim_waiting():
        for claim in found:
            for link in links:
                link(claim.batch_id)
        claims += found
    return claims


def make_due():
    with session_scope() as session:
        session.execute(sa.update(InboxMessage).values(due_at=now_plus(-1)))


def message(id_):
    with session_scope(read_only=True) as session:
        return session.get_one(InboxMessage, id_)


def states():
    with session_scope(read_only=True) as session:
        found = session.execute(sa.select(InboxMessage.state).order_by(InboxMessage.id))
        return [state.value for state in found.scalars()]


def events():
    with session_scope(read_only=True) as session:
        query = sa.select(SyncEvent).where(SyncEvent.direction == "wp_to_igny8")
        return session.scalars(query.order_by(SyncEvent.id)).all()


def publication(row):
    with session_scope(read_only=True) as session:
        return session.get_one(Publication, row.id)
