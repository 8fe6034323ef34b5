"""When a site is open: zones, changes of clock, windows over midnight, blackout days."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from pipeline.schedule import PublishingRules, UnknownZone, Window, zone_from_wordpress, zone_of
from pipeline.schedule.calendar import instant, openings
from pipeline.schedule.rules import merged, minutes_of, window_of

ALL_WEEK = frozenset(range(7))
BERLIN, NEW_YORK, LORD_HOWE, KATHMANDU = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "+05:45",
)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def opened(zone, day, *windows, days=ALL_WEEK, **more):
    """Return what is open on a day of the site's calendar, as texts in UTC."""
    rules = PublishingRules(
        zone=zone_of(zone), days=days, windows=merged(map(parsed, windows)), **more
    )
    around = utc(day)
    found = openings(rules, around - timedelta(days=1), around + timedelta(days=2))
    return [
        (f"{each.start:%d %H:%M}", f"{each.end:%d %H:%M}")
        for each in found
        if each.day == date.fromisoformat(day)
    ]


def parsed(written):
    start, _, end = written.partition("-")
    return window_of({"start": start, "end": end})


@pytest.mark.parametrize(
    ("zone", "day", "clock", "expected"),
    [
        pytest.param(BERLIN, "2026-01-05", "09:00", "2026-01-05 08:00", id="winter"),
        pytest.param(BERLIN, "2026-07-06", "09:00", "2026-07-06 07:00", id="summer"),
        pytest.param(BERLIN, "2026-03-29", "02:30", "2026-03-29 01:00", id="berlin-gap"),
        pytest.param(BERLIN, "2026-03-29", "02:00", "2026-03-29 01:00", id="berlin-gap-begins"),
        pytest.param(BERLIN, "2026-03-29", "03:00", "2026-03-29 01:00", id="berlin-gap-ends"),
        pytest.param(BERLIN, "2026-10-25", "02:30", "2026-10-25 00:30", id="berlin-fold"),
        pytest.param(NEW_YORK, "2026-03-08", "02:30", "2026-03-08 07:00", id="new-york-gap"),
        pytest.param(NEW_YORK, "2026-11-01", "01:30", "2026-11-01 05:30", id="new-york-fold"),
        pytest.param(LORD_HOWE, "2026-10-04", "02:15", "2026-10-03 15:30", id="half-hour-gap"),
        pytest.param(LORD_HOWE, "2026-04-05", "01:45", "2026-04-04 14:45", id="half-hour-fold"),
        pytest.param(KATHMANDU, "2026-03-29", "02:30", "2026-03-28 20:45", id="fixed"),
        pytest.param("Asia/Beirut", "2026-03-29", "00:00", "2026-03-28 22:00", id="no-midnight"),
        pytest.param("UTC", "2026-03-29", "24:00", "2026-03-30 00:00", id="end-of-the-day"),
    ],
)
def test_what_a_clock_shows_as_an_instant(zone, day, clock, expected):
    found = instant(date.fromisoformat(day), minutes_of(clock), zone_of(zone))

    assert found == utc(expected)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("zone", "day", "windows", "expected"),
    [
        pytest.param("UTC", "2026-06-03", ["09:00-17:00"], [("03 09:00", "03 17:00")], id="plain"),
        pytest.param(
            "UTC",
            "2026-06-03",
            ["14:00-16:00", "09:00-12:00"],
            [("03 09:00", "03 12:00"), ("03 14:00", "03 16:00")],
            id="two",
        ),
        pytest.param(
            "UTC",
            "2026-06-03",
            ["09:00-12:00", "11:00-15:00", "15:00-16:00"],
            [("03 09:00", "03 16:00")],
            id="overlapping-and-touching",
        ),
        pytest.param(
            "UTC",
            "2026-06-03",
            ["22:00-06:00"],
            [("03 00:00", "03 06:00"), ("03 22:00", "04 00:00")],
            id="over-midnight-is-cut-where-the-caps-are",
        ),
        pytest.param(
            "UTC",
            "2026-06-03",
            ["22:00-06:00", "05:00-07:00"],
            [("03 00:00", "03 07:00"), ("03 22:00", "04 00:00")],
            id="yesterdays-and-todays-overlap",
        ),
        pytest.param("UTC", "2026-06-03", ["00:00-24:00"], [("03 00:00", "04 00:00")], id="all"),
        pytest.param(
            BERLIN, "2026-03-29", ["01:30-03:30"], [("29 00:30", "29 01:30")], id="gap-inside"
        ),
        pytest.param(
            BERLIN, "2026-03-29", ["02:15-02:45"], [("29 01:00", "29 01:30")], id="all-in-the-gap"
        ),
        pytest.param(
            BERLIN, "2026-03-29", ["02:30-04:00"], [("29 01:00", "29 02:00")], id="starts-in-it"
        ),
        pytest.param(
            BERLIN, "2026-03-29", ["01:00-02:30"], [("29 00:00", "29 01:00")], id="ends-in-it"
        ),
        pytest.param(
            BERLIN, "2026-10-25", ["01:30-03:30"], [("24 23:30", "25 02:30")], id="fold-inside"
        ),
        pytest.param(
            BERLIN, "2026-10-25", ["02:15-02:45"], [("25 00:15", "25 00:45")], id="all-in-the-fold"
        ),
        pytest.param(
            NEW_YORK, "2026-11-01", ["00:00-24:00"], [("01 04:00", "02 05:00")], id="25-hours"
        ),
        pytest.param(
            LORD_HOWE, "2026-10-04", ["00:00-24:00"], [("03 13:30", "04 13:00")], id="23.5-hours"
        ),
    ],
)
def test_the_windows_of_a_day(zone, day, windows, expected):
    assert opened(zone, day, *windows) == expected


