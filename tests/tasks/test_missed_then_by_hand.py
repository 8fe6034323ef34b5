"""A person publishes by hand what has missed its window and waits for another slot."""

import pytest
from factories import make_integration, make_site, reload
from planned_entries import add_entry, change, every_hour, now_of, settings_for

from models import Publication, ScheduleEntry
from models.clock import now_plus
from models.publishing.accepting import Wanted, accept_publish
from models.session import session_scope
from tasks.schedule.due_slots import take_due_slots

TO_ITS_SLOT = 3 * 86400.0
"""Seconds."""


@pytest.fixture
def accepted(database):
    """What was accepted in its slot."""
    with session_scope() as session:
        integration = make_integration(session, make_site(session))
        settings_for(session, integration.site, **every_hour())
    entry = add_entry(integration.site, slot_at=now_plus(-1), slot_until=now_plus(3600))
    take_due_slots()
    with session_scope(read_only=True) as session:
        return session.get_one(ScheduleEntry, entry.id).publication


def publish_by_hand(publication):
    with session_scope() as session:
        ours = session.get_one(Publication, publication.id)
        accept_publish(session, ours.content, ours.integration, Wanted())
    return reload(publication)


def test_it_does_not_wait_for_the_slot(accepted):
    with session_scope() as session:
        entry = session.query(ScheduleEntry).filter_by(publication_id=accepted.id).one()
    slot = now_plus(TO_ITS_SLOT), now_plus(TO_ITS_SLOT + 3600)
    change(entry, slot_at=slot[0], slot_until=slot[1])
    change(accepted, due_at=slot[0], publish_until=slot[1])

    found = publish_by_hand(accepted)
    assert found.publish_until is None
    assert found.due_at <= now_of()


def test_what_waits_for_its_next_try_in_its_window_keeps_its_time(accepted):
    change(accepted, due_at=now_plus(600), attempts=1)
    waits = reload(accepted)

    found = publish_by_hand(accepted)
    assert (found.publish_until, found.due_at) == (None, waits.due_at)
