"""publishing-settings: made when first asked for, checked field by field, planned by at once."""

import pytest
import sqlalchemy as sa
from factories import make_content
from ingress_rows import Caller, issue_token, problem_of

from models import (
    Capability,
    EntrySource,
    PublishingSettings,
    Role,
    ScheduleEntry,
    SiteRun,
    SiteRunKind,
)
from models.clock import now
from models.session import session_scope

DEFAULTS = {
    "auto_approval_enabled": False,
    "auto_publish_enabled": False,
    "daily_publish_limit": 5,
    "weekly_publish_limit": 20,
    "monthly_publish_limit": 60,
    "publish_days": ["mon", "tue", "wed", "thu", "fri"],
    "publish_time_slots": [{"start": "09:00", "end": "17:00"}],
    "blackout_dates": [],
    "minimum_gap_minutes": 30,
    "jitter_minutes": 10,
    "publish_order": "oldest_approved",
    "time_zone": "UTC",
    "time_zone_source": "default",
    "warnings": [],
    "notes": [],
}


def at(tenant):
    return f"/api/v1/integration/publishing-settings/{tenant.site.id}/"


def fields_of(answer):
    return [error["field"] for error in problem_of(answer, 400, "invalid_fields")["errors"]]


def planned(tenant):
    with session_scope() as session:
        session.get_one(PublishingSettings, tenant.site.id).plan_due = False


def plan_due(tenant):
    with session_scope(read_only=True) as session:
        return session.get_one(PublishingSettings, tenant.site.id).plan_due


def test_they_are_there_when_first_asked_for(api, tenant):
    answer = api.get(at(tenant))

    assert answer.status_code == 200
    assert answer.get_json().items() >= DEFAULTS.items()
    assert api.get(at(tenant)).get_json() == answer.get_json()


def test_a_change_changes_what_it_names_and_asks_for_a_plan(api, tenant):
    api.get(at(tenant))
    planned(tenant)

    told = api.patch(at(tenant), json={"auto_publish_enabled": True}).get_json()

    assert told.items() >= (DEFAULTS | {"auto_publish_enabled": True}).items()
    assert plan_due(tenant)


@pytest.mark.parametrize(
    ("change", "runs"),
    [
        pytest.param({"auto_publish_enabled": True}, [SiteRunKind.CONNECTION_TEST], id="unknown"),
        pytest.param({"auto_publish_enabled": True, "time_zone": "Asia/Tokyo"}, [], id="chosen"),
        pytest.param({"daily_publish_limit": 2}, [], id="nothing-goes-out"),
    ],
)
def test_before_anything_goes_out_by_itself_the_site_is_asked_for_its_zone(
    api, tenant, change, runs
):
    api.patch(at(tenant), json=change)

    with session_scope(read_only=True) as session:
        assert [run.kind for run in session.scalars(sa.select(SiteRun))] == runs


def test_a_whole_sets_what_it_leaves_out_to_its_default(api, tenant):
    api.patch(at(tenant), json={"daily_publish_limit": 2, "time_zone": "Asia/Tokyo"})

    told = api.put(at(tenant), json={"weekly_publish_limit": 9}).get_json()

    assert told.items() >= (DEFAULTS | {"weekly_publish_limit": 9}).items()


