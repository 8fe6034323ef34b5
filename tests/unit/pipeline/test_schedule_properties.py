"""Whatever the settings, the queue and the calendar: what every plan keeps to."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.schedule import PublishingRules, Queued, Window, plan, zone_of
from pipeline.schedule.rules import merged

ALL_WEEK = frozenset(range(7))
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Beirut",
    "America/Havana",
    "Pacific/Chatham",
    "+05:45",
    "-09:30",
]

starts = st.integers(0, 7 * 365 * 1440).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + minutes * MINUTE
)
windows = st.builds(
    lambda start, length: Window(start, start + length),
    st.integers(0, 1439),
    st.integers(1, 1440),
)
rules = st.builds(
    PublishingRules,
    zone=st.sampled_from(ZONES).map(zone_of),
    days=st.frozensets(st.integers(0, 6)),
    windows=st.lists(windows, max_size=4).map(merged),
    blackouts=st.lists(
        st.builds(
            lambda first, length: (first, first + timedelta(days=length)),
            st.dates(date(2024, 1, 1), date(2031, 1, 1)),
            st.integers(0, 20),
        ),
        max_size=3,
    ).map(tuple),
    daily=st.integers(-1, 12),
    weekly=st.integers(0, 40),
    monthly=st.integers(0, 100),
    gap=st.integers(0, 24 * 60).map(lambda minutes: minutes * MINUTE),
    jitter=st.integers(0, 24 * 60).map(lambda minutes: minutes * MINUTE),
    by_priority=st.booleans(),
)


@st.composite
def situations(draw):
    """Rules, a present time, a queue, and what counts already or is fixed for later."""
    start = draw(starts)
    around = st.integers(-40 * 1440, 35 * 1440).map(lambda minutes: start + minutes * MINUTE)
    entries = draw(
        st.lists(
            st.builds(
                lambda at, priority, slot, late: (at, priority, slot, late),
                around,
                st.integers(-3, 3),
                st.none() | around,
                st.booleans(),
            ),
            max_size=40,
        )
    )
    queue = [
        Queued(number, at, priority, slot, late=late and slot is not None)
        for number, (at, priority, slot, late) in enumerate(entries)
    ]
    return draw(rules), queue, draw(st.lists(around, max_size=30)), start


@st.composite
def crowded_days(draw):
    """Return a day or two on which people have sent much, and small gaps beside large jitter."""
    known, queue, _, start = draw(situations())
    gap, jitter = (draw(st.integers(1, most)) * MINUTE for most in (60, 300))
    soon = st.integers(-120, 2880).map(lambda minutes: start + minutes * MINUTE)
    loose = replace(known, days=ALL_WEEK, gap=gap, jitter=jitter, daily=50, weekly=99, monthly=99)
    return loose, queue, draw(st.lists(soon, min_size=3, max_size=30)), start


def made(situation):
    found, queue, used, start = situation
    return plan(found, queue, used, start, start + timedelta(days=30))


@given(situations())
def test_no_entry_is_lost_and_none_has_two_slots(situation):
    found = made(situation)

    told = [slot.entry_id for slot in found.slots] + [each.entry_id for each in found.refused]
    assert sorted(told) == [entry.entry_id for entry in situation[1]]


@given(situations())
def test_no_cap_is_broken_by_a_slot(situation):
    known, _, used, _ = situation
    slots = [slot.at for slot in made(situation).slots]

    for limit, period in (
        (known.daily, lambda day: day),
        (known.weekly, lambda day: day.isocalendar()[:2]),
        (known.monthly, lambda day: (day.year, day.month)),
    ):

        def counted(moments, period=period):
            return Counter(period(at.astimezone(known.zone).date()) for at in moments)

        everything = counted([*slots, *used])
        assert all(everything[each] <= limit for each in counted(slots))


@given(situations())
def test_no_slot_is_outside_its_window(situation):
    known, _, _, start = situation
    for slot in made(situation).slots:
        assert start - timedelta(days=1) < slot.at < slot.until
        assert is_open(known, slot.at)
        assert is_open(known, slot.until - timedelta(microseconds=1))
        day = slot.at.astimezone(known.zone).date()
        assert (slot.until - timedelta(microseconds=1)).astimezone(known.zone).date() == day


def is_open(known, moment):
    """Return whether a window is open by what the site's clock shows, or the clock just changed."""
    local = moment.astimezone(known.zone)
    if known.is_blackout(local.date()):
        return False
    if (local + DAY).utcoffset() != (local - DAY).utcoffset():
        return True  # test_schedule_calendar.py has these days one by one
    minutes = local.hour * 60 + local.minute
    today, yesterday = local.date(), local.date() - DAY
    return any(
        (known.opens_on(today) and window.start <= minutes < window.end)
        or (known.opens_on(yesterday) and minutes + 1440 < window.end)
        for window in known.windows
    )


@given(situations() | crowded_days())
def test_the_gap_is_kept_from_every_other_one(situation):
    known, _, used, _ = situation
    slots = [slot.at for slot in made(situation).slots]

    assert all(after - before >= known.gap for before, after in pairwise(slots))
    for slot in slots:
        assert all(abs(slot - other) >= known.gap for other in used)


@given(situations())
def test_the_same_values_give_the_same_plan_in_any_order(situation):
    known, queue, used, start = situation

    assert made((known, queue[::-1], used[::-1], start)) == made(situation)


@given(situations(), st.integers(0, 3600))
def test_a_plan_holds_until_its_first_slot_is_due(situation, seconds):
    known, queue, used, start = situation
    first = made(situation)
    later = start + timedelta(seconds=seconds)
    if not first.slots or first.slots[0].at <= later:
        return
    again = plan(known, queue, used, later, start + timedelta(days=30))

    assert [(s.entry_id, s.at) for s in again.slots] == [(s.entry_id, s.at) for s in first.slots]


@given(situations())
def test_who_comes_first_goes_first(situation):
    known, queue, _, _ = situation
    rank = {
        entry.entry_id: (-entry.priority * known.by_priority, entry.approved_at, entry.entry_id)
        for entry in queue
    }
    ranks = [rank[slot.entry_id] for slot in made(situation).slots]

    assert ranks == sorted(ranks)
