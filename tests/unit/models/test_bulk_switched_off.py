"""Bulk jobs of which a part can't go on: each item says why, and what ends its waiting."""

import pytest
import sqlalchemy as sa
from bulk_made import A, Bulk, K, P, S, W
from planned_entries import change

from models import Account, BulkItem
from models.bulk.jobs import Selection
from models.bulk.progress import REASON, items
from models.clock import now
from models.session import session_scope
from tasks.bulk import feed

pytestmark = pytest.mark.usefixtures("database")


def switch(bulk, what, *, on):
    [place] = bulk.places
    if what == "account":
        with session_scope(read_only=True) as session:
            account = session.get_one(Account, bulk.account.id)
        change(account, suspended_at=None if on else now())
    else:
        change(place.site if what == "site" else place, is_active=on)


def reasons(bulk):
    query = items(REASON).where(BulkItem.job_id == bulk.job.id)
    with session_scope(read_only=True) as session:
        return set(session.scalars(query))


@pytest.mark.parametrize("what", ["account", "site", "integration"])
class TestInMidJob:
    def test_what_waits_says_why_and_is_not_accepted(self, what):
        bulk = Bulk(2)
        switch(bulk, what, on=False)

        feed()

        assert bulk.counts() == {K: 2}
        [reason] = reasons(bulk)
        assert reason.startswith(f"its {what} is ")

    def test_what_was_accepted_says_so_too(self, what):
        bulk = Bulk(1)
        feed()

        switch(bulk, what, on=False)

        assert bulk.counts() == {K: 1}

    def test_it_goes_on_after_that(self, what):
        bulk = Bulk(2)
        switch(bulk, what, on=False)
        feed()
        switch(bulk, what, on=True)
        assert bulk.counts() == {W: 2}

        feed()
        assert bulk.counts() == {A: 2}
        bulk.end()
        feed()
        assert bulk.counts() == {P: 2}


def test_nothing_is_accepted_for_a_site_that_was_off_before():
    bulk = Bulk(1)
    switch(bulk, "site", on=False)

    bulk.start(Selection())

    assert bulk.counts() == {S: 1}
    assert reasons(bulk) == {"its site is switched off"}
    with session_scope(read_only=True) as session:
        codes = session.scalars(sa.select(BulkItem.code).filter_by(job_id=bulk.job.id))
        assert set(codes) == {"site_inactive"}
