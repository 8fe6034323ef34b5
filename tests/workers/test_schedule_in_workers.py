"""Beat alone: approved content goes out in its site's windows, in a time that the test sets."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from factories import make_content
from servers import wait_until
from ticks import let_it_tick

from models import (
    ContentStatus,
    Publication,
    PublicationState,
    PublishingSettings,
    ScheduleEntry,
    Site,
)
from models.plan_requests import ensure_settings
from models.session import session_scope

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.parametrize("broker", ["valkey"], indirect=True),
    pytest.mark.parametrize("database", ["postgresql"], indirect=True),
]

BERLIN = ZoneInfo("Europe/Berlin")
DAY = datetime(2027, 3, 26, tzinfo=BERLIN)
"""A Friday. The next Monday's windows are an hour nearer than they look: a DST change between."""

WINDOW = [{"start": "09:00", "end": "09:30"}]
SETTINGS = {
    "auto_approval_enabled": True,
    "auto_publish_enabled": True,
    "time_zone": "Europe/Berlin",
    "publish_time_slots": WINDOW,
    "minimum_gap_minutes": 10,
    "jitter_minutes": 0,
    "daily_publish_limit": 2,
}


def at(hour, minute=0, *, day=26):
    return DAY.replace(day=day, hour=hour, minute=minute)


@pytest.fixture
def database(moved_clock):
    moved_clock.set(at(8, 30))
    return moved_clock


@pytest.fixture
def site(integration):
    """A site that publishes by itself: twice a working day, from nine to half past."""
    with session_scope() as session:
        found = ensure_settings(session, session.get_one(Site, integration.site_id))
        for name, value in SETTINGS.items():
            setattr(found, name, value)
        return found.site


def add_contents(site, count):
    with session_scope() as session:
        for number in range(count):
            make_content(
                session,
                session.get_one(Site, site.id),
                title=f"Post {number}",
                status=(ContentStatus.REVIEW, ContentStatus.APPROVED)[number % 2],
            )


def entries():
    with session_scope(read_only=True) as session:
        return list(session.scalars(sa.select(ScheduleEntry).order_by(ScheduleEntry.slot_at)))


def slots():
    """Return the planned instants in the site's time."""
    return [entry.slot_at and entry.slot_at.astimezone(BERLIN) for entry in entries()]


def is_planned(count):
    found = slots()
    with session_scope(read_only=True) as session:
        waits = session.scalar(sa.select(PublishingSettings.plan_due))
    return len(found) == count and None not in found and not waits


def published():
    with session_scope(read_only=True) as session:
        query = sa.select(Publication.published_at).where(
            Publication.state == PublicationState.PUBLISHED
        )
        return sorted(session.scalars(query))


def states():
    with session_scope(read_only=True) as session:
        return list(session.scalars(sa.select(Publication.state)))


def wait_for_posts(site, count):
    wait_until(lambda: len(site.posts) == count, timeout=60, what=f"{count} posts")
    wait_until(lambda: len(published()) == count, timeout=60, what=f"{count} published")


def test_approved_content_goes_out_in_its_windows_by_beat_alone(
    engine, database, site, simulated_site
):
    clock = database
    add_contents(site, 5)
    wait_until(lambda: is_planned(5), timeout=120, what="the plan")

    planned = slots()
    assert planned == [at(9), at(9, 10), at(9, day=29), at(9, 10, day=29), at(9, day=30)]
    assert planned[2].utcoffset() - planned[1].utcoffset() == timedelta(hours=1)
    let_it_tick()
    assert simulated_site.posts == []

    for number, slot in enumerate(planned[:4]):
        clock.set(slot - timedelta(seconds=45))
        let_it_tick()
        assert len(simulated_site.posts) == number
        clock.set(slot + timedelta(seconds=1))
        wait_for_posts(simulated_site, number + 1)
        clock.set(slot + timedelta(minutes=9))
        let_it_tick()
        assert len(simulated_site.posts) == number + 1

    clock.set(at(9, 31, day=29))
    let_it_tick()
    assert len(simulated_site.posts) == 4
    assert slots()[4] == planned[4]
    for moment in published():
        local = moment.astimezone(BERLIN)
        assert local.date() in {DAY.date(), DAY.date() + timedelta(days=3)}
        assert (9, 0) <= (local.hour, local.minute) < (9, 30)


@pytest.mark.parametrize(
    ("code", "state", "known_at"),
    [
        pytest.param(429, PublicationState.QUEUED, at(9, 31), id="refused"),
        # It may be out, so the site is asked first, when it lets itself be asked again.
        pytest.param(503, PublicationState.UNCONFIRMED, at(10, 1), id="unclear"),
    ],
)
def test_what_its_site_puts_off_until_the_window_closes_goes_out_in_the_next(
    engine, database, site, simulated_site, turn_dial, code, state, known_at
):
    clock = database
    add_contents(site, 1)
    wait_until(lambda: is_planned(1), timeout=120, what="the plan")
    turn_dial(kind="status", code=code, retry_after="3600")
    clock.set(at(9) + timedelta(seconds=1))
    wait_until(simulated_site.faults.struck, timeout=60, what="the refusal")
    simulated_site.faults.clear()
    wait_until(lambda: states() == [state], timeout=60, what="its return")

    clock.set(known_at)
    wait_until(lambda: entries()[0].missed == 1, timeout=120, what="the missed slot")
    wait_until(lambda: is_planned(1), timeout=60, what="the new plan")
    let_it_tick()

    assert simulated_site.posts == []
    assert slots() == [at(9, day=29)]
    assert entries()[0].reason == "missed"

    clock.set(at(9, day=29) + timedelta(seconds=1))
    wait_for_posts(simulated_site, 1)
    assert clock.read() < at(9, 30, day=29).astimezone(UTC)
