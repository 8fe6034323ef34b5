"""A batch's rows: read once per link, written in one statement per link, always under its lease.

Every write names the batch it was claimed for and the state it expects. A worker that comes back
after its lease was lost changes nothing: its rows belong to another batch by then.
"""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from models.clock import now
from models.content import Revision
from models.history import Heartbeat
from models.integration import Integration
from models.publication import Batch, Publication, PublicationState


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One item of a batch as a link sees it."""

    publication: Publication
    document: dict[str, Any]
    document_fingerprint: str


@dataclass(frozen=True, slots=True)
class BatchRows:
    integration: Integration | None
    """None when nothing of the batch is ours any more."""

    rows: tuple[BatchRow, ...]
    lease_left: float = 0.0
    """Seconds, by the database's clock."""

    read_at: datetime = datetime(1, 1, 1, tzinfo=UTC)
    """By the same clock."""


def held(batch_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Publication.batch_id == batch_id,
        Publication.state == PublicationState.PUBLISHING,
    )


def load_batch(session: Session, batch_id: int) -> BatchRows:
    """Return what of the batch is still ours, with its documents, site and key: one statement."""
    found = session.execute(
        sa.select(Publication, Revision.document, Revision.fingerprint, now())
        .join(Revision, Revision.id == Publication.revision_id)
        .options(
            joinedload(Publication.integration, innerjoin=True).joinedload(
                Integration.site, innerjoin=True
            )
        )
        .where(*held(batch_id))
        .order_by(Publication.id)
    ).all()
    if not found:
        return BatchRows(None, ())
    publication, read_at = found[0][0], found[0][3]
    lease_left = publication.leased_until - read_at
    rows = tuple(BatchRow(*row[:3]) for row in found)
    return BatchRows(publication.integration, rows, lease_left.total_seconds(), read_at)


def note_link(session: Session, batch_id: int, link: str | None) -> None:
    """Note which link is at work on the batch; None: it has ended."""
    session.execute(sa.update(Batch).where(Batch.id == batch_id).values(link=link))


@dataclass(frozen=True, slots=True)
class BuiltPart:
    """One part of an item's payload, and the revision that it was built from."""

    revision: int
    value: Any


def write_part(
    session: Session, batch_id: int, column: str, built: Mapping[int, BuiltPart]
) -> None:
    """Write one part of every item's payload: one statement.

    Where a newer revision was accepted meanwhile, the row keeps what it has.
    """
    if not built:
        return
    kept = Publication.__table__.c[column]
    value = sa.case(
        *(
            (
                sa.and_(Publication.id == id_, Publication.revision == part.revision),
                sa.literal(part.value, kept.type),
            )
            for id_, part in built.items()
        ),
        else_=kept,
    )
    update_batch(session, batch_id, built, {column: value})


def by_id(column: str, values: Mapping[int, Any]) -> sa.ColumnElement[Any]:
    """Return the expression that gives each row its own value."""
    kind = Publication.__table__.c[column].type
    return sa.case(
        *((Publication.id == id_, sa.literal(value, kind)) for id_, value in values.items())
    )


def update_batch(
    session: Session, batch_id: int, ids: Collection[int], values: Mapping[str, Any]
) -> None:
    session.execute(
        sa.update(Publication)
        .where(*held(batch_id), Publication.id.in_(list(ids)))
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def release_batch(session: Session, batch_id: int, *, unclear: bool = False) -> None:
    """Give a batch back that was never started; no attempt is counted.

    ``unclear``: it may have been started all the same, so its site is asked first.
    """
    asked = {"state": PublicationState.UNCONFIRMED, "unclear": True}
    _release(session, held(batch_id), asked if unclear else {})


def release_items(
    session: Session, batch_id: int, ids: Collection[int], values: Mapping[str, Any]
) -> None:
    """Give some items of a batch back that were not sent, with these values as well.

    No attempt is counted.
    """
    _release(session, (*held(batch_id), Publication.id.in_(list(ids))), values)


def _release(
    session: Session, which: Iterable[sa.ColumnElement[bool]], values: Mapping[str, Any]
) -> None:
    state = sa.case(
        (Publication.unclear, PublicationState.UNCONFIRMED.value),
        else_=PublicationState.QUEUED.value,
    )
    session.execute(
        sa.update(Publication)
        .where(*which)
        .values({"state": state, "batch_id": None, "leased_until": None, **values})
        .execution_options(synchronize_session=False)
    )


def beat(session: Session, name: str) -> None:
    """Note that a periodic task has run to its end."""
    updated = session.execute(sa.update(Heartbeat).where(Heartbeat.name == name).values(at=now()))
    if not updated.rowcount:  # type: ignore[attr-defined]
        # The first time, two at once may both come here.
        with suppress(sa.exc.IntegrityError), session.begin_nested():
            session.add(Heartbeat(name=name))
