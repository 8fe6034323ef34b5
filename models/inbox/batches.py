"""A batch of messages: read by each link of its chain, written only while it is still ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from models.clock import now, now_plus
from models.inbox_message import IS_READ, InboxMessage, InboxState
from models.integration import Integration
from models.publication import Batch

MOST_ATTEMPTS = 8
"""Failures, lost workers among them; then a person must look."""


@dataclass(frozen=True, slots=True)
class InboxRows:
    """What of a batch is still ours, in the order it came."""

    integration: Integration
    messages: tuple[InboxMessage, ...]


@dataclass(frozen=True, slots=True)
class Again:
    """A message that is read again later."""

    message_id: int
    delay: float
    reason: str
    failed: bool = False
    """Counts towards the last attempt."""

    parked: bool = False


def _held(batch_id: int, site_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        InboxMessage.site_id == site_id,
        InboxMessage.state == IS_READ,
        InboxMessage.fence == batch_id,
    )


def load_messages(session: Session, batch_id: int, *, lock: bool = False) -> InboxRows | None:
    """Return what of a batch is still ours; None when nothing is.

    ``lock``: nobody takes it from us before the transaction ends.
    """
    integration = session.scalars(
        sa.select(Integration)
        .join(Batch, Batch.integration_id == Integration.id)
        .options(joinedload(Integration.site, innerjoin=True))
        .where(Batch.id == batch_id)
    ).one_or_none()
    if integration is None:
        return None
    query = sa.select(InboxMessage).where(*_held(batch_id, integration.site_id))
    query = query.order_by(InboxMessage.id)
    found = tuple(session.scalars(query.with_for_update() if lock else query))
    return InboxRows(integration, found) if found else None


def release_messages(session: Session, batch_id: int) -> None:
    """Give a batch back that was never started; no attempt is counted."""
    session.execute(
        sa.update(InboxMessage)
        .where(InboxMessage.state == IS_READ, InboxMessage.fence == batch_id)
        .values(state=InboxState.WAITING, leased_until=None)
        .execution_options(synchronize_session=False)
    )


def renew_reading(session: Session, batch_id: int, site_id: int, lease: float) -> bool:
    """Prolong the lease of a batch; False when it was lost and the work must stop."""
    renewed = session.execute(
        sa.update(InboxMessage)
        .where(*_held(batch_id, site_id))
        .values(leased_until=now_plus(lease))
        .execution_options(synchronize_session=False)
    )
    return bool(renewed.rowcount)  # type: ignore[attr-defined]


def write_each(
    session: Session, batch_id: int, site_id: int, column: str, values: Mapping[int, Any]
) -> None:
    """Write one column of some of a batch's messages, each its own value: one statement."""
    if values:
        _update(session, batch_id, site_id, values, {column: _by_id(column, values)})


def finish_messages(
    session: Session, batch_id: int, site_id: int, ends: Mapping[int, tuple[InboxState, str | None]]
) -> None:
    """Write how messages have ended, and why."""
    if not ends:
        return
    values = {
        "state": _by_id("state", {id_: end[0] for id_, end in ends.items()}),
        "reason": _by_id("reason", {id_: end[1] for id_, end in ends.items()}),
        "finished_at": now(),
        "leased_until": None,
    }
    _update(session, batch_id, site_id, ends, values)


def put_back(
    session: Session, batch_id: int, site_id: int, later: Sequence[Again]
) -> list[InboxMessage]:
    """Give messages back for later; return those that had failed too often, and are dead now."""
    if not later:
        return []
    each = {again.message_id: again for again in later}
    failed = {id_: int(again.failed) for id_, again in each.items()}
    parked = {id_: int(again.parked) for id_, again in each.items()}
    delays = sa.case(
        *((InboxMessage.id == i, sa.literal(a.delay, sa.Float)) for i, a in each.items())
    )
    values = given_back(InboxMessage.attempts + _by_id("attempts", failed)) | {
        "due_at": now_plus(delays),
        "parks": InboxMessage.parks + _by_id("parks", parked),
        "reason": _by_id("reason", {i: a.reason for i, a in each.items()}),
    }
    _update(session, batch_id, site_id, each, values)
    query = sa.select(InboxMessage).where(
        InboxMessage.id.in_(each), InboxMessage.state == InboxState.DEAD
    )
    return list(session.scalars(query.execution_options(populate_existing=True)))


def given_back(attempts: sa.ColumnElement[int]) -> dict[str, Any]:
    """Return the values of a message that waits again, or has failed too often and is dead."""
    dies = attempts >= MOST_ATTEMPTS
    return {
        "state": sa.case((dies, InboxState.DEAD.value), else_=InboxState.WAITING.value),
        "attempts": attempts,
        "finished_at": sa.case((dies, now())),
        "leased_until": None,
    }


def _update(
    session: Session, batch_id: int, site_id: int, ids: Mapping[int, Any], values: dict[str, Any]
) -> None:
    session.execute(
        sa.update(InboxMessage)
        .where(*_held(batch_id, site_id), InboxMessage.id.in_(list(ids)))
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _by_id(column: str, values: Mapping[int, Any]) -> sa.ColumnElement[Any]:
    kind = InboxMessage.__table__.c[column].type
    return sa.case(
        *((InboxMessage.id == id_, sa.literal(value, kind)) for id_, value in values.items())
    )
