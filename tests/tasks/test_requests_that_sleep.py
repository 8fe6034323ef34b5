"""A request of ours that sleeps on its way, and arrives when nobody waits for it any more."""

import pytest
from census_looks import census
from chains import run_due
from factories import reload
from planned_entries import add_entry, change, every_hour, settings_for

from models import PublicationState, ScheduleEntry, Site
from models.clock import now_plus
from models.schedule.by_hand import OnItsWay, withdraw
from models.session import session_scope
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
