"""What becomes of a batch on a site that works, and on one that does not."""

import pytest
import sqlalchemy as sa
from chains import LINKS, run_due
from factories import (
    SITE_KEY,
    make_content,
    make_integration,
    make_publication,
    make_site,
    reload,
)

from models import Attempt, Integration, Publication, PublicationState, Revision, SyncEvent
from models.clock import now_plus
from models.publishing.accepting import Wanted, accept_publish
from models.publishing.outcomes import resume_site
from models.publishing.rescuing import rescue_expired
from models.session import session_scope
from simulators.wordpress import SimulatedSite


def events():
    with session_scope(read_only=True) as session:
        return list(session.scalars(sa.select(SyncEvent).order_by(SyncEvent.id)))


def make_due(seconds=-1):
    with session_scope() as session:
        session.execute(sa.update(Publication).values(due_at=now_plus(seconds)))


@pytest.fixture
def publication(integration):
    return make_publication(integration, title="A walk", html="<p>Along the Spree &amp; back.</p>")


def test_new_content_becomes_one_post_that_the_site_shows(publication, simulated_site):
    run_due()

    found = reload(publication)
    (post,) = simulated_site.posts
    assert found.state is PublicationState.PUBLISHED
    assert found.external_id == str(post.id)
    assert found.external_url
    assert found.published_revision == found.revision == 1
    assert post.title == "A walk"
    assert post.excerpt == "Along the Spree & back."


def test_success_is_told_in_an_event(publication):
    run_due()

    (event,) = events()
    assert (event.event_type, event.action, event.success) == ("publish", "content_publish", True)
    assert event.external_id == reload(publication).external_id
    assert event.content_id == publication.content_id


def test_an_event_tells_how_long_the_last_try_took(integration, simulated_site, turn_dial):
    rows = [make_publication(integration, title=f"Post {number}") for number in range(3)]
    turn_dial(kind="status", code=429, times=3)
    run_due(LINKS[:-1])
    make_due()

    def set_durations(_batch_id):
        with session_scope() as session:
            took = Attempt.id * 1000 + Attempt.publication_id
            session.execute(sa.update(Attempt).values(duration_ms=took))

    run_due([*LINKS[:-1], set_durations, LINKS[-1]])

    with session_scope(read_only=True) as session:
        tries = session.scalars(sa.select(Attempt).order_by(Attempt.id)).all()
    last = {each.publication_id: each.duration_ms for each in tries if each.method == "POST"}
    contents = {row.content_id: row.id for row in rows}
    assert {contents[event.content_id]: event.duration_ms for event in events()} == last
    assert len(set(last.values())) == 3


@pytest.mark.parametrize("again", range(len(LINKS)))
def test_any_link_may_run_twice(publication, simulated_site, again):
    links = [*LINKS[: again + 1], LINKS[again], *LINKS[again + 1 :]]
    run_due(links)

    assert reload(publication).state is PublicationState.PUBLISHED
    assert len(simulated_site.posts) == 1
    assert len(events()) == 1


def test_publishing_again_updates_the_same_post(publication, integration, simulated_site):
    run_due()
    with session_scope() as session:
        content = session.get_one(Publication, publication.id).content
        changed = make_content(
            session, content.site, title="A longer walk", html="<p>Further.</p>", content=content
        )
        accept_publish(session, changed, session.get_one(Integration, integration.id), Wanted())
    run_due()

    (post,) = simulated_site.posts
    assert post.title == "A longer walk"
    assert reload(publication).published_revision == 2


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "lost_answer"}, id="lost-answer"),
        pytest.param({"kind": "reset_after_work"}, id="reset-after-the-work"),
        pytest.param({"kind": "html_200_after_work"}, id="html-after-the-work"),
        pytest.param({"kind": "truncated_json"}, id="truncated-json"),
        pytest.param({"kind": "json_without_id"}, id="200-without-an-id"),
        pytest.param({"kind": "reset"}, id="reset-before-the-work"),
        pytest.param({"kind": "status", "code": 500}, id="500"),
        pytest.param({"kind": "html_200"}, id="html-before-the-work"),
    ],
)
def test_after_an_unclear_answer_the_site_is_asked_first(
    publication, simulated_site, turn_dial, fault
):
    turn_dial(**fault, times=1)
    run_due()
    unclear = reload(publication)
    assert unclear.state is PublicationState.UNCONFIRMED
    assert unclear.failure

    make_due()
    run_due()
    assert reload(publication).state is PublicationState.PUBLISHED
    assert len(simulated_site.posts) == 1


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        pytest.param({"kind": "status", "code": 429, "retry_after": "120"}, 120, id="its-own-time"),
        pytest.param({"kind": "status", "code": 429}, 60, id="our-curve"),
    ],
)
def test_a_busy_site_is_asked_again_later(publication, turn_dial, fault, seconds):
    turn_dial(**fault, times=1)
    run_due()

    waiting = reload(publication)
    assert waiting.state is PublicationState.QUEUED
    assert waiting.attempts == 0
    with session_scope(read_only=True) as session:
        soon = sa.select(Publication.id).where(
            Publication.due_at.between(now_plus(seconds * 0.7), now_plus(seconds * 1.3))
        )
        assert session.scalars(soon).all() == [publication.id]


