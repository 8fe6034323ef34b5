"""Who holds an entry back decides when it goes: a person, or the status of its content."""

import pytest
from factories import reload
from planned_entries import add_entry, change, now_of, settings_for

from models import Content, ContentStatus, EntrySource, EntryState, Site
from models.clock import now_plus
from models.schedule import by_hand
from models.session import session_scope
from tasks.schedule.due_slots import take_due_slots, tidy_slots
from tasks.schedule.ticks import sweep_approved


@pytest.fixture
def entry(integration, environment):
    """At an exact time that has come, with a content that is in review."""
    environment.setenv("CELERY_BROKER_URL", "memory://")
    with session_scope() as session:
        settings_for(session, session.get_one(Site, integration.site_id))
    timed = {"slot_at": now_plus(-1), "reason": "exact", "exact": True}
    return add_entry(
        integration.site, source=EntrySource.PERSON, status=ContentStatus.REVIEW, **timed
    )


def move_to_now(entry, integration):
    with session_scope() as session:
        found = by_hand.entry_to_change(session, entry.content_id, integration.id)
        by_hand.move(session, found, {"at": now_of()})


def approve(entry):
    with session_scope(read_only=True) as session:
        content = session.get_one(Content, entry.content_id)
    change(content, status=ContentStatus.APPROVED)
    sweep_approved()


def test_what_was_held_for_its_status_goes_out_once_it_is_moved_and_approved(entry, integration):
    tidy_slots()
    assert reload(entry).state is EntryState.HELD
    move_to_now(entry, integration)
    tidy_slots()
    approve(entry)

    assert take_due_slots() == 1


def test_what_a_person_holds_stays_so_when_it_is_moved(entry, integration):
    with session_scope() as session:
        by_hand.hold(session, by_hand.entry_to_change(session, entry.content_id, integration.id))
    move_to_now(entry, integration)
    approve(entry)

    assert take_due_slots() == 0
    assert reload(entry).state is EntryState.HELD