def test_a_window_over_midnight_belongs_to_the_day_it_starts_on():
    friday, saturday, sunday = "2026-06-05", "2026-06-06", "2026-06-07"
    only_friday = frozenset({4})

    assert opened("UTC", friday, "22:00-06:00", days=only_friday) == [("05 22:00", "06 00:00")]
    assert opened("UTC", saturday, "22:00-06:00", days=only_friday) == [("06 00:00", "06 06:00")]
    assert opened("UTC", sunday, "22:00-06:00", days=only_friday) == []


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        pytest.param("2026-06-03", [("03 00:00", "03 06:00"), ("03 22:00", "04 00:00")], id="eve"),
        pytest.param("2026-06-04", [], id="first"),
        pytest.param("2026-06-05", [], id="last"),
        pytest.param("2026-06-06", [("06 22:00", "07 00:00")], id="its-window-does-not-go-on"),
    ],
)
def test_a_blackout_day_is_shut_and_so_is_what_starts_on_it(day, expected):
    blackout = ((date(2026, 6, 4), date(2026, 6, 5)),)

    assert opened("UTC", day, "22:00-06:00", blackouts=blackout) == expected


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, LORD_HOWE, KATHMANDU, "Asia/Beirut"])
def test_openings_of_years_are_in_order_and_each_on_its_own_day(zone):
    rules = PublishingRules(
        zone=zone_of(zone), days=ALL_WEEK, windows=(Window(20 * 60, 28 * 60), Window(120, 180))
    )
    found = list(openings(rules, utc("2024-01-01"), utc("2027-01-01")))

    assert len(found) > 3 * 365 * 2
    assert all(before.end <= after.start for before, after in pairwise(found))
    for each in found:
        assert each.start < each.latest < each.end
        assert each.start.astimezone(rules.zone).date() == each.day
        last = each.end - timedelta(microseconds=1)
        assert last.astimezone(rules.zone).date() == each.day


@pytest.mark.parametrize(
    "name",
    ["Europe/Berlin", "UTC", "Asia/Kathmandu", "America/Argentina/Ushuaia", "+05:30", "-03:30"],
)
def test_zones_that_are_known(name):
    assert datetime(2026, 1, 1, tzinfo=zone_of(name)).utcoffset() is not None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Mars/Olympus",
        "europe",
        "Europe",
        "+5:30",
        "+05:17",
        "+14:30",
        "+15:00",
        "UTC+3",
        "../../etc/passwd",
        "/etc/localtime",
        "localtime",
        "posixrules",
        "posix/Europe/Berlin",
        "right/Europe/Berlin",
        "Factory",
        "Europe/Berlin\x00",
        "Европа/Москва",
        "A" * 5000,
    ],
)
def test_zones_that_there_are_not(name):
    with pytest.raises(UnknownZone):
        zone_of(name)


@pytest.mark.parametrize(
    ("name", "offset", "expected"),
    [
        pytest.param("Europe/Berlin", 1.0, "Europe/Berlin", id="name"),
        pytest.param("", 5.5, "+05:30", id="offset"),
        pytest.param(None, -9.5, "-09:30", id="behind"),
        pytest.param("", 12.75, "+12:45", id="quarter"),
        pytest.param("", 0.0, "+00:00", id="none"),
        pytest.param("Nowhere/Else", 2.0, "+02:00", id="unknown-name"),
        pytest.param("", None, None, id="nothing"),
        pytest.param("", float("nan"), None, id="nan"),
        pytest.param("", 1e300, None, id="huge"),
        pytest.param("", 5.28, None, id="odd"),
    ],
)
def test_the_zone_that_wordpress_tells(name, offset, expected):
    assert zone_from_wordpress(name, offset) == expected


@pytest.mark.parametrize(
    "written",
    [
        "",
        "9:00",
        "09:60",
        "25:00",
        "24:01",
        "0900",
        "09:00:00",
        "-1:00",
        "a:b",
        "09:0",
        "\u0660\u0669:\u0660\u0660",
    ],
)
def test_what_is_no_time_of_day(written):
    with pytest.raises(ValueError, match=r"HH:MM|00:00 to 24:00"):
        minutes_of(written)
