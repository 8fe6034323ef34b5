"""`igny8 status` and `igny8 events`: what they show of sites, contents and what happened."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from commands import igny8
from factories import make_integration, make_publication

import settings
from cli import publishing
from models import (
    Account,
    Attempt,
    EventStatus,
    Integration,
    Publication,
    PublicationState,
    Site,
    SyncEvent,
)
from models.clock import now, now_plus
from models.session import session_scope


@pytest.fixture
def place(database):
    with session_scope() as session:
        return make_integration(session)


def happened(place, description, **more):
    usual = {"action": "content_publish", "status": EventStatus.SUCCESS}
    with session_scope() as session:
        event = SyncEvent(
            account_id=place.account_id,
            site_id=place.site_id,
            integration_id=place.id,
            event_type="publish",
            description=description,
            **usual | more,
        )
        session.add(event)
        session.flush()
        return event.id


def test_status_counts_by_state_and_tells_how_long_the_oldest_waits(place):
    for title in ("One", "Two", "Three"):
        last = make_publication(place, title)
    with session_scope() as session:
        session.execute(sa.update(Publication).values(due_at=now_plus(-7300)))
        session.get_one(Publication, last.id).state = PublicationState.PUBLISHED

    (row,) = igny8("--json", "status").json["sites"]

    assert row["publications"] == {"queued": 2, "published": 1}
    assert 7300 <= row["oldest_due_seconds"] < 7900
    assert "2 h" in igny8("status").out


def test_status_says_why_a_site_is_suspended(place):
    with session_scope() as session:
        session.execute(
            sa.update(Integration).values(suspended_at=now(), suspended_reason="wrong key")
        )

    (row,) = igny8("--json", "status", "--site", place.site.url).json["sites"]

    assert (row["suspended_reason"], row["oldest_due_seconds"]) == ("wrong key", None)
    assert "wrong key" in igny8("status").out


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        pytest.param(Integration, {}, None, id="nothing"),
        pytest.param(
            Account, {"suspended_at": now()}, "its account is suspended", id="account suspended"
        ),
        pytest.param(Site, {"is_active": False}, "its site is switched off", id="site off"),
        pytest.param(
            Integration,
            {"is_active": False},
            "its integration is switched off",
            id="integration off",
        ),
        pytest.param(
            Integration,
            {"suspended_at": now(), "suspended_reason": "wrong key"},
            "suspended: wrong key",
            id="suspended",
        ),
        pytest.param(
            Integration,
            {"breaker_opens": 1, "failures_in_a_row": 5, "breaker_open_until": now_plus(900)},
            "5 failures in a row: left alone until",
            id="open",
        ),
        pytest.param(
            Integration,
            {"breaker_opens": 1, "failures_in_a_row": 5, "breaker_open_until": now_plus(-1)},
            "one post is tried",
            id="half-open",
        ),
        pytest.param(
            Integration, {"next_post_at": now_plus(900)}, "the next post may go at", id="bucket"
        ),
        pytest.param(Integration, {"slowness": 2}, "slowed to 5 at a time", id="slow"),
    ],
)
def test_status_says_what_holds_a_site_up(place, kind, values, words):
    if values:
        with session_scope() as session:
            session.execute(sa.update(kind).values(values))

    (row,) = igny8("--json", "status").json["sites"]

    assert (words in row["held_up_by"]) if words else row["held_up_by"] is None


def test_status_of_one_site_leaves_out_the_others(place):
    with session_scope() as session:
        make_integration(session)

    rows = igny8("--json", "status", "--site", place.site_id).json["sites"]

    assert [row["id"] for row in rows] == [place.site_id]


def test_status_of_a_content_tells_its_attempts_and_events(place):
    row = make_publication(place, "A [bold] title")
    with session_scope() as session:
        session.add(
            Attempt(
                integration_id=place.id,
                publication_id=row.id,
                method="POST",
                path="/publish",
                status_code=503,
                error="the site answered 503",
                duration_ms=12,
            )
        )
    happened(place, "Published", content_id=row.content_id)

    told = igny8("--json", "status", "--content", row.content_id).json
    words = igny8("status", "--content", row.content_id).out

    (story,) = told["publications"]
    assert (told["title"], story["state"]) == ("A [bold] title", "queued")
    assert story["attempts"][0]["status_code"] == 503
    assert story["events"][0]["description"] == "Published"
    assert all(text in words for text in ("A [bold] title", "the site answered 503", "Published"))


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["status", "--content", "7"], id="content"),
        pytest.param(["status", "--content", "99999999999999999999"], id="huge id"),
        pytest.param(["status", "--site", "7"], id="site"),
        pytest.param(["events", "--site", "https://nowhere.example"], id="site of events"),
    ],
)
def test_what_does_not_exist_is_named(sqlite_database, words):
    ran = igny8(*words)

    assert (ran.code, "there is no" in ran.err) == (4, True)


def test_events_shows_the_last_ones_the_newest_at_the_end(place):
    for number in range(5):
        happened(place, f"Event {number}")

    rows = igny8("--json", "events", "--limit", "2").json["events"]

    assert [row["description"] for row in rows] == ["Event 3", "Event 4"]
    assert rows[0]["site"] == place.site.url


def test_a_line_of_events_names_the_action(place):
    happened(place, "A window has closed.", action="slot_missed")

    assert " slot_missed " in igny8("events").out


@pytest.mark.parametrize(
    "words", [["--action", "slot_missed"], ["--status", "skipped"], ["--site", "1"]]
)
def test_one_event_is_found_behind_many_others(place, words):
    happened(place, "Wanted", action="slot_missed", status=EventStatus.SKIPPED)
    with session_scope() as session:
        other = make_integration(session)
    for number in range(5):
        happened(other, f"Event {number}")

    rows = igny8("--json", "events", *words, "--limit", "2").json["events"]

    assert [row["description"] for row in rows] == ["Wanted"]


def test_events_of_one_site(place):
    with session_scope() as session:
        other = make_integration(session)
    happened(place, "Ours")
    happened(other, "Theirs")

    rows = igny8("--json", "events", "--site", place.site_id).json["events"]

    assert [row["description"] for row in rows] == ["Ours"]


@pytest.mark.slow
def test_follow_prints_what_comes_as_one_object_a_line(place):
    happened(place, "Before")
    happened(place, "Shown")
    following = subprocess.Popen(
        [sys.executable, "-m", "cli", "--json", "events", "--follow", "--limit", "1"],
        env={**os.environ, "DATABASE_URL": settings.current().database_url},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        # Whoever runs the tests in the background may have it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    try:
        first = json.loads(following.stdout.readline())
        happened(place, "After")
        second = json.loads(following.stdout.readline())
    finally:
        following.send_signal(signal.SIGINT)
        following.communicate(timeout=60)

    assert [first["description"], second["description"]] == ["Shown", "After"]
    assert following.returncode == 130


def test_the_command_line_knows_every_status_of_an_event():
    assert [each.value for each in publishing.EventStatus] == [each.value for each in EventStatus]
