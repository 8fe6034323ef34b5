"""The plan: order, caps, gap, jitter, what is left as it is, and why each slot is where it is."""

from datetime import UTC, date, datetime, timedelta

import pytest

from pipeline.schedule import (
    HORIZON,
    Ledger,
    PublishingRules,
    Queued,
    Window,
    plan,
    usage_since,
    zone_of,
)
from pipeline.schedule.advice import notes, warnings
from pipeline.schedule.planner import jitter
from pipeline.schedule.rules import window_of

MONDAY = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
QUIET = {"jitter": timedelta()}


def rules(**values):
    return PublishingRules(**{**QUIET, **values})


def queue(count, **values):
    return [Queued(number, MONDAY - DAY + number * MINUTE, **values) for number in range(count)]


def planned(made_rules, entries, used=(), start=MONDAY, end=None):
    return plan(made_rules, entries, list(used), start, end or start + HORIZON)


def shown(made, first=0, last=None):
    return [f"{slot.at:%d %H:%M} {slot.reason}" for slot in made.slots[first:last]]


def test_a_day_fills_up_and_then_the_next_one():
    made = planned(rules(daily=2), queue(3))

    assert shown(made) == ["01 09:00 window", "01 09:30 minimum_gap", "02 09:00 daily_limit"]
    assert [slot.until.hour for slot in made.slots] == [17, 17, 17]


@pytest.mark.parametrize(
    ("limits", "index", "expected"),
    [
        pytest.param({"daily": 1}, 1, "02 09:00 daily_limit", id="day"),
        pytest.param({"weekly": 1}, 1, "08 09:00 weekly_limit", id="week-from-monday"),
        pytest.param({"monthly": 1}, 1, "01 09:00 monthly_limit", id="month"),
        pytest.param(
            {"daily": 1, "weekly": 2, "monthly": 60}, 2, "08 09:00 weekly_limit", id="all"
        ),
    ],
)
def test_caps_are_of_calendar_days_weeks_and_months(limits, index, expected):
    made = planned(rules(**limits), queue(index + 1), end=MONDAY + 40 * DAY)

    assert shown(made)[index] == expected


def test_a_day_is_the_one_in_the_zone_of_the_site():
    auckland = rules(zone=zone_of("Pacific/Auckland"), daily=1, windows=(Window(0, 1440),))
    used = [datetime(2026, 6, 1, 11, 0, tzinfo=UTC)]  # 23:00 on the first of June there

    made = planned(auckland, queue(1), used, start=used[0] + HOUR)

    assert shown(made) == ["01 12:00 now"]


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        pytest.param([], "02 10:00 now", id="nothing-near"),
        pytest.param([-29], "02 10:01 minimum_gap", id="just-before"),
        pytest.param([-30], "02 10:00 now", id="far-enough"),
        pytest.param([10], "02 10:40 minimum_gap", id="a-chosen-time-soon"),
        pytest.param([30], "02 10:00 now", id="just-before-a-chosen-time"),
        pytest.param([10, 60], "02 11:30 minimum_gap", id="no-room-between-two"),
        pytest.param([10, 70], "02 10:40 minimum_gap", id="room-between-two"),
    ],
)
def test_the_gap_is_kept_from_what_counts_before_and_after(used, expected):
    start = datetime(2026, 6, 2, 10, 0, tzinfo=UTC)
    made = planned(rules(), queue(1), [start + minutes * MINUTE for minutes in used], start=start)

    assert shown(made) == [expected]


def test_without_a_gap_all_may_go_at_once():
    made = planned(rules(gap=timedelta(), daily=3), queue(3))

    assert {slot.at for slot in made.slots} == {MONDAY + 3 * HOUR}


def test_a_slot_leaves_room_before_the_windows_end():
    end = datetime(2026, 6, 1, 17, 0, tzinfo=UTC)

    assert shown(planned(rules(), queue(1), start=end - 2 * MINUTE)) == ["01 16:58 now"]
    assert shown(planned(rules(), queue(1), start=end - MINUTE)) == ["02 09:00 window"]


