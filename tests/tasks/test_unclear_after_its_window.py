"""A window that closes over a lost answer: the site is asked at once, and what is there counts."""

import pytest
from chains import run_due
from factories import reload
from planned_entries import add_entry, change, every_hour, settings_for
from test_restored_database import edit

from models import PublicationState, ScheduleEntry, Site
from models.clock import now_plus
from models.session import session_scope
from tasks.schedule.due_slots import take_due_slots, tidy_slots
from tasks.schedule.site_planning import plan_site


@pytest.fixture
def entry(integration):
    """An entry whose slot has come, in a window of an hour."""
    with session_scope() as session:
        settings_for(session, session.get_one(Site, integration.site_id), **every_hour())
    return add_entry(integration.site, slot_at=now_plus(-1), slot_until=now_plus(3600))


def publication_of(entry):
    with session_scope(read_only=True) as session:
        return reload(session.get_one(ScheduleEntry, entry.id).publication)


def run_until_its_window_closes(entry):
    """Take its slot, send it, and let both its pause and its window pass."""
    take_due_slots()
    run_due()
    publication = publication_of(entry)
    assert publication.state is PublicationState.UNCONFIRMED
    close(entry, publication)
    return publication


def close(entry, publication):
    change(publication, publish_until=now_plus(-1), due_at=now_plus(-1))
    change(entry, slot_until=now_plus(-1))


def test_what_is_out_is_found_and_has_missed_nothing(entry, simulated_site, turn_dial):
    turn_dial(kind="lost_answer", times=1)
    publication = run_until_its_window_closes(entry)

    assert tidy_slots() == 0
    run_due()

    assert reload(publication).state is PublicationState.PUBLISHED
    assert len(simulated_site.posts) == 1
    assert (reload(entry).slot_at, tidy_slots()) == (entry.slot_at, 0)


def test_what_is_not_out_is_planned_anew(entry, integration, simulated_site, turn_dial):
    turn_dial(kind="reset", times=1)
    publication = run_until_its_window_closes(entry)

    run_due()

    found = reload(publication)
    assert (found.state, found.unclear) == (PublicationState.QUEUED, False)
    assert (found.failure_code, simulated_site.posts) == ("window_closed", [])
    assert run_due() == []
    assert tidy_slots() == 1
    with session_scope() as session:
        plan_site(session, integration.site_id)
    change(reload(publication), due_at=now_plus(-1))
    run_due()
    assert reload(publication).state is PublicationState.PUBLISHED


def test_what_the_site_has_not_finished_is_asked_about_again_before_it_is_planned_anew(
    entry, simulated_site, turn_dial
):
    turn_dial(kind="crash", at="reserved", times=1)
    publication = run_until_its_window_closes(entry)

    run_due()
    found = reload(publication)
    assert (found.state, found.failure_code) == (PublicationState.UNCONFIRMED, "in_progress")
    assert (found.attempts, run_due(), tidy_slots()) == (2, [], 0)

    change(publication, due_at=now_plus(-1))
    run_due()
    found = reload(publication)
    assert (found.state, found.failure_code) == (PublicationState.QUEUED, "window_closed")
    assert (simulated_site.posts, tidy_slots()) == ([], 1)


def test_of_a_newer_text_the_older_one_is_known_to_be_out(entry, simulated_site, turn_dial):
    turn_dial(kind="lost_answer", times=1)
    publication = run_until_its_window_closes(entry)
    edit(publication, "The newer text")
    close(entry, publication)

    run_due()

    found = reload(publication)
    (post,) = simulated_site.posts
    assert (found.state, found.unclear) == (PublicationState.QUEUED, False)
    assert (found.published_revision, found.external_id) == (1, str(post.id))
    assert (post.title, tidy_slots()) == ("A title", 1)