@pytest.mark.parametrize("place", ["reserved", "draft"])
@pytest.mark.usefixtures("database")
def test_what_died_with_the_sites_server_is_taken_over(place):
    with SimulatedSite(api_key=SITE_KEY, stale_seconds=0) as site:
        with session_scope() as session:
            integration = make_integration(session, make_site(session, url=site.url, key=SITE_KEY))
        left_behind = make_publication(integration)
        site.faults.add(kind="crash", at=place, times=1)
        run_due()
        assert reload(left_behind).state is PublicationState.UNCONFIRMED
        make_due()
        run_due()

        assert reload(left_behind).state is PublicationState.PUBLISHED
        assert [post.status for post in site.posts] == ["publish"]


def test_three_attempts_in_total(publication, simulated_site, turn_dial):
    turn_dial(kind="status", code=408, times=9)
    for _ in range(5):
        run_due()
        make_due()

    failed = reload(publication)
    assert (failed.state, failed.attempts) == (PublicationState.FAILED, 3)
    (event,) = events()
    assert (event.success, event.duration_ms is None) == (False, False)
    assert simulated_site.posts == []


def test_a_refused_key_suspends_the_site_and_burns_no_attempt(
    publication, integration, simulated_site
):
    simulated_site.api_key = "another"
    run_due()

    parked = reload(publication)
    assert (parked.state, parked.attempts) == (PublicationState.QUEUED, 0)
    with session_scope(read_only=True) as session:
        assert "key" in session.get_one(Integration, integration.id).suspended_reason
    assert run_due() == []


def test_a_repaired_site_goes_on(publication, integration, simulated_site):
    key, simulated_site.api_key = simulated_site.api_key, "another"
    run_due()
    simulated_site.api_key = key
    with session_scope() as session:
        resume_site(session, integration.id)
    run_due()

    assert reload(publication).state is PublicationState.PUBLISHED


def test_one_bad_item_does_not_fail_its_batch(integration, simulated_site, turn_dial):
    bad = make_publication(integration, title="Bad")
    good = make_publication(integration, title="Good")
    turn_dial(kind="status", code=400, times=1)
    run_due()

    states = {reload(bad).state, reload(good).state}
    assert states == {PublicationState.FAILED, PublicationState.PUBLISHED}


def test_a_revision_accepted_while_publishing_goes_out_next(
    publication, integration, simulated_site
):
    (claim,) = run_due(LINKS[:4])
    with session_scope() as session:
        content = session.get_one(Publication, publication.id).content
        changed = make_content(
            session, content.site, title="Newer", html="<p>Newer.</p>", content=content
        )
        accept_publish(session, changed, session.get_one(Integration, integration.id), Wanted())
    LINKS[4](claim.batch_id)
    assert reload(publication).state is PublicationState.QUEUED

    run_due()
    (post,) = simulated_site.posts
    assert post.title == "Newer"
    assert reload(publication).state is PublicationState.PUBLISHED


def test_a_worker_that_lost_its_lease_writes_nothing(publication, simulated_site):
    (claim,) = run_due(LINKS[:4])
    with session_scope() as session:
        session.execute(sa.update(Publication).values(leased_until=now_plus(-1)))
        assert rescue_expired(session) == [publication.id]
    LINKS[4](claim.batch_id)
    assert reload(publication).state is PublicationState.UNCONFIRMED
    assert events() == []

    run_due()
    assert reload(publication).state is PublicationState.PUBLISHED
    assert len(simulated_site.posts) == 1


def test_every_write_to_the_site_is_on_record(publication, turn_dial):
    turn_dial(kind="status", code=500, times=1)
    run_due()
    make_due()
    run_due()

    with session_scope(read_only=True) as session:
        attempts = session.scalars(sa.select(Attempt).order_by(Attempt.id)).all()
    assert [attempt.status_code for attempt in attempts] == [500, 201]
    assert [attempt.fence for attempt in attempts] == [1, 2]


def test_a_post_removed_at_the_site_is_not_called_published(publication, simulated_site):
    (claim,) = run_due(LINKS[:4])
    simulated_site.trash(simulated_site.posts[0].id)
    LINKS[4](claim.batch_id)

    failed = reload(publication)
    assert (failed.state, failed.failure_code) == (PublicationState.FAILED, "removed")


@pytest.mark.parametrize("unclear", [False, True])
def test_what_can_not_be_built_fails_alone_and_stays_as_clear_as_it_was(integration, unclear):
    broken, other = (make_publication(integration) for _ in range(2))
    with session_scope() as session:
        session.get_one(Publication, broken.id).unclear = unclear
        revision = session.get_one(Revision, broken.revision_id)
        revision.document = revision.document | {"html": None}
    run_due()

    failed = reload(broken)
    assert (failed.state, failed.failure_code) == (PublicationState.FAILED, "build_failed")
    assert failed.unclear is unclear
    assert reload(other).state is PublicationState.PUBLISHED
