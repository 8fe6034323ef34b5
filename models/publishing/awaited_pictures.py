"""Publications that wait for pictures which nobody has prepared yet, and the end of their waiting.

Whoever prepares them counts as a worker that may be lost with them, until it has ended.
"""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.clock import now, now_plus
from models.content import Revision
from models.publication import WAITS, Publication
from models.publishing.batches import release_items

PICTURE_AWAITED = "picture_awaited"

_REASON = "the media worker has not prepared its pictures yet; it goes on when that is done"


def await_pictures(session: Session, batch_id: int, ids: Collection[int], pause: float) -> None:
    """Give these items of a batch back for ``pause`` seconds; no attempt is counted."""
    release_items(
        session,
        batch_id,
        ids,
        {"due_at": now_plus(pause), "failure_code": PICTURE_AWAITED, "failure": _REASON},
    )


def begin_preparing(
    session: Session, ids: Collection[int]
) -> tuple[list[int], Sequence[dict[str, Any]]]:
    """Return which of these still wait for pictures, and their documents."""
    begun = session.scalars(
        sa.update(Publication)
        .where(
            Publication.id.in_(list(ids)),
            Publication.state.in_(WAITS),
            Publication.failure_code == PICTURE_AWAITED,
        )
        .values(rescues=Publication.rescues + 1)
        .returning(Publication.id)
        .execution_options(synchronize_session=False)
    ).all()
    documents = session.scalars(
        sa.select(Revision.document)
        .join(Publication, Publication.revision_id == Revision.id)
        .where(Publication.id.in_(begun))
    ).all()
    return list(begun), documents


def end_preparing(session: Session, ids: Collection[int]) -> None:
    """No worker was lost with these; what still waits for pictures is due at once."""
    awaits = sa.and_(Publication.state.in_(WAITS), Publication.failure_code == PICTURE_AWAITED)
    session.execute(
        sa.update(Publication)
        .where(Publication.id.in_(list(ids)))
        .values(
            rescues=sa.case((Publication.rescues > 0, Publication.rescues - 1), else_=0),
            due_at=sa.case((awaits, now()), else_=Publication.due_at),
        )
        .execution_options(synchronize_session=False)
    )
