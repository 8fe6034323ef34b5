"""Forgetting: old attempts, events, runs, batches, and answers to named requests."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.base import Base
from models.bulk_job import BulkItem, BulkJob
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

PAGE = 10_000
"""Rows that a transaction looks at: however large a table is, none comes near to its timeout."""

UNREAD = (InboxState.WAITING, InboxState.READING)

Transactions = Callable[[], AbstractContextManager[Session]]


def prune_history(transactions: Transactions, days: int, *, page: int = PAGE) -> dict[str, int]:
    """Delete what is older than ``days`` days and not needed any more; return the counts.

    Each page of a table in a transaction of its own: what breaks off keeps what it has done.
    """
    return {
        name: _delete_by_pages(transactions, kind, sa.and_(*conditions), page)
        for name, (kind, *conditions) in _forgotten(days).items()
    }


def _forgotten(days: int) -> dict[str, tuple[Any, ...]]:
    """Return by name a table, and which of its rows nobody needs."""
    old = now_plus(-days * DAY)
    old_jobs = sa.select(BulkJob.id).where(BulkJob.finished_at < old)
    return {
        "attempts": (Attempt, Attempt.created_at < old),
        "sync_events": (SyncEvent, SyncEvent.created_at < old),
        "runs": (Run, Run.created_at < old),
        # Before their jobs, which would take all of theirs at once.
        "bulk_items": (BulkItem, BulkItem.job_id.in_(old_jobs)),
        "bulk_jobs": (BulkJob, BulkJob.finished_at < old),
        "site_runs": (SiteRun, SiteRun.finished_at < old),
        "sync_counters": (SyncCounter, SyncCounter.hour < now_plus(-KEEP_COUNTS * DAY)),
        "idempotency_keys": (IdempotencyKey, IdempotencyKey.created_at < now_plus(-DAY)),
        "inbox_messages": (
            InboxMessage,
            InboxMessage.received_at < now_plus(-KEEP_MESSAGES * DAY),
            InboxMessage.state.not_in(UNREAD),
            sa.or_(InboxMessage.state != InboxState.DEAD, InboxMessage.received_at < old),
        ),
        "batches": (
            Batch,
            Batch.created_at < now_plus(-DAY),
            ~sa.exists().where(Publication.batch_id == Batch.id),
        ),
    }


def _delete_by_pages(
    transactions: Transactions, kind: type[Base], forgotten: sa.ColumnElement[bool], page: int
) -> int:
    """Go through a table by its key: no index leads to what is old in most of them."""
    columns = sa.inspect(kind).primary_key
    key = sa.tuple_(*columns)

    def value(row: sa.Row[Any]) -> sa.Tuple:
        pairs = zip(row, columns, strict=True)
        return sa.tuple_(*(sa.literal(each, column.type) for each, column in pairs))

    deleted = 0
    here: sa.ColumnElement[bool] = sa.true()
    while True:
        with transactions() as session:
            last_of_page = sa.select(*columns).where(here).order_by(*columns).offset(page - 1)
            last = session.execute(last_of_page.limit(1)).first()
            until = sa.true() if last is None else key <= value(last)
            statement = sa.delete(kind).where(here, until, forgotten)
            result = session.execute(statement.execution_options(synchronize_session=False))
            deleted += int(result.rowcount)  # type: ignore[attr-defined]
        if last is None:
            return deleted
        here = key > value(last)
