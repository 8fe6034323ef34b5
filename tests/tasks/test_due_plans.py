"""Which sites are planned, and what a plan looks at: nothing that waits is left without one."""

from datetime import timedelta

import pytest
from factories import make_integration, make_site, reload
from planned_entries import add_entry, change, every_hour, now_of, settings_for

from models import ContentStatus, EntrySource, EntryState, PublicationState, ScheduleEntry
from models.clock import now_plus
from models.schedule.due_plans import ask_for_daily, sites_to_plan
from models.session import session_scope
from tasks.schedule import planning
from tasks.schedule.due_slots import take_due_slots
from tasks.schedule.planning import plan_slots
from tasks.schedule.site_planning import plan_site

YESTERDAY = timedelta(hours=25)


@pytest.fixture
def site(database):
    with session_scope() as session:
        found = make_site(session)
        make_integration(session, found)
        settings_for(session, found, **every_hour())
    return found


def settings(site, **values):
    with session_scope() as session:
        return settings_for(session, site, **values)


def plan(site):
    with session_scope() as session:
        plan_site(session, site.id)


def planned_yesterday(site):
    plan(site)
    change(settings(site), planned_at=now_of() - YESTERDAY, plan_due=False)


def ask():
    with session_scope() as session:
        return ask_for_daily(session)


def accepted(site, **values):
    """An entry that was accepted and has missed its window."""
    entry = add_entry(site, slot_at=now_plus(-1), slot_until=now_plus(3600))
    take_due_slots()
    with session_scope(read_only=True) as session:
        publication = session.get_one(ScheduleEntry, entry.id).publication
    change(publication, publish_until=now_plus(-1), **values)
    change(entry, slot_at=None, slot_until=None)
    return entry


def test_a_day_later_the_horizon_has_moved(site):
    add_entry(site)
    plan(site)
    assert ask() == 0

    planned_yesterday(site)

    assert ask() == 1
    with session_scope(read_only=True) as session:
        assert sites_to_plan(session, 10) == [site.id]


def test_what_was_accepted_and_found_no_slot_is_looked_at_again(site):
    entry = accepted(site)
    change(settings(site), daily_publish_limit=0)
    planned_yesterday(site)
    assert reload(entry).slot_at is None
    change(settings(site), daily_publish_limit=5)

    assert ask() == 1

    plan(site)
    assert reload(entry).slot_at is not None


@pytest.mark.parametrize(
    "state", [pytest.param(PublicationState.PUBLISHED, id="out"), PublicationState.FAILED]
)
def test_what_has_ended_wants_no_plan(site, state):
    accepted(site, state=state)
    planned_yesterday(site)

    assert ask() == 0


@pytest.mark.parametrize(
    ("blocked", "automatic"),
    [
        pytest.param({"status": ContentStatus.REVIEW}, True, id="not-approved"),
        pytest.param({}, False, id="switched-off"),
    ],
)
@pytest.mark.parametrize("order", ["oldest_approved", "priority"])
def test_what_gets_no_slot_keeps_nobody_from_one(site, monkeypatch, blocked, automatic, order):
    monkeypatch.setattr("models.schedule.planning.MOST_PLANNED", 2)
    monkeypatch.setattr("tasks.schedule.site_planning.MOST_PLANNED", 2)
    settings(site, auto_publish_enabled=automatic, publish_order=order)
    for _ in range(3):
        add_entry(site, priority=9, **blocked)
    wanted = add_entry(site, source=EntrySource.PERSON)

    plan(site)

    assert reload(wanted).slot_at is not None
    assert reload(wanted).state is EntryState.WAITING


def test_sites_that_cannot_be_planned_keep_no_other_from_its_plan(site, monkeypatch):
    with session_scope() as session:
        broken = make_site(session)
        settings_for(session, broken)
    change(settings(site), planned_at=now_of() - YESTERDAY)

    def plan_but_one(session, site_id):
        if site_id == broken.id:
            raise RuntimeError("no plan can be made")
        return plan_site(session, site_id)

    monkeypatch.setattr(planning, "SITES_PER_TICK", 1)
    monkeypatch.setattr(planning, "plan_site", plan_but_one)

    plan_slots()
    plan_slots()

    assert not settings(site).plan_due
    assert settings(broken).plan_due
