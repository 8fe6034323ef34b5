"""The census of a site that lost things, or that people changed: what it repairs and tells."""

import pytest
import sqlalchemy as sa
from census_looks import census, conflicts, open_findings, revise
from chains import run_due
from factories import make_publication, reload

import tasks.sites.census
from models import Attempt, Integration, Publication, PublicationState
from models.clock import now_plus
from models.session import session_scope
from models.sites.census import claim_census, due_sites, end_census
from pipeline.census import Kind
from platforms.wordpress import WordPressBridge
from tasks.app import app
from tasks.sites import census_taking
from tasks.sites.census_taking import take_census

DAYS = 24 * 3600


def change(row, **values):
    with session_scope() as session:
        session.execute(sa.update(Publication).filter_by(id=row.id).values(**values))


def meanwhile(monkeypatch, act):
    """Do something before each page: after our rows were read, while the site is."""
    listing, pages = WordPressBridge.list_posts, []

    def slow(self, after):
        pages.append(after)
        act(len(pages))
        return listing(self, after)

    monkeypatch.setattr(WordPressBridge, "list_posts", slow)


@pytest.fixture
def published(integration, simulated_site):
    row = make_publication(integration, title="A walk")
    run_due()
    return reload(row)


def test_where_all_is_well_nothing_is_found(integration, published, simulated_site):
    before = reload(published)

    assert census(integration) == []
    assert vars(reload(published)) | {"_sa_instance_state": None} == vars(before) | {
        "_sa_instance_state": None
    }
    assert conflicts() == []


def test_after_a_restored_backup_every_post_comes_back_exactly_once(integration, simulated_site):
    old = make_publication(integration, title="Old")
    changed = make_publication(integration, title="Changed")
    run_due()
    backup = simulated_site.backup()
    revise(changed, integration, "Changed since")
    new = [make_publication(integration, title=f"New {number}") for number in range(3)]
    run_due()
    simulated_site.restore(backup)

    assert sorted(census(integration)) == [Kind.BEHIND, Kind.LOST, Kind.LOST, Kind.LOST]
    run_due()

    titles = sorted(post.title for post in simulated_site.posts)
    assert titles == ["Changed since", "New 0", "New 1", "New 2", "Old"]
    assert {reload(row).state for row in (old, changed, *new)} == {PublicationState.PUBLISHED}
    assert census(integration) == []
    assert open_findings() == []


def test_a_lost_table_makes_no_second_posts(integration, published, simulated_site):
    simulated_site.forget_publications()

    assert census(integration) == [Kind.BEHIND]
    run_due()

    assert [post.id for post in simulated_site.posts] == [int(published.external_id)]
    assert reload(published).published_revision == 1
    assert census(integration) == []


def test_what_a_request_that_slept_wrote_over_a_newer_text_is_mended(
    integration, published, simulated_site
):
    revise(published, integration, "The newer text")
    run_due()
    simulated_site.write_late(int(published.external_id), "The older text")

    assert census(integration) == [Kind.BEHIND]
    run_due()

    assert [post.title for post in simulated_site.posts] == ["The newer text"]
    assert reload(published).published_revision == 2
    assert census(integration) == []


@pytest.mark.parametrize("removal", ["trash", "delete"])
def test_what_a_person_removed_stays_removed_and_is_told_once(
    integration, published, simulated_site, removal
):
    getattr(simulated_site, removal)(int(published.external_id))
    for _ in range(3):
        assert census(integration) == [Kind.REMOVED]
    run_due()

    assert reload(published).external_status == ("trash" if removal == "trash" else "gone")
    assert reload(published).state is PublicationState.PUBLISHED
    assert [post for post in simulated_site.posts if post.status == "publish"] == []
    assert [event.action for event in conflicts()] == ["census_removed"]


def test_a_deleted_post_stays_deleted_when_the_table_is_lost_too(
    integration, published, simulated_site
):
    simulated_site.delete(int(published.external_id))
    census(integration)
    simulated_site.forget_publications()

    assert census(integration) == [Kind.REMOVED]
    run_due()
    assert simulated_site.posts == []


def test_a_post_taken_out_of_the_trash_is_noted(integration, published, simulated_site):
    post_id = int(published.external_id)
    backup = simulated_site.backup()
    simulated_site.trash(post_id)
    census(integration)
    simulated_site.restore(backup)

    assert census(integration) == [Kind.RETURNED]
    assert reload(published).external_status == "publish"
    assert census(integration) == []


