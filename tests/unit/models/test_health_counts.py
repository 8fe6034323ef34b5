"""Hourly counts: every event once, whoever counts and whenever, and the tail on top."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from factories import make_integration

from models import EventStatus, SyncCounter, SyncEvent, Watermark
from models.clock import now_plus
from models.session import session_scope
from models.sites.health import SETTLED, outcomes_of, roll_up_events

OLD, YOUNG = -(SETTLED + 60), -1.0


@pytest.fixture
def integration(database):
    with session_scope() as session:
        return make_integration(session)


def tell(integration, status=EventStatus.SUCCESS, *, seconds=OLD, times=1, **more):
    row = {
        "account_id": integration.account_id,
        "site_id": integration.site_id,
        "integration_id": integration.id,
        "event_type": "publish",
        "action": "content_publish",
        "status": status,
        "description": "x",
        "direction": "igny8_to_wp",
        "created_at": now_plus(seconds),
    } | more
    with session_scope() as session:
        for _ in range(times):
            session.execute(sa.insert(SyncEvent).values(**row))


def roll():
    with session_scope() as session:
        return roll_up_events(session)


def outcomes(integration, hours=48):
    with session_scope(read_only=True) as session:
        return outcomes_of(session, integration.id, hours)


def totals(integration):
    total = outcomes(integration).total
    return total.succeeded, total.failed, total.skipped


def position():
    with session_scope(read_only=True) as session:
        return session.scalar(sa.select(Watermark.position))


def test_what_is_settled_is_counted_and_the_rest_is_read(integration):
    tell(integration, times=3)
    tell(integration, EventStatus.FAILED)
    tell(integration, EventStatus.SKIPPED, seconds=YOUNG, times=2)

    roll()

    with session_scope(read_only=True) as session:
        counted = session.execute(
            sa.select(sa.func.sum(SyncCounter.succeeded), sa.func.sum(SyncCounter.skipped))
        ).one()
    assert tuple(counted) == (3, 0)
    assert totals(integration) == (3, 1, 2)


def test_rolling_up_changes_no_total(integration):
    tell(integration, times=5)
    before = totals(integration)

    roll()
    roll()

    assert totals(integration) == before == (5, 0, 0)


def test_nothing_behind_an_unsettled_event_is_passed(integration):
    tell(integration)
    tell(integration, seconds=YOUNG)
    tell(integration)

    roll()

    assert position() == 1
    assert totals(integration) == (3, 0, 0)


def test_many_that_roll_up_at_once_count_each_event_once(integration):
    tell(integration, times=200)

    with ThreadPoolExecutor(6) as pool:
        rolled = list(pool.map(lambda _: roll(), range(12)))

    assert sum(rolled) == 200
    assert totals(integration) == (200, 0, 0)


def test_hours_are_utc_and_by_direction(integration):
    moment = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    tell(integration, created_at=moment)
    tell(integration, created_at=moment + timedelta(seconds=2), direction="wp_to_igny8")

    roll()

    with session_scope(read_only=True) as session:
        rows = session.execute(
            sa.select(SyncCounter.hour, SyncCounter.direction).order_by(SyncCounter.hour)
        ).all()
    assert [tuple(row) for row in rows] == [
        (datetime(2026, 3, 1, 23, tzinfo=UTC), "igny8_to_wp"),
        (datetime(2026, 3, 2, 0, tzinfo=UTC), "wp_to_igny8"),
    ]


def test_counted_and_read_events_of_one_hour_are_added_up(integration):
    tell(integration, times=2, seconds=OLD)
    roll()
    tell(integration, times=3, seconds=OLD)

    assert [each.succeeded for each in outcomes(integration).hourly.values()] == [5]


def test_events_without_a_direction_are_no_sync(integration):
    tell(integration, direction=None)

    roll()

    assert totals(integration) == (0, 0, 0)


def test_one_sites_events_are_not_another_ones(integration):
    with session_scope() as session:
        other = make_integration(session)
    tell(other, times=4)
    roll()
    tell(other, seconds=YOUNG)

    assert totals(integration) == (0, 0, 0)
    assert totals(other) == (5, 0, 0)


def test_the_last_success_and_the_last_failure_are_found(integration):
    tell(integration, EventStatus.FAILED, error_message="it broke")
    tell(integration, seconds=YOUNG)

    found = outcomes(integration)

    assert found.last_error == "it broke"
    assert found.last_success_at > found.last_failure_at


def test_a_success_before_all_recent_failures_is_found_by_its_hour(integration, monkeypatch):
    tell(integration, seconds=-7200)
    roll()
    tell(integration, EventStatus.FAILED, times=3)
    monkeypatch.setattr("models.sites.health.RECENT", 2)

    found = outcomes(integration)

    assert found.last_success_at is not None
    assert found.last_success_at.minute == 0


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_ids_that_are_given_out_again_are_counted(integration):
    tell(integration, times=5)
    roll()
    with session_scope() as session:
        session.execute(sa.delete(SyncEvent))
    roll()
    tell(integration, times=2)
    roll()

    assert totals(integration) == (7, 0, 0)
