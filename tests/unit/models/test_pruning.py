"""Old history goes in short transactions: what breaks off has done a part, and keeps it."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from bulk_made import Bulk
from factories import make_integration, make_publication

from models import Batch, BulkItem, BulkJob, EventStatus, Publication, SyncCounter, SyncEvent
from models.clock import now_plus
from models.pruning import prune_history
from models.session import session_scope

NOW, LONG_AGO = now_plus(0), now_plus(-91 * 86_400)


@pytest.fixture
def integration(database):
    with session_scope() as session:
        return make_integration(session)


def count(kind):
    with session_scope(read_only=True) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(kind))


def note_events(integration, *times):
    values = {
        "account_id": integration.account_id,
        "site_id": integration.site_id,
        "integration_id": integration.id,
        "event_type": "publish",
        "action": "created",
        "status": EventStatus.SUCCESS,
        "description": "An event",
        "details": {},
    }
    with session_scope() as session:
        for time in times:
            session.execute(sa.insert(SyncEvent).values(**values, created_at=time))


def test_what_broke_off_keeps_what_it_has_deleted(integration):
    note_events(integration, *[LONG_AGO] * 25)

    def until_few_are_left():
        if count(SyncEvent) <= 5:
            raise ConnectionError("broken off")
        return session_scope()

    with pytest.raises(ConnectionError):
        prune_history(until_few_are_left, 90, page=10)
    assert count(SyncEvent) == 5

    assert prune_history(session_scope, 90, page=10)["sync_events"] == 5


def test_no_transaction_deletes_more_than_a_page(integration, database):
    Bulk(7)
    note_events(integration, *[LONG_AGO] * 7)
    with session_scope() as session:
        session.execute(sa.update(BulkJob).values(finished_at=LONG_AGO))
    sizes = []

    def counted():
        sizes.append(count(SyncEvent) + count(BulkItem) + count(BulkJob))
        return session_scope()

    deleted = prune_history(counted, 90, page=3)

    assert (deleted["sync_events"], deleted["bulk_items"], deleted["bulk_jobs"]) == (7, 7, 1)
    steps = [before - after for before, after in zip(sizes, [*sizes[1:], 0], strict=True)]
    assert max(steps) == 3
    assert sum(steps) == 15


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_what_is_young_stays_wherever_the_pages_end(integration, page):
    note_events(integration, LONG_AGO, NOW, LONG_AGO, LONG_AGO, NOW)
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with session_scope() as session:
        for days in (1, 401, 402):
            for direction in ("igny8_to_wp", "wp_to_igny8"):
                then = hour - timedelta(days=days)
                session.add(
                    SyncCounter(integration_id=integration.id, hour=then, direction=direction)
                )

    deleted = prune_history(session_scope, 90, page=page)

    assert (deleted["sync_events"], count(SyncEvent)) == (3, 2)
    assert (deleted["sync_counters"], count(SyncCounter)) == (4, 2)


def test_a_batch_that_a_publication_is_in_stays(integration):
    publication = make_publication(integration)
    with session_scope() as session:
        batches = [Batch(integration_id=integration.id, created_at=LONG_AGO) for _ in range(2)]
        session.add_all(batches)
        session.flush()
        of_it = sa.update(Publication).where(Publication.id == publication.id)
        session.execute(of_it.values(batch_id=batches[0].id))

    assert prune_history(session_scope, 90)["batches"] == 1
    assert count(Batch) == 1
