"""Forgetting: old attempts, events, runs and batches."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.clock import now_plus
from models.history import Attempt, Run, SyncEvent
from models.publication import Batch, Publication

DAY = 24 * 3600.0


def prune_history(session: Session, days: int) -> dict[str, int]:
    """Delete what is older than ``days`` days and not needed any more; return the counts."""
    old = now_plus(-days * DAY)
    used_batches = sa.select(Publication.batch_id).where(Publication.batch_id.is_not(None))
    deletions = {
        "attempts": sa.delete(Attempt).where(Attempt.created_at < old),
        "sync_events": sa.delete(SyncEvent).where(SyncEvent.created_at < old),
        "runs": sa.delete(Run).where(Run.created_at < old),
        "batches": sa.delete(Batch).where(
            Batch.created_at < now_plus(-DAY), Batch.id.not_in(used_batches)
        ),
    }
    return {
        name: session.execute(statement.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]
        for name, statement in deletions.items()
    }