def test_another_post_id_is_corrected(integration, published):
    change(published, external_id="4711", external_url="https://elsewhere.example/")

    assert census(integration) == [Kind.MOVED]
    corrected = reload(published)
    assert (corrected.external_id, corrected.external_url) == (
        published.external_id,
        published.external_url,
    )


@pytest.mark.parametrize("state", [PublicationState.FAILED, PublicationState.UNCONFIRMED])
def test_what_counted_as_failed_but_is_there_becomes_published(integration, published, state):
    change(
        published, state=state, published_revision=None, fingerprint=None, failure="x", unclear=True
    )

    assert census(integration) == [Kind.REACHED]
    found = reload(published)
    assert (found.state, found.published_revision) == (PublicationState.PUBLISHED, 1)
    assert (found.failure, found.unclear) == (None, False)
    assert found.fingerprint == published.fingerprint
    (event,) = conflicts()
    assert event.success


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.REACHED])
def test_what_is_repaired_begins_anew(integration, published, simulated_site, kind):
    change(published, waits=5, rescues=3, publish_until=now_plus(-1))
    if kind is Kind.LOST:
        simulated_site.delete(int(published.external_id))
        simulated_site.forget_publications()
    else:
        change(published, state=PublicationState.FAILED, published_revision=None)

    assert census(integration) == [kind]
    found = reload(published)
    assert (found.waits, found.rescues, found.publish_until) == (0, 0, None)


def test_copies_are_told_with_their_ids_and_left_alone(integration, published, simulated_site):
    copy = simulated_site.duplicate(int(published.external_id))
    assert [census(integration), census(integration)] == [[Kind.DUPLICATE]] * 2

    (event,) = conflicts()
    assert event.details["post_ids"] == [published.external_id, str(copy)]
    assert not event.success
    assert len(simulated_site.posts) == 2

    simulated_site.duplicate(copy)
    census(integration)
    assert len(conflicts()) == 2


def test_a_difference_that_comes_back_is_told_again(integration, published, simulated_site):
    copy = simulated_site.duplicate(int(published.external_id))
    census(integration)
    simulated_site.delete(copy)
    assert census(integration) == []
    simulated_site.duplicate(int(published.external_id))
    census(integration)

    assert len(conflicts()) == 2


def test_a_key_that_nobody_here_knows_is_only_told(integration, published, simulated_site):
    with session_scope() as session:
        session.execute(sa.delete(Publication).filter_by(id=published.id))

    assert [census(integration), census(integration)] == [[Kind.FOREIGN]] * 2
    (event,) = conflicts()
    assert (event.external_id, event.content_id) == (published.external_id, None)
    assert len(simulated_site.posts) == 1


def test_many_strange_keys_do_not_bury_the_events(integration, simulated_site, monkeypatch):
    monkeypatch.setattr("tasks.sites.census_repairs.EVENTS_OF_A_KIND", 3)
    for number in range(7):
        make_publication(integration, title=f"Post {number}")
    run_due()
    with session_scope() as session:
        session.execute(sa.delete(Publication))
    census(integration)

    assert [event.details.get("more") for event in conflicts()] == [None, None, None, 4]
    assert open_findings() == ["foreign"] * 7


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "status", "code": 500}, id="500"),
        pytest.param({"kind": "html_200"}, id="html-with-200"),
        pytest.param({"kind": "truncated_json"}, id="truncated-json"),
        pytest.param({"kind": "reset"}, id="reset"),
    ],
)
def test_a_listing_that_breaks_off_concludes_nothing(
    integration, simulated_site, turn_dial, monkeypatch, fault
):
    monkeypatch.setattr("platforms.wordpress.LARGEST_PAGE", 2)
    rows = [make_publication(integration, title=f"Post {number}") for number in range(3)]
    run_due()
    backup = simulated_site.backup()
    rows.append(make_publication(integration, title="New"))
    run_due()
    simulated_site.restore(backup)
    meanwhile(
        monkeypatch, lambda page: page == 2 and turn_dial(**fault, path="publications", times=9)
    )

    taken = take_census(integration.id, forced=True)

    assert taken.error is not None
    assert taken.findings == ()
    assert {reload(row).state for row in rows} == {PublicationState.PUBLISHED}
    assert (conflicts(), open_findings()) == ([], [])