def test_a_window_of_a_minute_is_used():
    made = planned(rules(windows=(Window(540, 541),)), queue(2))

    assert shown(made) == ["01 09:00 window", "02 09:00 window"]


def test_older_ones_go_first_or_the_urgent_ones():
    entries = [
        Queued(1, MONDAY - HOUR, priority=0),
        Queued(2, MONDAY - DAY, priority=0),
        Queued(3, MONDAY, priority=9),
        Queued(4, MONDAY - DAY, priority=0),
    ]

    by_age = planned(rules(), entries)
    by_priority = planned(rules(by_priority=True), entries)

    assert [slot.entry_id for slot in by_age.slots] == [2, 4, 1, 3]
    assert [slot.entry_id for slot in by_priority.slots] == [3, 2, 4, 1]


def test_jitter_is_the_same_each_time_and_different_each_day():
    day = date(2026, 6, 1)
    found = {jitter(entry, day, 10 * MINUTE) for entry in range(200)}

    assert jitter(7, day, 10 * MINUTE) == jitter(7, day, 10 * MINUTE)
    assert len({jitter(7, day + number * DAY, 10 * MINUTE) for number in range(50)}) > 30
    assert min(found) >= timedelta()
    assert max(found) <= 10 * MINUTE
    assert len(found) > 100


def test_jitter_never_pushes_a_post_out_of_its_window():
    made = planned(rules(jitter=24 * HOUR, daily=1), queue(5))

    assert [slot.at.day for slot in made.slots] == [1, 2, 3, 4, 5]
    assert all(9 <= slot.at.hour < 17 for slot in made.slots)


def test_jitter_never_breaks_the_gap_to_a_chosen_time():
    wild = rules(jitter=30 * MINUTE, gap=10 * MINUTE)
    chosen = datetime(2026, 6, 1, 9, 15, tzinfo=UTC)

    found = [planned(wild, [entry], [chosen]).slots[0].at for entry in queue(50)]

    assert {at.hour for at in found} == {9}
    assert max(found) == chosen - 10 * MINUTE


def test_planning_again_a_moment_later_moves_nothing():
    jittery = PublishingRules()
    first = planned(jittery, queue(30), start=MONDAY)
    slots = {slot.entry_id: slot.at for slot in first.slots}

    for seconds in (1, 60, 3600, 2 * 3600):
        start = MONDAY + timedelta(seconds=seconds)
        assert {s.entry_id: s.at for s in planned(jittery, queue(30), start=start).slots} == slots


def test_a_slot_that_is_due_now_stays_where_it_is():
    present = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
    start = present + timedelta(seconds=4)
    due = Queued(1, MONDAY, slot_at=present)

    assert planned(PublishingRules(), [due], start=start).slots[0].at == present
    late = Queued(1, MONDAY, slot_at=present, late=True)
    assert planned(PublishingRules(), [late], start=start).slots[0].at == start


@pytest.mark.parametrize(
    "present",
    [
        pytest.param(datetime(2026, 6, 1, 8, 0, tzinfo=UTC), id="outside-its-window"),
        pytest.param(datetime(2026, 6, 1, 9, 50, tzinfo=UTC), id="too-near-to-another"),
        pytest.param(datetime(2026, 6, 1, 12, 0, tzinfo=UTC), id="later-than-need-be"),
    ],
)
def test_a_slot_that_is_not_right_any_more_is_moved(present):
    used = [datetime(2026, 6, 1, 9, 40, tzinfo=UTC)]
    start = datetime(2026, 6, 1, 10, 30, tzinfo=UTC)

    made = planned(rules(), [Queued(1, MONDAY, slot_at=present)], used, start=start)

    assert shown(made) == ["01 10:30 now"]