def test_what_is_shown_may_be_sent_back(api, tenant):
    wanted = {
        "publish_days": ["sat", "sun"],
        "publish_time_slots": [{"start": "22:00", "end": "02:00"}],
        "blackout_dates": [{"from": "2026-12-24", "to": "2026-12-26"}],
        "time_zone": "Europe/Berlin",
    }

    told = api.put(at(tenant), json=wanted).get_json()

    assert told.items() >= wanted.items()
    assert api.put(at(tenant), json={name: told[name] for name in wanted}).get_json() == told | {
        "updated_at": api.get(at(tenant)).get_json()["updated_at"]
    }


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        pytest.param(
            {"publish_days": ["wed", "mon", "mon"]}, {"publish_days": ["mon", "wed"]}, id="twice"
        ),
        pytest.param(
            {"blackout_dates": [{"from": "20261224"}]},
            {"blackout_dates": [{"from": "2026-12-24", "to": "2026-12-24"}]},
            id="one-day",
        ),
        pytest.param({"time_zone": "+05:30"}, {"time_zone": "+05:30"}, id="offset"),
        pytest.param(
            {"publish_time_slots": [{"start": "00:00", "end": "24:00"}]},
            {"publish_time_slots": [{"start": "00:00", "end": "24:00"}]},
            id="all-day",
        ),
        pytest.param({"daily_publish_limit": None}, {"daily_publish_limit": 5}, id="null"),
    ],
)
def test_what_is_taken_and_how_it_is_kept(api, tenant, given, stored):
    answer = api.patch(at(tenant), json=given)

    assert answer.status_code == 200, answer.text
    assert answer.get_json().items() >= stored.items()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        pytest.param({"publish_days": []}, "publish_days", id="no-days"),
        pytest.param({"publish_days": ["Funday"]}, "publish_days.0", id="no-such-day"),
        pytest.param({"publish_days": "mon"}, "publish_days", id="no-list"),
        pytest.param({"publish_time_slots": []}, "publish_time_slots", id="no-windows"),
        pytest.param(
            {"publish_time_slots": [{"start": "25:00", "end": "23:00"}]},
            "publish_time_slots.0.start",
            id="hour-25",
        ),
        pytest.param(
            {"publish_time_slots": [{"start": "9", "end": "17:00"}]},
            "publish_time_slots.0.start",
            id="no-minutes",
        ),
        pytest.param(
            {"publish_time_slots": [{"start": "09:00", "end": "09:00"}]},
            "publish_time_slots.0",
            id="zero-length",
        ),
        pytest.param(
            {"publish_time_slots": [{"start": "24:00", "end": "09:00"}]},
            "publish_time_slots.0",
            id="starts-at-the-end",
        ),
        pytest.param(
            {"publish_time_slots": [{"start": "09:00"}]}, "publish_time_slots.0.end", id="no-end"
        ),
        pytest.param({"daily_publish_limit": 0}, "daily_publish_limit", id="zero"),
        pytest.param({"daily_publish_limit": -1}, "daily_publish_limit", id="negative"),
        pytest.param({"monthly_publish_limit": 10**9}, "monthly_publish_limit", id="enormous"),
        pytest.param({"weekly_publish_limit": "20"}, "weekly_publish_limit", id="text"),
        pytest.param({"weekly_publish_limit": True}, "weekly_publish_limit", id="true"),
        pytest.param({"minimum_gap_minutes": 1441}, "minimum_gap_minutes", id="long-gap"),
        pytest.param({"jitter_minutes": -5}, "jitter_minutes", id="jitter-back"),
        pytest.param({"time_zone": "Mars/Olympus"}, "time_zone", id="no-such-zone"),
        pytest.param({"time_zone": "../../etc/passwd"}, "time_zone", id="a-path-for-a-zone"),
        pytest.param({"publish_order": "random"}, "publish_order", id="order"),
        pytest.param(
            {"blackout_dates": [{"from": "2026-02-30"}]}, "blackout_dates.0.from", id="no-such-date"
        ),
        pytest.param(
            {"blackout_dates": [{"from": "2026-02-02", "to": "2026-02-01"}]},
            "blackout_dates.0",
            id="backwards",
        ),
        pytest.param({"plan_due": True}, "plan_due", id="not-yours-to-set"),
    ],
)
def test_what_is_refused_names_its_field_and_changes_nothing(api, tenant, given, field):
    before = api.get(at(tenant)).get_json()

    assert fields_of(api.patch(at(tenant), json=given)) == [field]
    assert fields_of(api.put(at(tenant), json=given)) == [field]
    assert api.get(at(tenant)).get_json() == before


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param(
            {"publish_time_slots": [{"start": "22:00", "end": "06:00"}]},
            "over midnight",
            id="over-midnight",
        ),
        pytest.param(
            {
                "publish_time_slots": [
                    {"start": "09:00", "end": "12:00"},
                    {"start": "11:00", "end": "14:00"},
                ]
            },
            "09:00–14:00",
            id="overlapping",
        ),
    ],
)
def test_unusual_windows_are_taken_and_explained(api, tenant, given, words):
    told = api.patch(at(tenant), json=given).get_json()

    assert [words in note for note in told["notes"]] == [True]


