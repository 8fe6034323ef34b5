"""Keeping a webhook as it came: one insert, whoever else brings the same at this moment."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.base import Base
from models.clock import now
from models.inbox.claiming import integrations_of
from models.inbox.events import Ended, tell_of_messages
from models.inbox_message import DERIVED, InboxMessage, InboxState

TRIES = 3
"""Insertions, while the row that was in the way is gone before we see it."""

# Of the table, not of the class, and put together once: half of what a webhook costs here.
_TABLE = Base.metadata.tables[InboxMessage.__tablename__]
_INSERTIONS = {
    name: insert(_TABLE)
    .on_conflict_do_nothing(index_elements=["site_id", "message_id"])
    .returning(_TABLE.c.id)
    for name, insert in (("postgresql", postgresql.insert), ("sqlite", sqlite.insert))
}


@dataclass(frozen=True, slots=True)
class Arrived:
    """A webhook at the door; whose it is has been proved."""

    site_id: int
    door: str
    body: bytes
    message_id: str | None = None
    """Its sender's own; None: derived from the body (C48)."""

    sent_at: datetime | None = None
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    id: int
    duplicate: bool
    conflict: bool = False
    """Kept, but not to be read: its id came before, with another body."""


def store_new(session: Session, arrived: Arrived) -> Stored | None:
    """Keep a message that has not come before, in one statement; None: see `store_message`."""
    id_ = _insert(session, arrived, *_names(arrived))
    return None if id_ is None else Stored(id_, duplicate=False)


def store_message(session: Session, arrived: Arrived) -> Stored:
    """Keep a message, once by its id; the same id with another body is kept as a conflict.

    What has no id joins a row of the same body only while nobody has read that: a post that is
    published, drafted and published again sends the same bytes twice, and means both.
    """
    digest, name = _names(arrived)
    for _ in range(TRIES):
        if (id_ := _insert(session, arrived, digest, name)) is not None:
            return Stored(id_, duplicate=False)
        if (known := _known(session, arrived.site_id, name)) is not None:
            if known.body_digest == digest:
                return Stored(known.id, duplicate=True)
            return _store_conflict(session, arrived, digest, name)
    # Read between our insertion and our look, again and again: keep it as one of its own.
    return Stored(_insert(session, arrived, digest, None) or 0, duplicate=False)


def _names(arrived: Arrived) -> tuple[str, str]:
    """Return the digest of the body, and the id by which the message is known."""
    digest = hashlib.sha256(arrived.body).hexdigest()
    return digest, arrived.message_id or f"{DERIVED}{arrived.door}:{digest}"


def _store_conflict(session: Session, arrived: Arrived, digest: str, name: str) -> Stored:
    own = f"{name}{DERIVED}{digest}"
    reason = f"the id {name} came before, with another body"
    ended = {"state": InboxState.CONFLICT, "reason": reason, "finished_at": now()}
    id_ = _insert(session, arrived, digest, own, **ended)
    if id_ is not None:
        _tell_of_conflict(session, id_, reason)
        return Stored(id_, duplicate=False, conflict=True)
    known = _known(session, arrived.site_id, own)
    return Stored(known.id if known else 0, duplicate=True, conflict=True)


def _tell_of_conflict(session: Session, id_: int, reason: str) -> None:
    message = session.get_one(InboxMessage, id_)
    for integration in integrations_of(session, [message.site_id]):
        tell_of_messages(session, integration, [Ended(message, InboxState.CONFLICT, reason)])


def _insert(
    session: Session, arrived: Arrived, digest: str, name: str | None, **ended: Any
) -> int | None:
    values = {
        "site_id": arrived.site_id,
        "door": arrived.door,
        "message_id": name,
        "body": arrived.body,
        "body_digest": digest,
        "signed": arrived.signed,
        "sent_at": arrived.sent_at,
    }
    statement = _INSERTIONS[session.get_bind().dialect.name]
    id_: int | None = session.scalar(statement.values(**ended) if ended else statement, values)
    return id_


def _known(session: Session, site_id: int, name: str) -> Any:
    query = sa.select(InboxMessage.id, InboxMessage.body_digest)
    return session.execute(query.filter_by(site_id=site_id, message_id=name)).one_or_none()