def test_missed_slots_are_not_made_up_for_in_a_burst():
    start = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
    missed = [Queued(n, MONDAY, slot_at=start - 3 * HOUR, late=True) for n in range(3)]

    made = planned(rules(), missed, start=start)

    assert shown(made) == ["01 12:00 missed", "01 12:30 missed", "01 13:00 missed"]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        pytest.param({"days": frozenset()}, "no_window", id="no-days"),
        pytest.param({"windows": ()}, "no_window", id="no-windows"),
        pytest.param(
            {"blackouts": ((date(2026, 1, 1), date(2027, 1, 1)),)}, "no_window", id="blackout"
        ),
        pytest.param({"daily": 0}, "daily_limit", id="daily-cap-of-none"),
        pytest.param({"weekly": 0}, "weekly_limit", id="weekly-cap-of-none"),
        pytest.param({"monthly": 0}, "monthly_limit", id="monthly-cap-of-none"),
        pytest.param({"daily": -3}, "daily_limit", id="negative"),
    ],
)
def test_what_finds_no_slot_is_refused_with_the_reason(values, reason):
    made = planned(rules(**values), queue(2))

    assert made.slots == []
    assert [refusal.reason for refusal in made.refused] == [reason, reason]
    assert all(refusal.words for refusal in made.refused)


def test_a_queue_that_is_longer_than_the_horizon():
    made = planned(rules(gap=5 * HOUR, weekly=100, monthly=100), queue(60))

    assert len(made.slots) == 2 * 22
    assert {refusal.reason for refusal in made.refused} == {"beyond_horizon"}


def test_a_cap_below_what_is_used_up_leaves_nothing_and_is_told():
    used = [MONDAY + 4 * HOUR + n * HOUR for n in range(3)]

    made = planned(rules(daily=2), queue(1), used)

    assert shown(made) == ["02 09:00 daily_limit"]
    told = [(warned.reason, warned.day, warned.count, warned.limit) for warned in made.warnings]
    assert told == [("daily_limit", date(2026, 6, 1), 3, 2)]


def test_enormous_caps_are_no_burden():
    made = planned(rules(daily=10**9, weekly=10**9, monthly=10**9, gap=MINUTE), queue(1000))

    assert len(made.slots) == 1000


def test_what_is_used_counts_since_the_months_or_the_weeks_begin():
    berlin = rules(zone=zone_of("Europe/Berlin"))

    monday = usage_since(berlin, datetime(2026, 7, 1, 12, tzinfo=UTC))
    assert monday == datetime(2026, 6, 28, 22, tzinfo=UTC)
    first = usage_since(berlin, datetime(2026, 7, 20, 12, tzinfo=UTC))
    assert first == datetime(2026, 6, 30, 22, tzinfo=UTC)


def test_the_ledger_says_what_is_used():
    ledger = Ledger(rules(), [MONDAY, MONDAY + DAY, MONDAY - DAY])

    assert ledger.used(date(2026, 6, 1)) == {"day": 1, "week": 2, "month": 2}
    assert ledger.full(date(2026, 6, 1)) is None


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        pytest.param({}, [], id="defaults"),
        pytest.param({"daily": 30}, ["daily_publish_limit", "minimum_gap_minutes"], id="week"),
        pytest.param({"daily": 6, "monthly": 5, "weekly": 5}, ["daily_publish_limit"] * 2, id="m"),
        pytest.param({"weekly": 70}, ["weekly_publish_limit"], id="weekly"),
        pytest.param({"gap": 5 * HOUR}, ["minimum_gap_minutes"], id="gap"),
    ],
)
def test_settings_that_contradict_each_other_are_told_of(values, fields):
    assert [field for field, _ in warnings(rules(**values))] == fields


@pytest.mark.parametrize(
    ("slots", "words"),
    [
        pytest.param([("09:00", "17:00")], [], id="plain"),
        pytest.param([("22:00", "06:00")], ["over midnight"], id="midnight"),
        pytest.param([("09:00", "12:00"), ("11:00", "13:00")], ["09:00–13:00"], id="overlap"),
    ],
)
def test_unusual_windows_are_explained(slots, words):
    found = list(notes([window_of({"start": start, "end": end}) for start, end in slots]))

    assert len(found) == len(words)
    assert all(word in note for word, note in zip(words, found, strict=True))
