"""A year of 200 sites in four zones, with changes of the clock, stopped ticks, and people."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from site_year import TICK, Year

from pipeline.schedule import PublishingRules, Window, zone_of
from pipeline.schedule.rules import merged

SITES = 200
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut")
WINDOWS = (
    [Window(9 * 60, 17 * 60)],
    [Window(0, 24 * 60)],
    [Window(22 * 60, 30 * 60)],
    [Window(60, 200), Window(12 * 60, 13 * 60)],
)


def rules_of(number, dice):
    return PublishingRules(
        zone=zone_of(ZONES[number % len(ZONES)]),
        days=frozenset(dice.sample(range(7), dice.randrange(2, 8))),
        windows=merged(dice.choice(WINDOWS)),
        daily=dice.randrange(1, 8),
        weekly=dice.randrange(5, 25),
        monthly=dice.randrange(20, 80),
        gap=timedelta(minutes=dice.choice((0, 10, 30, 90))),
        jitter=timedelta(minutes=dice.choice((0, 10, 45))),
    )


def year_of(number):
    dice = random.Random(number)
    rules = rules_of(number, dice)
    stops = [
        (begins, begins + timedelta(hours=dice.choice((1, 5, 30))))
        for begins in (
            datetime(2026, month, dice.randrange(1, 28), dice.randrange(24), tzinfo=UTC)
            for month in (2, 3, 5, 8, 10, 11)
        )
    ]
    lowered = replace(rules, daily=max(1, rules.daily // 2), monthly=rules.monthly // 2)
    return Year(rules, dice).live(stops, lowered)


def local_day(year, at):
    return at.astimezone(year.rules.zone).date()


def check_caps(year):
    """What goes out by itself never goes beyond a cap, also counting what people have sent."""
    counts = Counter()
    everything = [(at, None) for at in year.by_hand]
    everything += [(at, rules) for _, at, rules in year.published]
    for at, rules in sorted(everything, key=lambda one: one[0]):
        day = local_day(year, at)
        periods = (("day", day), ("week", day.isocalendar()[:2]), ("month", (day.year, day.month)))
        if rules is not None:
            for period, limit in zip(
                periods, (rules.daily, rules.weekly, rules.monthly), strict=True
            ):
                assert counts[period] < limit, (year.rules, at)
        counts.update(periods)


def check_windows(year):
    for slot, at, rules in year.published:
        assert slot.at <= at < slot.until
        assert at - slot.at < TICK
        assert local_day(year, at) == local_day(year, slot.at)
        assert shows_open(rules, at), (rules, at)


def shows_open(rules, at):
    """Return whether a window is open by the site's clock, or that was set on this day."""
    local = at.astimezone(rules.zone)
    minutes, today = local.hour * 60 + local.minute, local.date()
    day = timedelta(days=1)
    if (local - day).utcoffset() != (local + day).utcoffset():
        return True
    return any(
        (today.weekday() in rules.days and window.start <= minutes < window.end)
        or ((today - day).weekday() in rules.days and minutes + 1440 < window.end)
        for window in rules.windows
    )


def check_gap(year):
    slots = sorted(slot.at for slot, _, _ in year.published)
    assert all(after - before >= year.rules.gap for before, after in pairwise(slots))


def check_nothing_is_lost(year):
    done = [slot.entry_id for slot, _, _ in year.published]
    assert sorted(done + list(year.waiting)) == list(range(year.accepted))
    assert done == sorted(done)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("part", range(8))
def test_a_year_of_sites(part):
    years = [year_of(number) for number in range(part, SITES, 8)]

    for year in years:
        check_caps(year)
        check_windows(year)
        check_gap(year)
        check_nothing_is_lost(year)
    assert sum(len(year.published) for year in years) > 100 * len(years)
    assert any(year.missed for year in years)
