"""A request of ours that sleeps on its way, and arrives when nobody waits for it any more."""

import pytest
from census_looks import census, conflicts, revise
from chains import run_due
from factories import reload
from planned_entries import add_entry, change, every_hour, settings_for

from models import EventStatus, PublicationState, ScheduleEntry, Site
from models.clock import now_plus
from models.publishing.accepting import Wanted, accept_publish
from models.schedule.by_hand import OnItsWay, withdraw
from models.session import session_scope
from pipeline.census import Kind
from pipeline.errors import UnclearOutcome
from platforms.wordpress import WordPressBridge
from tasks.schedule.due_slots import take_due_slots


@pytest.fixture
def sleeping(integration, environment):
    """A publish of the schedule whose only request is on its way; call the second to deliver it."""
    with session_scope() as session:
        settings_for(session, session.get_one(Site, integration.site_id), **every_hour())
    entry = add_entry(integration.site, slot_at=now_plus(-1), slot_until=now_plus(3600))
    take_due_slots()
    sent = []

    def fall_asleep(bridge, payload):
        sent.append((bridge, payload))
        raise UnclearOutcome("no answer in time", code="timeout")

    with environment.context() as patched:
        patched.setattr(WordPressBridge, "publish", fall_asleep)
        run_due()
    with session_scope(read_only=True) as session:
        publication = session.get_one(ScheduleEntry, entry.id).publication
    return publication, lambda: WordPressBridge.publish(*sent[0])


def take_out_of_the_schedule(publication):
    with session_scope() as session:
        query = session.query(ScheduleEntry).filter_by(publication_id=publication.id)
        withdraw(session, query.one())


def test_nobody_can_call_it_off_though_the_site_asks_to_wait(sleeping, integration, turn_dial):
    publication, _ = sleeping
    turn_dial(kind="status", code=429)
    change(publication, due_at=now_plus(-1))
    run_due()

    found = reload(publication)
    assert (found.state, found.unclear) == (PublicationState.UNCONFIRMED, True)
    with pytest.raises(OnItsWay):
        take_out_of_the_schedule(publication)


def test_the_census_finds_the_post_of_one_that_was_called_off(
    sleeping, integration, simulated_site
):
    publication, arrive = sleeping
    change(publication, state=PublicationState.QUEUED, unclear=False)  # as its window closed
    take_out_of_the_schedule(publication)
    arrive()
    census(integration)

    (post,) = simulated_site.posts
    found = reload(publication)
    assert (found.state, found.external_id) == (PublicationState.PUBLISHED, str(post.id))


@pytest.mark.parametrize("ended", [PublicationState.WITHDRAWN, PublicationState.FAILED])
def test_the_census_tells_of_an_older_text_that_is_out_after_all(
    sleeping, integration, simulated_site, ended
):
    publication, arrive = sleeping
    change(publication, state=PublicationState.QUEUED, unclear=False)  # as its window closed
    revise(publication, integration)
    if ended is PublicationState.WITHDRAWN:
        take_out_of_the_schedule(publication)
    else:
        change(publication, state=ended, failure_code="blocked", failure="a firewall")
    arrive()

    assert census(integration) == [Kind.OLDER]
    (post,) = simulated_site.posts
    found = reload(publication)
    assert (found.state, found.revision, found.published_revision) == (ended, 2, 1)
    assert (found.external_id, found.external_status) == (str(post.id), "publish")
    assert found.external_url
    (event,) = conflicts()
    assert (event.action, event.status) == ("census_older", EventStatus.FAILED)
    assert (event.content_id, event.external_id) == (publication.content_id, str(post.id))


def test_of_which_the_newest_text_replaces_it_when_it_is_published_again(
    sleeping, integration, simulated_site
):
    publication, arrive = sleeping
    change(publication, state=PublicationState.QUEUED, unclear=False)
    revise(publication, integration, "The newer text")
    take_out_of_the_schedule(publication)
    arrive()
    census(integration)
    with session_scope() as session:
        row = session.get_one(type(publication), publication.id)
        accept_publish(session, row.content, row.integration, Wanted())
    run_due()

    assert [post.title for post in simulated_site.posts] == ["The newer text"]
    assert reload(publication).state is PublicationState.PUBLISHED
    assert census(integration) == []
