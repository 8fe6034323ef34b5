"""2,000 contents over 40 simulated sites as one bulk job, and a second account beside it."""

from contextlib import ExitStack

import pytest
import sqlalchemy as sa
from chains import run_due
from factories import make_account, make_content, make_integration, make_site, reload

from models import BulkItemState, BulkState, Publication
from models.bulk.feeding import SITE_ROOM
from models.bulk.jobs import Selection, make_bulk_job
from models.bulk.progress import counts
from models.session import session_scope
from simulators.wordpress import SimulatedSite
from tasks.bulk import feed

SITES, ITEMS = 40, 2000
KEY = "igny8_live_bulk{:030d}"


def start(session, sites, items):
    account = make_account(session)
    for site, key in sites:
        row = make_site(session, account, url=site.url, key=key)
        make_integration(session, row)
        for number in range(items // len(sites)):
            make_content(session, row, f"Title {number}")
    return make_bulk_job(session, account.id, Selection(), {})


def counted(job):
    with session_scope(read_only=True) as session:
        return {state: count for state, count in counts(session, job.id).items() if count}


def most_on_their_way():
    query = (
        sa.select(sa.func.count())
        .where(Publication.state.in_(["queued", "publishing"]))
        .group_by(Publication.integration_id)
    )
    with session_scope(read_only=True) as session:
        return max(session.scalars(query), default=0)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("database")
def test_a_large_job_is_published_once_each_and_keeps_nobody_else_waiting():
    keys = [KEY.format(number) for number in range(SITES + 1)]
    with ExitStack() as stack:
        sites = [(stack.enter_context(SimulatedSite(api_key=key)), key) for key in keys]
        with session_scope() as session:
            large = start(session, sites[:SITES], ITEMS)
            small = start(session, sites[SITES:], 5)
        rounds = small_ended = 0
        while reload(large).state is not BulkState.FINISHED:
            rounds += 1
            assert rounds < 400, counted(large)
            feed()
            assert most_on_their_way() <= SITE_ROOM
            run_due()
            if not small_ended and counted(small) == {BulkItemState.PUBLISHED: 5}:
                small_ended = rounds
        posts = [len(site.posts) for site, _ in sites]

    assert counted(large) == {BulkItemState.PUBLISHED: ITEMS}
    assert posts == [ITEMS // SITES] * SITES + [5]
    assert small_ended <= 2
