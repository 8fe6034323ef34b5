"""A site's plan in the database: what is read, what is written, and what is left alone."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from factories import make_content, make_integration, make_site, reload
from planned_entries import add_entry, change, every_hour, now_of, settings_for

from models import (
    Capability,
    Content,
    ContentStatus,
    EntrySource,
    EntryState,
    Integration,
    PublicationState,
    PublishingSettings,
    ScheduleEntry,
)
from models.publishing.accepting import Wanted, accept_publish
from models.schedule.due_plans import sites_to_plan
from models.schedule.planning import LATE_AFTER
from models.session import session_scope
from tasks.schedule.planning import plan_slots
from tasks.schedule.site_planning import limit_reached, plan_site
from tasks.sites.settings import settings_in_zone

MINUTE = timedelta(minutes=1)
GAP = 30 * MINUTE


@pytest.fixture
def site(database):
    with session_scope() as session:
        found = make_site(session)
        make_integration(session, found)
        settings_for(session, found, **every_hour())
    return found


def plan(site):
    with session_scope() as session:
        return plan_site(session, site.id)


def entries(site):
    with session_scope(read_only=True) as session:
        query = sa.select(ScheduleEntry).filter_by(site_id=site.id).order_by(ScheduleEntry.id)
        return list(session.scalars(query))


def settings(site, **values):
    with session_scope() as session:
        return settings_for(session, site, **values)


def publish(site, entry=None, **values):
    """Accept a publish, for an entry or by hand; its row gets ``values``."""
    with session_scope() as session:
        ours = session.scalars(sa.select(Integration).filter_by(site_id=site.id)).one()
        content = session.get_one(Content, entry.content_id) if entry else None
        content = content or make_content(session, ours.site)
        publication = accept_publish(session, content, ours, Wanted()).publication
        for name, value in values.items():
            setattr(publication, name, value)
        if entry:
            ours_entry = session.get_one(ScheduleEntry, entry.id)
            ours_entry.state, ours_entry.publication_id = EntryState.TAKEN, publication.id
    return publication


def test_the_queue_gets_slots_with_the_gap_between_them(site):
    for _ in range(3):
        add_entry(site)

    assert plan(site) == 3

    first, second, third = entries(site)
    assert abs(first.slot_at - now_of()) < MINUTE
    assert second.slot_at - first.slot_at == GAP
    assert third.slot_at - second.slot_at == GAP
    assert (first.reason, second.reason) == ("now", "minimum_gap")
    assert all(each.slot_until > each.slot_at for each in (first, second, third))


def test_planning_again_changes_nothing_while_a_slot_is_due(site):
    for _ in range(3):
        add_entry(site)
    plan(site)
    before = [(each.slot_at, each.slot_until, each.reason) for each in entries(site)]

    assert plan(site) == 0
    assert [(each.slot_at, each.slot_until, each.reason) for each in entries(site)] == before


def test_the_plan_is_noted(site):
    add_entry(site)

    plan(site)

    kept = settings(site)
    assert (kept.plan_due, kept.planned_at is not None) == (False, True)
    with session_scope(read_only=True) as session:
        assert sites_to_plan(session, 10) == []


def test_an_exact_time_of_a_person_stays_and_counts(site):
    chosen = now_of().replace(microsecond=0) + 20 * MINUTE
    exact = add_entry(site, exact=True, slot_at=chosen, source=EntrySource.PERSON)
    automatic = add_entry(site)

    plan(site)

    assert (reload(exact).slot_at, reload(exact).slot_until) == (chosen, None)
    assert reload(automatic).slot_at == chosen + GAP


@pytest.mark.parametrize(
    ("values", "settings_values", "reason"),
    [
        pytest.param({"status": ContentStatus.REVIEW}, {}, "not_approved", id="not-approved"),
        pytest.param({}, {"auto_publish_enabled": False}, "auto_publish_off", id="switched-off"),
        pytest.param(
            {"source": EntrySource.PERSON}, {"auto_publish_enabled": False}, "now", id="by-hand"
        ),
        pytest.param(
            {"status": ContentStatus.REVIEW, "override_status": True}, {}, "now", id="overridden"
        ),
        pytest.param({}, {"daily_publish_limit": 0}, "daily_limit", id="no-room-at-all"),
    ],
)
def test_what_gets_no_slot_is_told_why(site, values, settings_values, reason):
    settings(site, **settings_values)
    entry = add_entry(site, **values)

    plan(site)

    found = reload(entry)
    assert found.reason == reason
    assert (found.slot_at is not None) == (reason == "now")


@pytest.mark.parametrize("state", [EntryState.HELD, EntryState.TAKEN, EntryState.WITHDRAWN])
def test_only_what_waits_is_planned(site, state):
    entry = add_entry(site, state=state)

    assert plan(site) == 0
    assert reload(entry).slot_at is None


def test_a_slot_that_stood_still_is_planned_again_with_the_gap(site):
    passed = now_of() - timedelta(seconds=LATE_AFTER) - MINUTE
    late = [
        add_entry(site, slot_at=passed, slot_until=passed + timedelta(days=1), reason="window")
        for _ in range(3)
    ]

    plan(site)

    found = [reload(each) for each in late]
    assert [each.reason for each in found] == ["missed"] * 3
    assert [each.missed for each in found] == [1] * 3
    assert abs(found[0].slot_at - now_of()) < MINUTE
    assert found[1].slot_at - found[0].slot_at == found[2].slot_at - found[1].slot_at == GAP


def test_what_was_taken_and_missed_its_window_gets_a_new_one(site):
    entry = add_entry(site)
    passed = now_of() - timedelta(hours=3)
    publication = publish(site, entry, publish_until=passed, due_at=passed - GAP)
    change(entry, slot_at=None, slot_until=None, missed=1, reason="missed")

    plan(site)

    found, moved = reload(entry), reload(publication)
    assert (found.state, found.reason) == (EntryState.TAKEN, "missed")
    assert (moved.due_at, moved.publish_until) == (found.slot_at, found.slot_until)
    assert moved.publish_until > now_of()


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"state": PublicationState.PUBLISHED}, id="published"),
        pytest.param({"state": PublicationState.FAILED}, id="failed"),
        pytest.param({"state": PublicationState.PUBLISHING}, id="on-its-way"),
    ],
)
def test_what_was_taken_and_needs_no_slot_is_left_alone(site, values):
    entry = add_entry(site)
    passed = now_of() - timedelta(hours=3)
    publication = publish(site, entry, publish_until=passed, **values)
    change(entry, slot_at=None, slot_until=None)

    assert plan(site) == 0
    assert reload(publication).publish_until == passed


def test_a_manual_publish_counts_and_keeps_the_gap(site):
    settings(site, daily_publish_limit=2)
    publish(site)
    first, second = add_entry(site), add_entry(site)

    plan(site)

    assert reload(first).slot_at >= now_of() + GAP - MINUTE
    assert reload(second).reason == "daily_limit"
    assert reload(second).slot_at - reload(first).slot_at > timedelta(hours=10)


@pytest.mark.parametrize("state", [PublicationState.FAILED, PublicationState.WITHDRAWN])
def test_what_never_got_to_the_site_counts_for_nothing(site, state):
    settings(site, daily_publish_limit=1)
    publish(site, state=state)
    failed = add_entry(site, slot_at=now_of(), slot_until=now_of() + GAP)
    publish(site, failed, state=state)
    entry = add_entry(site)

    plan(site)

    assert reload(entry).reason == "now"


def test_a_publish_with_a_slot_counts_once_and_at_its_slot(site):
    settings(site, daily_publish_limit=2)
    entry = add_entry(site, slot_at=now_of(), slot_until=now_of() + GAP)
    publish(site, entry)
    waits = add_entry(site)

    plan(site)

    assert reload(waits).reason == "minimum_gap"
    with session_scope() as session:
        kept = session.get_one(PublishingSettings, site.id)
        assert limit_reached(session, kept, entry.integration_id, now_of()) is None
        kept.daily_publish_limit = 1
        assert limit_reached(session, kept, entry.integration_id, now_of()) == "daily_limit"


def test_who_waits_first_goes_first_unless_priority_says_otherwise(site):
    older = add_entry(site, approved_at=now_of() - timedelta(days=2))
    urgent = add_entry(site, approved_at=now_of() - timedelta(days=1), priority=5)

    plan(site)
    assert reload(older).slot_at < reload(urgent).slot_at

    settings(site, publish_order="priority")
    plan(site)
    assert reload(urgent).slot_at < reload(older).slot_at


def test_each_integration_has_caps_of_its_own(site):
    settings(site, daily_publish_limit=1)
    entry = add_entry(site)
    with session_scope() as session:
        other = make_integration(session, reload(site), platform="ghost")
        session.add(
            ScheduleEntry(
                account_id=other.account_id,
                site_id=other.site_id,
                integration_id=other.id,
                content_id=entry.content_id,
                source=EntrySource.APPROVAL,
            )
        )

    plan(site)

    assert [each.reason for each in entries(site)] == ["now", "now"]


def test_more_than_a_plan_looks_at_waits_without_a_slot(site, monkeypatch):
    monkeypatch.setattr("models.schedule.planning.MOST_PLANNED", 2)
    monkeypatch.setattr("tasks.schedule.site_planning.MOST_PLANNED", 2)
    for _ in range(2):
        add_entry(site)
    behind = add_entry(site, slot_at=now_of(), slot_until=now_of() + GAP, reason="window")

    plan(site)

    assert (reload(behind).slot_at, reload(behind).reason) == (None, "beyond_horizon")


def test_a_site_without_settings_or_queue_is_no_error(database):
    with session_scope() as session:
        bare = make_site(session)
        assert plan_site(session, bare.id) == 0
        settings_for(session, bare)
        assert plan_site(session, bare.id) == 0


def test_the_tick_plans_what_is_asked_for(site):
    entry = add_entry(site)

    plan_slots()
    planned_at = settings(site).planned_at
    plan_slots()

    assert reload(entry).slot_at is not None
    assert settings(site).planned_at == planned_at


@pytest.mark.parametrize(
    ("told", "chosen", "zone"),
    [
        pytest.param(("Europe/Berlin", 1.0), None, ("Europe/Berlin", "wordpress"), id="by-name"),
        pytest.param(("", 5.5), None, ("+05:30", "wordpress"), id="only-an-offset"),
        pytest.param(("Nowhere/City", None), None, ("UTC", "default"), id="unknown"),
        pytest.param(("Europe/Berlin", 1.0), "Asia/Tokyo", ("Asia/Tokyo", "person"), id="a-person"),
    ],
)
def test_the_zone_is_wordpress_s_until_a_person_chooses_one(database, told, chosen, zone):
    with session_scope() as session:
        site = make_site(session)
        integration = make_integration(session, site)
        session.add(
            Capability(
                integration_id=integration.id,
                observed_at=now_of(),
                layers=[],
                timezone=told[0],
                gmt_offset=told[1],
            )
        )
        if chosen:
            settings_for(session, site, time_zone=chosen, time_zone_source="person")
        found = settings_in_zone(session, site)

        assert (found.time_zone, found.time_zone_source) == zone