def test_a_daily_limit_above_the_monthly_one_is_taken_with_a_warning(api, tenant):
    limits = {"daily_publish_limit": 12, "weekly_publish_limit": 20, "monthly_publish_limit": 10}

    told = api.patch(at(tenant), json=limits).get_json()

    assert told["monthly_publish_limit"] == 10
    warned = [(each["field"], each["message"]) for each in told["warnings"]]
    assert ("daily_publish_limit", "one day may have 12, and the monthly limit is 10") in warned


def test_the_zone_follows_wordpress_until_a_person_chooses_one_and_again_after_it(api, tenant):
    with session_scope() as session:
        session.add(
            Capability(
                integration_id=tenant.integration.id,
                observed_at=now(),
                layers=[],
                timezone="",
                gmt_offset=5.75,
            )
        )

    def zone(answer):
        told = answer.get_json()
        return told["time_zone"], told["time_zone_source"]

    assert zone(api.get(at(tenant))) == ("+05:45", "wordpress")
    assert zone(api.patch(at(tenant), json={"time_zone": "Asia/Tokyo"})) == ("Asia/Tokyo", "person")
    assert zone(api.patch(at(tenant), json={"daily_publish_limit": 3}))[1] == "person"
    assert zone(api.patch(at(tenant), json={"time_zone": None})) == ("+05:45", "wordpress")


def test_a_viewer_reads_and_an_editor_writes(client, tenant):
    with session_scope() as session:
        token = issue_token(session, tenant.account, role=Role.VIEWER)
    viewer = Caller(client, {"Authorization": f"Bearer {token}"})

    assert viewer.get(at(tenant)).status_code == 200
    problem_of(viewer.patch(at(tenant), json={}), 403, "forbidden")


def test_another_tenants_settings_are_like_missing_ones(api, stranger):
    problem_of(api.get(at(stranger)), 404, "not_found")
    problem_of(api.patch(at(stranger), json={}), 404, "not_found")
    problem_of(api.get(f"/api/v1/integration/schedule/{stranger.site.id}/"), 404, "not_found")


def schedule(api, tenant, query=""):
    return api.get(f"/api/v1/integration/schedule/{tenant.site.id}/{query}")


def add_entry(tenant, **values):
    with session_scope() as session:
        session.add(
            ScheduleEntry(
                account_id=tenant.account.id,
                site_id=tenant.site.id,
                integration_id=tenant.integration.id,
                content_id=make_content(session, tenant.site, title="<b>Title</b>").id,
                source=EntrySource.PERSON,
                **values,
            )
        )


def test_the_schedule_shows_slots_and_what_has_none_with_the_reasons(api, tenant):
    with session_scope(read_only=True) as session:
        present = session.scalar(now().select())
    add_entry(tenant, reason="not_approved")
    add_entry(tenant, slot_at=present, exact=True, reason="exact")
    api.patch(at(tenant), json={"time_zone": "+05:45"})

    told = schedule(api, tenant).get_json()

    first, second = told["planned"]
    assert (first["exact"], first["title"]) == (True, "<b>Title</b>")
    assert first["local_at"].endswith("+05:45")
    assert (second["slot_at"], second["local_at"]) == (None, None)
    assert second["reason_words"] == "Its content is not approved."
    assert told["counts"] == {"waiting": 2, "held": 0, "taken": 0, "withdrawn": 0}
    assert told["caps"][0]["day"] == {"used": 1, "limit": 5}
    assert told["warnings"] == ["auto_publish_enabled is off: only what people schedule goes out"]
    assert told["happened"] == []


def test_the_schedule_of_a_site_that_was_never_asked_about_is_empty(api, tenant):
    told = schedule(api, tenant).get_json()

    assert (told["planned"], told["time_zone"], told["planned_at"]) == ([], "UTC", None)


@pytest.mark.parametrize("days", ["0", "91", "-1", "x", "1e9"])
def test_days_that_can_not_be_shown(api, tenant, days):
    problem_of(schedule(api, tenant, f"?days={days}"), 400, "invalid_fields")
