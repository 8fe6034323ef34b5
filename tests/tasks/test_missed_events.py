"""People are told of a slot that passed without its publish, once for each time."""

import pytest
import sqlalchemy as sa
from factories import make_integration, make_site
from planned_entries import add_entry, change, every_hour, settings_for

from models import ScheduleEntry, SyncEvent
from models.clock import now_plus
from models.schedule.planning import LATE_AFTER
from models.session import session_scope
from tasks.schedule.due_slots import take_due_slots, tidy_slots
from tasks.schedule.site_planning import plan_site


@pytest.fixture
def integration(database):
    with session_scope() as session:
        made = make_integration(session, make_site(session))
        settings_for(session, made.site, **every_hour())
        return made


def plan(integration):
    with session_scope() as session:
        plan_site(session, integration.site_id)


def told():
    with session_scope(read_only=True) as session:
        return list(session.scalars(sa.select(SyncEvent).order_by(SyncEvent.id)))


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(lambda _: tidy_slots(), id="found-by-the-tick-of-slots"),
        pytest.param(plan, id="found-by-the-planner"),
    ],
)
def test_a_missed_slot_is_told_once(integration, first):
    entry = add_entry(integration.site, slot_at=now_plus(-LATE_AFTER - 1))

    first(integration)
    for _ in range(2):
        tidy_slots()
        plan(integration)

    [event] = told()
    assert (event.event_type, event.action) == ("publish", "slot_missed")
    assert (event.content_id, event.integration_id) == (entry.content_id, integration.id)
    assert (event.status, event.direction, event.details) == ("skipped", None, {"missed": 1})


def test_so_is_a_window_that_closed_over_what_was_accepted(integration):
    entry = add_entry(integration.site, slot_at=now_plus(-1), slot_until=now_plus(3600))
    take_due_slots()
    with session_scope(read_only=True) as session:
        publication = session.get_one(ScheduleEntry, entry.id).publication
    change(publication, publish_until=now_plus(-1))
    change(entry, slot_until=now_plus(-1))

    for _ in range(2):
        tidy_slots()
        plan(integration)

    assert [event.action for event in told()] == ["slot_missed"]


def test_what_is_out_of_service_misses_nothing(integration):
    add_entry(integration.site, slot_at=now_plus(-LATE_AFTER - 1))
    change(integration, is_active=False)

    tidy_slots()

    assert told() == []
