"""The schedule of a site that fails or asks us to wait: one probe, no queue for its return."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from factories import make_integration, make_publication, make_site, reload
from planned_entries import add_entry, change, every_hour, now_of, settings_for

from models import EntrySource, EntryState, Integration, Publication, PublicationState
from models.clock import now_plus
from models.schedule.planning import LATE_AFTER
from models.session import session_scope
from pipeline.pacing import Pace, Signs
from tasks.schedule.due_slots import take_due_slots, tidy_slots
from tasks.schedule.planning import plan_slots
from tasks.schedule.site_planning import plan_site
from tasks.sites.care import record_signs

MINUTE = timedelta(minutes=1)
OPEN = {"breaker_opens": 2, "breaker_open_until": now_plus(600)}
HALF_OPEN = {"breaker_opens": 2, "breaker_open_until": now_plus(-1)}


@pytest.fixture
def integration(database):
    """A site that publishes by itself, at any time, every ten minutes."""
    with session_scope() as session:
        made = make_integration(session, make_site(session))
        settings_for(session, made.site, **every_hour(minimum_gap_minutes=10))
        return made


def due(integration, **values):
    slot = {"slot_at": now_plus(-1), "slot_until": now_plus(3600)}
    return add_entry(integration.site, **slot | values)


def plan(integration):
    with session_scope() as session:
        plan_site(session, integration.site_id)


@pytest.mark.parametrize(
    "condition", [pytest.param(OPEN, id="open"), pytest.param(HALF_OPEN, id="half-open")]
)
class TestBreaker:
    def test_one_is_taken_as_a_probe_and_none_besides(self, integration, condition):
        change(integration, **condition)
        entries = [due(integration) for _ in range(3)]

        assert [take_due_slots(), take_due_slots()] == [1, 0]
        assert [reload(each).state for each in entries] == [
            EntryState.TAKEN,
            EntryState.WAITING,
            EntryState.WAITING,
        ]

    @pytest.mark.parametrize(
        ("values", "taken"),
        [
            pytest.param({"due_at": now_plus(0)}, 0, id="due"),
            pytest.param({"due_at": now_plus(900)}, 0, id="to-be-tried-again-soon"),
            pytest.param({"state": PublicationState.PUBLISHING}, 0, id="on-its-way"),
            pytest.param({"due_at": now_plus(86400)}, 1, id="waits-for-tomorrows-slot"),
            pytest.param({"publish_until": now_plus(-1)}, 1, id="its-window-is-over"),
            pytest.param({"state": PublicationState.FAILED}, 1, id="has-ended"),
        ],
    )
    def test_what_else_of_the_site_is_a_probe(self, integration, condition, values, taken):
        change(make_publication(integration), **values)
        change(integration, **condition)
        due(integration)

        assert take_due_slots() == taken

    def test_a_persons_own_time_is_kept(self, integration, condition):
        make_publication(integration)
        change(integration, **condition)
        due(integration, exact=True, slot_until=None, source=EntrySource.PERSON)

        assert take_due_slots() == 1


def test_a_site_that_asked_us_to_wait_gets_none_meanwhile(integration):
    change(integration, next_post_at=now_plus(900))
    entry = due(integration)

    assert take_due_slots() == 0
    assert reload(entry).state is EntryState.WAITING


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param(OPEN, id="breaker-open"),
        pytest.param({"next_post_at": now_plus(600)}, id="asked-us-to-wait"),
    ],
)
def test_what_is_late_meanwhile_is_planned_for_its_return_with_the_gap(integration, condition):
    late = now_plus(-LATE_AFTER - 1)
    change(integration, **condition)
    entries = [due(integration, slot_at=late, reason="window") for _ in range(3)]

    tidy_slots()
    plan_slots()

    first, second, third = [reload(each) for each in entries]
    assert first.slot_at > now_of() + 9 * MINUTE
    assert second.slot_at - first.slot_at == third.slot_at - second.slot_at == 10 * MINUTE
    assert {each.reason for each in (first, second, third)} == {"missed"}


def test_the_plan_says_what_it_waits_for(integration):
    change(integration, **OPEN)
    entry = add_entry(integration.site)

    plan(integration)

    assert reload(entry).reason == "site_away"


def test_while_half_open_the_plan_waits_for_the_next_try(integration):
    change(make_publication(integration), due_at=now_plus(1200))
    change(integration, **HALF_OPEN)
    entry = add_entry(integration.site)

    plan(integration)

    assert reload(entry).slot_at > now_of() + 19 * MINUTE


def test_when_its_breaker_closes_the_site_is_planned_anew(integration):
    change(integration, **OPEN, failures_in_a_row=5)
    entry = add_entry(integration.site)
    plan_slots()
    assert reload(entry).slot_at > now_of()
    change(integration, breaker_open_until=now_plus(-1))
    before = Pace(failures=5, opens=2, open_for=-1.0)

    record_signs(integration.id, before, Signs(answered=True, read=True, sends=1))
    plan_slots()

    with session_scope(read_only=True) as session:
        assert session.scalar(sa.select(Integration.breaker_opens)) == 0
    assert reload(entry).slot_at <= now_of()


def test_when_its_probe_fails_what_has_come_is_planned_anew_before_it_is_late(integration):
    change(integration, **OPEN, failures_in_a_row=5)
    entry = due(integration, reason="window")
    plan_slots()
    change(entry, slot_at=now_plus(-1), slot_until=now_plus(3600))
    change(integration, breaker_open_until=now_plus(-1))

    probe = Signs(failures=6, broke=True, trouble="the site answered 500")
    record_signs(integration.id, Pace(failures=5, opens=2, open_for=-1.0), probe)
    plan_slots()
    tidy_slots()

    found = reload(entry)
    assert found.slot_at > now_of() + MINUTE
    assert (found.reason, found.missed) == ("site_away", 0)


def test_an_outage_of_hours_leaves_no_burst_for_the_end_of_it(integration):
    change(integration, **OPEN)
    for _ in range(24):
        due(integration)
        take_due_slots()

    with session_scope(read_only=True) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Publication)) == 1
