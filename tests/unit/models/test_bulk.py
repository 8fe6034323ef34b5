"""Bulk jobs: fed a few at a time, in turn for all accounts, until nothing of them is open."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
import sqlalchemy as sa
from bulk_made import A, Bulk, C, F, K, P, S, W
from factories import make_content, make_integration, reload

from models import (
    BulkJob,
    BulkState,
    Content,
    ContentStatus,
    EntrySource,
    EntryState,
    Integration,
    PublicationState,
    Revision,
    ScheduleEntry,
)
from models.bulk.feeding import GROUP, SITE_ROOM, feed_place, feeding_places
from models.bulk.jobs import (
    Selection,
    cancel_job,
    pause_job,
    resume_job,
    retry_failed,
    unknown_contents,
)
from models.clock import now
from models.session import session_scope
from tasks.bulk import feed


def suspend(place, **values):
    with session_scope() as session:
        session.execute(sa.update(Integration).where(Integration.id == place.id).values(**values))


@pytest.mark.usefixtures("database")
def test_every_item_is_published_once_and_the_job_ends():
    bulk = Bulk(3, 2)

    feed()
    assert bulk.counts() == {A: 5}
    bulk.end()
    feed()

    assert (bulk.counts(), bulk.state()) == ({P: 5}, BulkState.FINISHED)
    assert [item.state for item in bulk.items()] == [P] * 5
    assert reload(bulk.job).finished_at is not None


@pytest.mark.usefixtures("database")
def test_a_site_has_no_more_than_its_room_on_the_way():
    bulk = Bulk(SITE_ROOM + 15)

    for _ in range(5):
        feed()
    assert bulk.counts() == {A: SITE_ROOM, W: 15}

    bulk.end(number=10)
    feed()
    assert bulk.counts() == {P: 10, A: SITE_ROOM, W: 5}


@pytest.mark.usefixtures("database")
def test_a_feeder_waits_for_the_other_one_and_keeps_to_the_room():
    bulk = Bulk(SITE_ROOM)
    feed()
    first = feeding_place(bulk)
    bulk.start(Selection(unpublished=True))
    second = feeding_place(bulk)

    def feeder():
        with session_scope() as session:
            return feed_place(session, second)

    with ThreadPoolExecutor(1) as pool:
        with session_scope() as session:
            assert feed_place(session, first) == GROUP
            other = pool.submit(feeder)
            wait([other], timeout=1)  # however long: it is not through before this one ends
            assert not other.done()
        assert other.result() == 0
    assert bulk.on_their_way(bulk.places[0]) == SITE_ROOM


def feeding_place(bulk):
    with session_scope(read_only=True) as session:
        (place,) = feeding_places(session, bulk.job.id)
    return place


@pytest.mark.usefixtures("database")
def test_many_sites_of_one_account_do_not_make_another_account_wait():
    Bulk(*[1] * 30)
    small = Bulk(1)

    with session_scope(read_only=True) as session:
        places = [place.integration_id for place in feeding_places(session)]

    assert small.places[0].id in places[:2]


@pytest.mark.usefixtures("database")
def test_what_a_site_shows_already_is_published_without_a_post():
    bulk = Bulk(2)
    feed()
    bulk.end()
    feed()

    bulk.start(Selection())
    feed()

    assert bulk.counts() == {P: 2}
    assert {item.code for item in bulk.items()} == {"no_change"}


@pytest.mark.usefixtures("database")
def test_a_pause_accepts_nothing_more_until_it_is_over():
    bulk = Bulk(SITE_ROOM + 5)
    feed()
    feed()

    assert bulk.do(pause_job)
    assert not bulk.do(pause_job)
    bulk.end()
    assert feed() == 0
    assert (bulk.counts(), bulk.state()) == ({P: SITE_ROOM, W: 5}, BulkState.PAUSED)

    assert bulk.do(resume_job)
    assert feed() == 5


@pytest.mark.usefixtures("database")
def test_a_cancelled_job_leaves_what_was_accepted_on_its_way():
    bulk = Bulk(SITE_ROOM + 5)
    feed()
    feed()

    assert bulk.do(cancel_job)
    assert not bulk.do(cancel_job)
    assert not bulk.do(resume_job)
    assert bulk.counts() == {A: SITE_ROOM, C: 5}
    bulk.end()
    feed()

    assert (bulk.counts(), bulk.state()) == ({P: SITE_ROOM, C: 5}, BulkState.CANCELLED)
    assert bulk.do(retry_failed) is None


@pytest.mark.usefixtures("database")
def test_the_failed_ones_are_tried_again_when_somebody_asks():
    bulk = Bulk(3)
    feed()
    bulk.end(PublicationState.FAILED, 2, failure="too long", failure_code="payload_refused")
    bulk.end()
    feed()
    assert (bulk.counts(), bulk.state()) == ({F: 2, P: 1}, BulkState.FINISHED)
    assert {item.reason for item in bulk.items()} == {"too long", None}

    assert bulk.do(retry_failed) == 2
    assert (bulk.counts(), bulk.state()) == ({W: 2, P: 1}, BulkState.RUNNING)
    feed()
    bulk.end()
    feed()

    assert (bulk.counts(), bulk.state()) == ({P: 3}, BulkState.FINISHED)
    assert bulk.do(retry_failed) == 0
    feed()
    assert bulk.state() is BulkState.FINISHED


@pytest.mark.usefixtures("database")
def test_a_site_that_is_suspended_in_mid_bulk_parks_its_items_and_the_rest_goes_on():
    bulk = Bulk(SITE_ROOM + 5, 3)
    ill, well = bulk.places
    feed()

    suspend(ill, suspended_at=now(), suspended_code="key_refused", suspended_reason="refused")
    assert feed() == 0
    bulk.end(place=well)
    feed()
    assert bulk.counts() == {K: SITE_ROOM + 5, P: 3}
    assert bulk.state() is BulkState.RUNNING

    suspend(ill, suspended_at=None, suspended_code=None, suspended_reason=None)
    feed()
    feed()
    assert bulk.counts() == {A: SITE_ROOM, W: 5, P: 3}


@pytest.mark.usefixtures("database")
def test_an_item_that_always_fails_does_not_keep_newer_ones_waiting():
    bulk = Bulk(SITE_ROOM * 2)
    feed()
    feed()
    bulk.end(PublicationState.FAILED, failure="never")

    feed()
    feed()

    assert bulk.counts() == {F: SITE_ROOM, A: SITE_ROOM}


@pytest.mark.usefixtures("database")
def test_what_can_not_go_is_skipped_with_its_reason():
    bulk = Bulk(1, 1, 2)
    draft, _, double = (place.site for place in bulk.places)
    suspend(bulk.places[1], is_active=False)
    with session_scope() as session:
        session.execute(
            sa.update(Content).where(Content.site_id == draft.id).values(status="draft")
        )
        site = session.merge(double)
        make_integration(session, site, platform="ghost")
    bulk.start(Selection())

    assert bulk.counts() == {S: 4}
    feed()
    assert [item.code for item in bulk.items()] == [
        "not_approved", "no_integration", "several", "several"
    ]  # fmt: skip
    assert all(item.reason for item in bulk.items())
    assert bulk.state() is BulkState.FINISHED


@pytest.mark.usefixtures("database")
def test_what_is_unapproved_after_the_job_was_made_is_skipped():
    bulk = Bulk(2)
    with session_scope() as session:
        session.execute(sa.update(Content).values(status=ContentStatus.REVIEW))

    feed()
    assert bulk.counts() == {S: 2}

    bulk.start(Selection(), override_status=True)
    feed()
    assert bulk.counts() == {A: 2}


@pytest.mark.parametrize("fed", [False, True], ids=["before its turn", "on its way"])
def test_what_is_removed_in_mid_bulk_is_skipped(fed, database):
    bulk = Bulk(1, 1)
    if fed:
        feed()
    with session_scope() as session:
        session.execute(sa.delete(Integration).where(Integration.id == bulk.places[0].id))

    assert bulk.counts() == {S: 1, (A if fed else W): 1}
    feed()

    assert [item.code for item in bulk.items()] == ["removed", None]


@pytest.mark.usefixtures("database")
def test_held_and_withdrawn_publications_end_their_items():
    bulk = Bulk(2)
    feed()
    bulk.end(PublicationState.HELD, 1)
    bulk.end(PublicationState.WITHDRAWN, 1)

    feed()

    assert (bulk.counts(), bulk.state()) == ({S: 1, C: 1}, BulkState.FINISHED)


@pytest.mark.usefixtures("database")
def test_a_suspended_account_is_not_fed():
    bulk = Bulk(1)
    with session_scope() as session:
        session.merge(bulk.account).suspended_at = now()

    assert feed() == 0


@pytest.mark.usefixtures("database")
def test_a_filter_chooses_contents_of_this_account_alone():
    other, bulk = Bulk(2), Bulk(2, 1)
    feed()
    with session_scope() as session:
        make_content(session, session.merge(bulk.places[1].site), "Later")
    chosen = {
        "a site": (Selection(site_id=bulk.places[1].site_id), 2),
        "of a stranger": (Selection(site_id=other.places[0].site_id), 0),
        "a status": (Selection(status=ContentStatus.REVIEW), 0),
        "unpublished": (Selection(unpublished=True), 1),
        "ids": (Selection([item.content_id for item in bulk.items()[:2]]), 2),
    }
    found = {}
    for name, (selection, _) in chosen.items():
        bulk.start(selection)
        found[name] = len(bulk.items())

    assert found == {name: number for name, (_, number) in chosen.items()}


@pytest.mark.usefixtures("database")
def test_contents_of_others_are_unknown():
    bulk, other = Bulk(2), Bulk(1)
    ids = [item.content_id for item in (*bulk.items(), *other.items())]

    with session_scope(read_only=True) as session:
        assert unknown_contents(session, bulk.account.id, [*ids, 9999]) == [ids[2], 9999]


@pytest.mark.usefixtures("database")
def test_a_job_goes_with_its_account():
    bulk = Bulk(1)
    with session_scope() as session:
        session.execute(sa.delete(BulkJob).where(BulkJob.id == bulk.job.id))

    assert bulk.items() == []


@pytest.mark.usefixtures("database")
def test_a_site_that_can_not_be_fed_does_not_stop_the_others():
    bulk = Bulk(1, 1)
    with session_scope() as session:
        ill = sa.select(Content.id).where(Content.site_id == bulk.places[0].site_id)
        session.execute(sa.delete(Revision).where(Revision.content_id.in_(ill)))

    assert feed() == 1

    assert bulk.counts() == {W: 1, A: 1}


@pytest.mark.usefixtures("database")
def test_a_content_that_waits_in_the_schedule_goes_out_once():
    bulk = Bulk(1)
    (item,) = bulk.items()
    with session_scope() as session:
        place = session.merge(bulk.places[0])
        entry = ScheduleEntry(
            account_id=place.account_id,
            site_id=place.site_id,
            integration_id=place.id,
            content_id=item.content_id,
            source=EntrySource.APPROVAL,
        )
        session.add(entry)

    feed()

    assert reload(entry).state is EntryState.TAKEN
    assert reload(entry).publication_id == bulk.items()[0].publication_id
