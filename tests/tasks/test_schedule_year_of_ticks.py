"""A year of beat's own ticks on a database whose clock is moved: four zones, DST, people."""

import random
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from chains import run_due
from factories import SITE_KEY, make_content, make_integration, make_site
from planned_entries import ALL_DAYS, settings_for

from models import (
    Content,
    ContentStatus,
    EntryState,
    Integration,
    Publication,
    PublicationState,
    ScheduleEntry,
    Site,
)
from models.publishing.accepting import Wanted, accept_publish
from models.session import session_scope
from simulators.wordpress import SimulatedSite
from tasks.schedule.planning import plan_daily, plan_slots
from tasks.schedule.ticks import due_slots, sweep_approved

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.parametrize("database", ["postgresql"], indirect=True),
]

BEGIN = datetime(2027, 1, 1, 11, 7, tzinfo=UTC)
DAYS = 365
CAPS = {"daily_publish_limit": 2, "weekly_publish_limit": 3, "monthly_publish_limit": 9}
SITES = {
    "Europe/Berlin": (9, 17),
    "America/New_York": (22, 6),
    "Australia/Lord_Howe": (1, 4),
    "Asia/Beirut": (0, 24),
}
"""Each zone's window in hours of its own clock; two of them have the change of the clock in it."""


@pytest.fixture
def database(moved_clock):
    moved_clock.set(BEGIN)
    return moved_clock


@pytest.fixture
def zones(database, broker_url):
    """The integrations by their zone; each has a simulated WordPress of its own."""
    with ExitStack() as servers:
        yield {zone: publishing_in(zone, servers) for zone in SITES}


def publishing_in(zone, servers):
    start, end = SITES[zone]
    key = f"{SITE_KEY}-{zone}"
    remote = servers.enter_context(SimulatedSite(api_key=key))
    with session_scope() as session:
        made = make_integration(session, make_site(session, url=remote.url, key=key))
        settings_for(
            session,
            made.site,
            time_zone=zone,
            time_zone_source="person",
            auto_publish_enabled=True,
            publish_days=ALL_DAYS,
            publish_time_slots=[{"start": f"{start:02}:00", "end": f"{end:02}:00"}],
            minimum_gap_minutes=90,
            jitter_minutes=20,
            **CAPS,
        )
        return made


def tick():
    """Do what beat has done within its next few seconds."""
    sweep_approved()
    plan_daily()
    plan_slots()
    due_slots()
    run_due()


def live(clock, zones, dice):
    """Go from slot to slot and from day to day; approve and publish something now and then."""
    present, day = BEGIN, BEGIN
    end = BEGIN + timedelta(days=DAYS)
    while present < end:
        clock.set(present)
        if present == day:
            for made in zones.values():
                approve(made, dice.choice((0, 0, 0, 1, 1, 2)))
                if dice.random() < 0.02:
                    publish_by_hand(made)
            day += timedelta(hours=24)
        tick()
        slot = next_slot(present)
        present = min(day, slot + timedelta(seconds=5 * dice.random())) if slot else day


def approve(integration, count):
    with session_scope() as session:
        site = session.get_one(Site, integration.site_id)
        for _ in range(count):
            make_content(session, site, status=ContentStatus.APPROVED)


def publish_by_hand(integration):
    with session_scope() as session:
        site = session.get_one(Site, integration.site_id)
        content = make_content(session, site, status=ContentStatus.APPROVED)
        accept_publish(session, content, session.get_one(Integration, integration.id), Wanted())


def next_slot(after):
    query = sa.select(sa.func.min(ScheduleEntry.slot_at)).where(
        ScheduleEntry.state == EntryState.WAITING, ScheduleEntry.slot_at > after
    )
    with session_scope(read_only=True) as session:
        return session.scalar(query)


def outcome_of(integration):
    """Return its entries, its contents, and what was published, the oldest first."""
    of = {"integration_id": integration.id}
    with session_scope(read_only=True) as session:
        entries = session.scalars(sa.select(ScheduleEntry).filter_by(**of)).all()
        contents = session.scalars(sa.select(Content.id).filter_by(site_id=integration.site_id))
        published = session.scalars(
            sa.select(Publication).filter_by(**of).order_by(Publication.published_at)
        ).all()
        return entries, set(contents), published


def is_open(zone, moment):
    start, end = SITES[zone]
    hour = moment.astimezone(ZoneInfo(zone)).hour
    return start <= hour < end if start < end else hour >= start or hour < end


def check_caps(zone, published, automatic):
    """What goes out by itself never goes beyond a cap, what people have sent counted with it."""
    counts = Counter()
    for each in published:
        day = each.published_at.astimezone(ZoneInfo(zone)).date()
        periods = (("day", day), ("week", day.isocalendar()[:2]), ("month", (day.year, day.month)))
        if each.content_id in automatic:
            for period, limit in zip(periods, CAPS.values(), strict=True):
                assert counts[period] < limit, (zone, each.published_at)
        counts.update(periods)


def test_a_year_of_ticks(database, zones):
    live(database, zones, random.Random(7))

    for zone, made in zones.items():
        entries, contents, published = outcome_of(made)
        automatic = {entry.content_id for entry in entries}
        taken = [entry for entry in entries if entry.state is EntryState.TAKEN]

        assert all(each.state is PublicationState.PUBLISHED for each in published)
        assert {each.content_id for each in published} | automatic == contents
        assert {entry.content_id for entry in taken} == automatic & {
            each.content_id for each in published
        }
        assert [entry.missed for entry in entries] == [0] * len(entries)
        assert all(is_open(zone, entry.taken_at) for entry in taken)
        assert all(
            is_open(zone, each.published_at) for each in published if each.content_id in automatic
        )
        check_caps(zone, published, automatic)
        assert len(taken) > 70
