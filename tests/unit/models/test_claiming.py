"""Who may work on what: each row once, one batch per site, and only while the lease holds."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from factories import make_integration, make_publication, reload
from servers import wait_until
from sqlalchemy import event

from models import Batch, Content, Publication, PublicationState
from models import session as sessions
from models.clock import now_plus
from models.publishing.claiming import Room, claim_batch, renew_lease, sites_with_work
from models.publishing.rescuing import rescue_expired
from models.session import session_scope

LEASE = 180.0


@pytest.fixture
def site(database):
    """An integration with nothing to do."""
    with session_scope() as session:
        return make_integration(session)


def change(row, **values):
    with session_scope() as session:
        kind = type(row)
        session.execute(sa.update(kind).where(kind.id == row.id).values(values))


def due_sites(limit=100):
    with session_scope() as session:
        return [found.id for found, _ in sites_with_work(session, Room(limit, limit))]


def claim(site, size=20, lease=LEASE):
    with session_scope() as session:
        return claim_batch(session, site.id, size, lease)


def test_a_new_publication_is_claimed_with_its_lease(site):
    publication = make_publication(site)
    claimed = claim(site)

    assert claimed.publication_ids == (publication.id,)
    found = reload(publication)
    assert (found.state, found.batch_id) == (PublicationState.PUBLISHING, claimed.batch_id)
    with session_scope(read_only=True) as session:
        in_time = Publication.leased_until.between(now_plus(LEASE - 60), now_plus(LEASE))
        assert session.scalar(sa.select(sa.func.count()).where(in_time)) == 1


@pytest.mark.parametrize(
    ("values", "claimed"),
    [
        pytest.param({"state": PublicationState.QUEUED}, True, id="queued"),
        pytest.param({"state": PublicationState.UNCONFIRMED}, True, id="unconfirmed"),
        pytest.param({"due_at": now_plus(-3600)}, True, id="overdue"),
        pytest.param({"due_at": now_plus(3600)}, False, id="not-due-yet"),
        pytest.param({"publish_until": now_plus(3600)}, True, id="in-its-window"),
        pytest.param({"publish_until": now_plus(-1)}, False, id="after-its-window"),
        pytest.param(
            {
                "publish_until": now_plus(-1),
                "state": PublicationState.UNCONFIRMED,
                "unclear": True,
            },
            True,
            id="after-its-window-and-to-be-asked-about",
        ),
        pytest.param({"state": PublicationState.PUBLISHED}, False, id="published"),
        pytest.param({"state": PublicationState.FAILED}, False, id="failed"),
        pytest.param({"state": PublicationState.HELD}, False, id="held"),
        pytest.param({"state": PublicationState.WITHDRAWN}, False, id="withdrawn"),
        pytest.param({"state": PublicationState.PUBLISHING}, False, id="on-its-way"),
    ],
)
def test_what_is_claimed(site, values, claimed):
    change(make_publication(site), **values)

    assert due_sites() == ([site.id] if claimed else [])
    assert (claim(site) is not None) is claimed


def test_an_empty_claim_leaves_no_batch(site):
    assert claim(site) is None
    with session_scope(read_only=True) as session:
        assert session.scalars(sa.select(Batch)).all() == []


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"suspended_at": now_plus(0)}, id="suspended"),
        pytest.param({"is_active": False}, id="inactive"),
    ],
)
def test_a_site_that_is_out_of_service_is_left_alone(site, values):
    make_publication(site)
    change(site, **values)

    assert due_sites() == []


def test_a_site_has_one_batch_at_a_time(site):
    make_publication(site)
    make_publication(site)
    claim(site, size=1)

    assert due_sites() == []


def test_the_longest_waiting_site_comes_first(site):
    with session_scope() as session:
        other = make_integration(session)
    make_publication(site)
    change(make_publication(other), due_at=now_plus(-60))

    assert due_sites() == [other.id, site.id]
    assert due_sites(limit=1) == [other.id]


def test_a_batch_is_bounded_and_takes_the_oldest(site):
    made = [make_publication(site) for _ in range(3)]
    change(made[2], due_at=now_plus(-60))

    assert set(claim(site, size=2).publication_ids) == {made[2].id, made[0].id}


def test_a_batch_holds_one_sites_work_only(site):
    with session_scope() as session:
        other = make_integration(session)
    mine, _theirs = make_publication(site), make_publication(other)

    assert claim(site).publication_ids == (mine.id,)


def test_the_fence_grows_with_every_claim(site):
    publication = make_publication(site)
    batches = []
    for fence in (1, 2, 3):
        batches.append(claim(site).batch_id)
        assert reload(publication).fence == fence
        change(publication, state=PublicationState.QUEUED)
    assert batches == sorted(set(batches))


def test_racing_dispatchers_claim_each_row_once(database):
    with session_scope() as session:
        sites = [make_integration(session) for _ in range(4)]
    made = {make_publication(site).id for site in sites for _ in range(5)}
    start = threading.Barrier(2)

    def dispatcher():
        start.wait()
        claims = []
        for _ in range(10):
            with session_scope() as session:
                claims += [
                    claim_batch(session, found.id, 2, LEASE)
                    for found, _ in sites_with_work(session, Room(9, 9))
                ]
            with session_scope() as session:  # done at once: the site is free for its next batch
                done = [claim.batch_id for claim in claims if claim]
                session.execute(
                    sa.update(Publication)
                    .where(Publication.batch_id.in_(done))
                    .values(state=PublicationState.PUBLISHED)
                )
        return [id_ for claim in claims if claim for id_ in claim.publication_ids]

    with ThreadPoolExecutor(2) as pool:
        first, second = (each.result() for each in [pool.submit(dispatcher) for _ in range(2)])
    assert sorted(first + second) == sorted(made)


def test_racing_claims_of_one_site_share_no_row(site):
    made = {make_publication(site).id for _ in range(20)}
    start = threading.Barrier(4)

    def take():
        start.wait()
        return claim(site, size=5)

    with ThreadPoolExecutor(4) as pool:
        claims = [each.result() for each in [pool.submit(take) for _ in range(4)]]
    taken = [id_ for claimed in claims if claimed for id_ in claimed.publication_ids]
    assert len(taken) == len(set(taken))
    assert set(taken) <= made


def test_an_expired_lease_gives_the_work_back_to_be_asked_about_first(site):
    publication = make_publication(site)
    claim(site, lease=-1)
    with session_scope() as session:
        assert rescue_expired(session) == [publication.id]

    found = reload(publication)
    assert (found.state, found.unclear) == (PublicationState.UNCONFIRMED, True)
    assert (found.batch_id, found.leased_until, found.attempts) == (None, None, 0)
    assert claim(site).publication_ids == (publication.id,)


def test_a_lease_that_holds_is_not_rescued(site):
    make_publication(site)
    claim(site)

    with session_scope() as session:
        assert rescue_expired(session) == []


def test_a_renewed_lease_is_not_rescued(site):
    publication = make_publication(site)
    batch = claim(site, lease=-1).batch_id
    with session_scope() as session:
        assert renew_lease(session, batch, LEASE)
        assert rescue_expired(session) == []
    assert reload(publication).state is PublicationState.PUBLISHING


def test_a_lost_lease_can_not_be_renewed(site):
    make_publication(site)
    lost = claim(site, lease=-1)
    with session_scope() as session:
        rescue_expired(session)
    newer = claim(site)

    with session_scope() as session:
        assert not renew_lease(session, lost.batch_id, LEASE)
        assert renew_lease(session, newer.batch_id, LEASE)


def test_two_rescuers_give_each_row_back_once(site):
    made = {make_publication(site).id for _ in range(10)}
    claim(site, lease=-1)
    start = threading.Barrier(2)

    def rescue():
        start.wait()
        with session_scope() as session:
            return rescue_expired(session)

    with ThreadPoolExecutor(2) as pool:
        first, second = (each.result() for each in [pool.submit(rescue) for _ in range(2)])
    assert sorted(first + second) == sorted(made)


def test_an_integration_is_seen_again_when_it_is_resumed(site):
    make_publication(site)
    change(site, suspended_at=now_plus(0))
    change(site, suspended_at=None)

    assert due_sites() == [site.id]


@pytest.fixture
def paused_query(database):
    """Hold `sites_with_work` between its snapshot and its locks: (wait until held, let go)."""
    gate = sessions.engine().connect()
    gate.exec_driver_sql("select pg_advisory_lock(1)")

    def insert_gate(_connection, _cursor, statement, parameters, *_):
        if "SKIP LOCKED" in statement and threading.current_thread() is not threading.main_thread():
            wait = "WHERE (select pg_advisory_lock_shared(1)) is not null AND"
            statement = statement.replace("WHERE site_integrations.is_active", f"{wait} is_active")
        return statement, parameters

    def held():
        query = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        return gate.exec_driver_sql(query).scalar()

    event.listen(sessions.engine(), "before_cursor_execute", insert_gate, retval=True)
    yield lambda: wait_until(held), lambda: gate.exec_driver_sql("select pg_advisory_unlock(1)")
    event.remove(sessions.engine(), "before_cursor_execute", insert_gate)
    gate.close()


# SQLite has one writer at a time: there it can't happen.
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_overlapping_dispatchers_start_one_batch_for_a_site(site, paused_query):
    wait_until_held, let_go = paused_query
    for _ in range(2):
        make_publication(site)

    def dispatch():
        with session_scope() as session:
            sites = sites_with_work(session, Room(9, 9))
            return [claim_batch(session, found.id, 1, LEASE) for found, _ in sites]

    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(dispatch)
        wait_until_held()
        first = dispatch()
        let_go()
        claims = [claim for claim in first + late.result() if claim]
    assert len(claims) == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_batch_is_bounded_however_old_the_planners_statistics_are(site):
    """What waits came after the last ANALYZE: the planner expects one row, and joins in a loop."""
    make_publication(site)
    with session_scope() as session:
        session.execute(sa.update(Publication).values(state=PublicationState.PUBLISHED))
        copy_many(session, 1000)
        session.execute(sa.text("analyze publications"))
    for _ in range(12):
        make_publication(site)

    assert len(claim(site, size=5).publication_ids) == 5


def copy_many(session, count):
    """Fill the table with more of what it holds, quickly."""
    pattern = session.scalars(sa.select(Publication).limit(1)).one()
    content, revision = pattern.content, pattern.accepted
    shared = {"account_id": content.account_id, "site_id": content.site_id, "title": "Old"}
    contents = session.scalars(sa.insert(Content).returning(Content.id), [shared] * count)
    session.execute(
        sa.insert(Publication),
        [
            {
                "account_id": content.account_id,
                "content_id": id_,
                "integration_id": pattern.integration_id,
                "revision_id": revision.id,
                "state": PublicationState.PUBLISHED,
            }
            for id_ in contents
        ],
    )
