"""`igny8 schedule plan` and `settings`: what a site gets by itself, shown and changed."""

import pytest
from commands import igny8
from factories import make_integration, reload
from planned_entries import add_entry, every_hour, settings_for

from models import PublishingSettings
from models.session import session_scope


@pytest.fixture
def site(sqlite_database):
    with session_scope() as session:
        return make_integration(session).site


def settings(site, *options):
    return igny8("--json", "schedule", "settings", site.id, *options)


def stored(site):
    with session_scope(read_only=True) as session:
        return session.get_one(PublishingSettings, site.id)


def test_without_options_the_settings_are_shown(site):
    ran = settings(site)

    assert ran.code == 0
    assert (ran.json["daily_publish_limit"], ran.json["time_zone"]) == (5, "UTC")


@pytest.mark.parametrize(
    ("options", "column", "value"),
    [
        pytest.param(["--auto-publish"], "auto_publish_enabled", True, id="switch"),
        pytest.param(["--daily-limit", 2], "daily_publish_limit", 2, id="limit"),
        pytest.param(["--days", "Sun, mon"], "publish_days", ["mon", "sun"], id="days"),
        pytest.param(
            ["--window", "09:00-12:00", "--window", "22:00-02:00"],
            "publish_time_slots",
            [{"start": "09:00", "end": "12:00"}, {"start": "22:00", "end": "02:00"}],
            id="windows",
        ),
        pytest.param(
            ["--blackout", "2026-12-24/2026-12-31", "--blackout", "2027-01-01"],
            "blackout_dates",
            [
                {"from": "2026-12-24", "to": "2026-12-31"},
                {"from": "2027-01-01", "to": "2027-01-01"},
            ],
            id="blackout",
        ),
        pytest.param(["--blackout", "none"], "blackout_dates", [], id="no-blackout"),
        pytest.param(["--time-zone", "Asia/Tokyo"], "time_zone", "Asia/Tokyo", id="zone"),
        pytest.param(["--time-zone", "wordpress"], "time_zone_source", "default", id="wordpress"),
        pytest.param(["--order", "priority"], "publish_order", "priority", id="order"),
    ],
)
def test_an_option_changes_what_it_names(site, options, column, value):
    ran = settings(site, *options)

    assert ran.code == 0, ran.err
    assert ran.json[column] == value
    assert getattr(stored(site), column) == value


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param(["--daily-limit", -1], "daily_publish_limit", id="negative"),
        pytest.param(["--days", "funday"], "publish_days", id="no-such-day"),
        pytest.param(["--window", "09:00"], "publish_time_slots", id="no-end"),
        pytest.param(["--blackout", "2026-13-01"], "blackout_dates", id="no-such-date"),
        pytest.param(["--time-zone", "Mars/Olympus"], "time_zone", id="no-such-zone"),
        pytest.param(["--order", "random"], "publish_order", id="no-such-order"),
    ],
)
def test_what_can_not_be_used_is_named(site, options, words):
    ran = settings(site, *options)

    assert (ran.code, ran.out) == (4, "")
    assert words in ran.err


def test_unusual_settings_are_warned_of_and_explained(site):
    ran = igny8("schedule", "settings", site.id, "--monthly-limit", 3, "--window", "22:00-06:00")

    assert "warning: daily_publish_limit" in ran.err
    assert "note: 22:00–06:00 goes over midnight" in ran.err
    assert "5 a day, 20 a week, 3 a month" in ran.out


def test_the_plan_is_made_and_shown(site):
    with session_scope() as session:
        settings_for(session, site, **every_hour(daily_publish_limit=1))
    first, second = add_entry(site), add_entry(site)

    ran = igny8("--json", "schedule", "plan", site.id)
    words = igny8("schedule", "plan", site.id, "--days", 3).out

    assert [row["id"] for row in ran.json["planned"]] == [first.id, second.id]
    assert [row["reason"] for row in ran.json["planned"]] == ["now", "daily_limit"]
    assert reload(second).slot_at is not None
    assert "2 waiting, 0 held, 0 taken" in words
    assert "The days before it have as many as the daily limit lets through." in words


def test_a_site_without_a_schedule_has_nothing_planned(site):
    assert "Nothing is planned." in igny8("schedule", "plan", site.id).out
    assert igny8("schedule", "plan", 999).code == 4
    assert igny8("schedule", "plan", site.id, "--days", 0).code == 2