def test_a_row_that_moved_on_meanwhile_is_left_alone(
    integration, published, simulated_site, monkeypatch
):
    simulated_site.restore(({}, {}, {}, {}))
    meanwhile(monkeypatch, lambda _: revise(published, integration))

    assert census(integration) == []
    moved = reload(published)
    assert (moved.state, moved.revision, moved.published_revision) == (
        PublicationState.QUEUED,
        2,
        1,
    )


def test_what_was_published_meanwhile_is_not_foreign(integration, simulated_site, monkeypatch):
    def publish(_):
        make_publication(integration, title="New")
        run_due()

    meanwhile(monkeypatch, publish)

    assert census(integration) == []


def test_what_only_the_listing_lacks_is_not_lost(
    integration, published, simulated_site, monkeypatch
):
    monkeypatch.setattr(census_taking, "_listed", lambda platform: [])

    assert census(integration) == []
    assert reload(published).state is PublicationState.PUBLISHED


def test_a_site_has_its_census_once_a_day(integration, published):
    def age(seconds):
        with session_scope() as session:
            session.execute(sa.update(Integration).values(census_at=now_plus(-seconds)))

    def due():
        with session_scope(read_only=True) as session:
            return due_sites(session, ["wordpress"], 10)

    assert take_census(integration.id) is None
    assert due() == []
    age(DAYS + 3600)
    assert due() == [integration.id]
    assert take_census(integration.id).findings == ()
    assert (due(), take_census(integration.id)) == ([], None)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"suspended_at": now_plus(-5), "suspended_reason": "key"}, id="suspended"),
        pytest.param({"sync_enabled": False}, id="no sync: nothing is repaired by itself"),
    ],
)
def test_who_is_not_asked(integration, published, values):
    with session_scope() as session:
        session.execute(sa.update(Integration).values(census_at=now_plus(-3 * DAYS), **values))
    assert take_census(integration.id) is None
    assert take_census(integration.id, forced=True) is not None


def test_of_two_at_once_one_takes_it_and_a_late_end_changes_nothing(integration, published):
    with session_scope() as session:
        session.execute(sa.update(Integration).values(census_at=now_plus(-3 * DAYS)))
    with session_scope() as session:
        first = claim_census(session, integration.id)
    with session_scope() as session:
        assert claim_census(session, integration.id) is None
    forced = first
    while forced == first:  # SQLite's clock may show the same millisecond once more
        with session_scope() as session:
            forced = claim_census(session, integration.id, forced=True)
    with session_scope() as session:
        end_census(session, integration.id, first)
    assert reload(integration).census_at == forced


def test_a_census_that_failed_is_taken_again_within_two_hours(
    integration, published, simulated_site
):
    key, simulated_site.api_key = simulated_site.api_key, "another"
    assert take_census(integration.id, forced=True).error is not None
    simulated_site.api_key = key
    with session_scope() as session:
        again = sa.update(Integration).values(
            census_at=sa.case((Integration.census_at < now_plus(-20 * 3600), now_plus(-2 * DAYS)))
        )
        session.execute(again)

    assert take_census(integration.id).findings == ()


def test_a_look_that_failed_is_on_record(integration, published, turn_dial):
    turn_dial(kind="reset", path="publications", times=9)
    take_census(integration.id, forced=True)

    with session_scope(read_only=True) as session:
        looks = session.scalars(sa.select(Attempt).filter_by(method="GET")).all()
    assert looks
    assert all(look.error and look.batch_id is None for look in looks)


@pytest.fixture
def broker(broker_url):
    app._after_fork()  # else it keeps the connections of an earlier test
    yield
    app._after_fork()


def test_the_tick_rings_for_what_is_due_and_the_task_takes_it_once(
    integration, published, simulated_site, broker
):
    simulated_site.duplicate(int(published.external_id))
    with session_scope() as session:
        session.execute(sa.update(Integration).values(census_at=now_plus(-3 * DAYS)))
    tasks.sites.census.census_due()
    with app.connection_for_write() as connection:
        message = app.amqp.queues["maintenance"](connection.default_channel).get(no_ack=True)
    assert (message.headers["task"], message.decode()[0]) == ("census", [integration.id])

    tasks.sites.census.census(integration.id)
    asked = len(simulated_site.requests)
    tasks.sites.census.census(integration.id)
    assert len(simulated_site.requests) == asked
    assert [event.action for event in conflicts()] == ["census_duplicate"]
