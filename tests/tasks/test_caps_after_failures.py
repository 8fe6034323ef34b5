"""What ended in vain counts for no day; published by hand later, it counts for that later day."""

from datetime import timedelta

import pytest
from factories import make_integration, make_publication, make_site, reload
from planned_entries import add_entry, change, every_hour, now_of, settings_for

from models import Publication, PublicationState, PublishingSettings, ScheduleEntry
from models.clock import now_plus
from models.publishing.accepting import Wanted, accept_publish
from models.session import session_scope
from tasks.schedule.due_slots import take_due_slots
from tasks.schedule.site_planning import limit_reached

YESTERDAY = timedelta(days=1)


@pytest.fixture
def integration(database):
    """A site that gets one post a day."""
    with session_scope() as session:
        made = make_integration(session, make_site(session))
        settings_for(session, made.site, **every_hour(daily_publish_limit=1))
        return made


def due(integration):
    return add_entry(integration.site, slot_at=now_plus(-1), slot_until=now_plus(3600))


def publish_by_hand(publication, **wanted):
    with session_scope() as session:
        ours = session.get_one(Publication, publication.id)
        accept_publish(session, ours.content, ours.integration, Wanted(**wanted))


def full(integration, at):
    with session_scope() as session:
        kept = session.get_one(PublishingSettings, integration.site_id)
        return limit_reached(session, kept, integration.id, at)


def failed_yesterday(integration):
    """An entry whose publish failed for good yesterday, and its publication."""
    entry = due(integration)
    take_due_slots()
    with session_scope(read_only=True) as session:
        publication = session.get_one(ScheduleEntry, entry.id).publication
    change(publication, state=PublicationState.FAILED, created_at=now_of() - YESTERDAY)
    change(entry, slot_at=now_of() - YESTERDAY)
    return entry, publication


@pytest.mark.parametrize("force", [pytest.param(False, id="again"), pytest.param(True, id="anew")])
def test_a_slot_that_failed_counts_for_the_day_of_the_publish_by_hand(integration, force):
    entry, publication = failed_yesterday(integration)

    publish_by_hand(publication, force=force)

    assert full(integration, now_of()) == "daily_limit"
    assert full(integration, now_of() - YESTERDAY) is None
    assert (reload(entry).reason, reload(entry).publication_id) == ("by_hand", publication.id)
    due(integration)
    assert take_due_slots() == 0


@pytest.mark.parametrize("force", [pytest.param(False, id="again"), pytest.param(True, id="anew")])
def test_so_does_a_failed_publish_without_a_slot(integration, force):
    publication = make_publication(integration)
    change(publication, state=PublicationState.FAILED, created_at=now_of() - YESTERDAY)

    publish_by_hand(publication, force=force)

    assert full(integration, now_of()) == "daily_limit"


def test_what_is_on_the_site_counts_for_its_first_day(integration):
    publication = make_publication(integration)
    published = {"state": PublicationState.FAILED, "external_id": "7"}
    change(publication, created_at=now_of() - YESTERDAY, **published)

    publish_by_hand(publication)

    assert full(integration, now_of()) is None


def test_a_failed_content_that_is_scheduled_anew_keeps_its_slot(integration):
    entry, _ = failed_yesterday(integration)
    slot = {"slot_at": now_of(), "slot_until": now_of() + timedelta(hours=1)}
    change(entry, state="waiting", **slot)

    assert take_due_slots() == 1
    assert (reload(entry).slot_at, reload(entry).slot_until) == tuple(slot.values())
