"""Forgetting: old attempts, events, runs, batches, and answers to named requests."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.bulk_job import BulkJob
from models.clock import now_plus
from models.counters import SyncCounter
from models.history import Attempt, Run, SyncEvent
from models.idempotency import IdempotencyKey
from models.inbox_message import InboxMessage, InboxState
from models.publication import Batch, Publication
from models.site_run import SiteRun

DAY = 24 * 3600.0
KEEP_MESSAGES = 35
"""Days: longer than any sender repeats itself, and a repeated message must be known."""

KEEP_COUNTS = 400
"""Days: a year of hours and a month."""

UNREAD = (InboxState.WAITING, InboxState.READING)


def prune_history(session: Session, days: int) -> dict[str, int]:
    """Delete what is older than ``days`` days and not needed any more; return the counts."""
    old = now_plus(-days * DAY)
    used_batches = sa.select(Publication.batch_id).where(Publication.batch_id.is_not(None))
    deletions = {
        "attempts": sa.delete(Attempt).where(Attempt.created_at < old),
        "sync_events": sa.delete(SyncEvent).where(SyncEvent.created_at < old),
        "runs": sa.delete(Run).where(Run.created_at < old),
        "bulk_jobs": sa.delete(BulkJob).where(BulkJob.finished_at < old),
        "site_runs": sa.delete(SiteRun).where(SiteRun.finished_at < old),
        "sync_counters": sa.delete(SyncCounter).where(
            SyncCounter.hour < now_plus(-KEEP_COUNTS * DAY)
        ),
        "idempotency_keys": sa.delete(IdempotencyKey).where(
            IdempotencyKey.created_at < now_plus(-DAY)
        ),
        "inbox_messages": sa.delete(InboxMessage).where(
            InboxMessage.received_at < now_plus(-KEEP_MESSAGES * DAY),
            InboxMessage.state.not_in(UNREAD),
            sa.or_(InboxMessage.state != InboxState.DEAD, InboxMessage.received_at < old),
        ),
        "batches": sa.delete(Batch).where(
            Batch.created_at < now_plus(-DAY), Batch.id.not_in(used_batches)
        ),
    }
    return {
        name: session.execute(statement.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]
        for name, statement in deletions.items()
    }
