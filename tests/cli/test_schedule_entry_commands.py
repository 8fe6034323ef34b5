"""`igny8 schedule set`, `move`, `cancel`, `hold`, `release`: what people do with one content."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from commands import igny8
from factories import make_content, make_integration, make_site

from models import (
    Account,
    ContentStatus,
    EntrySource,
    EntryState,
    Integration,
    PublicationState,
    ScheduleEntry,
    Site,
)
from models.clock import now
from models.publishing.accepting import Wanted, accept_publish
from models.session import session_scope


@pytest.fixture
def content(sqlite_database, broker_url):
    with session_scope() as session:
        site = make_integration(session).site
        return make_content(session, site)


def schedule(*words):
    return igny8("--json", "schedule", *words)


def entry():
    with session_scope(read_only=True) as session:
        return session.scalars(sa.select(ScheduleEntry)).one_or_none()


def present():
    with session_scope(read_only=True) as session:
        return session.scalar(sa.select(now()))


def later(**values):
    return (present() + timedelta(**values)).replace(microsecond=0).isoformat()


def test_a_content_waits_for_the_next_slot(content):
    ran = schedule("set", content.id, "--next", "--priority", 4)

    assert ran.code == 0
    assert (ran.json["state"], ran.json["slot_at"], ran.json["exact"]) == ("waiting", None, False)
    assert (entry().source, entry().priority) == (EntrySource.PERSON, 4)


def test_a_time_is_exact(content):
    at = later(days=1)
    ran = schedule("set", content.id, "--at", at, "--draft")

    assert ran.code == 0
    assert entry().slot_at == datetime.fromisoformat(at)
    assert (entry().exact, entry().post_status) == (True, "draft")


def test_a_time_that_has_passed_means_now(content):
    ran = igny8("schedule", "set", content.id, "--at", "2020-01-01T00:00Z")

    assert ran.code == 0
    assert "goes out now" in ran.err
    assert entry().slot_at <= present()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        pytest.param([], 2, "--at TIME or --next", id="no-time"),
        pytest.param(["--at", "2027-01-01T00:00Z", "--next"], 2, "--at TIME or", id="two-times"),
        pytest.param(["--at", "2027-01-01T00:00"], 4, "in which zone", id="no-zone"),
        pytest.param(["--at", "9999-01-01T00:00Z"], 4, "two years", id="year-9999"),
        pytest.param(["--at", "soon"], 4, "not a time", id="words"),
        pytest.param(["--next", "--site", "77"], 4, "no site 77", id="unknown-site"),
    ],
)
def test_what_can_not_be_scheduled_is_told(content, words, code, says):
    ran = igny8("schedule", "set", content.id, *words)

    assert (ran.code, entry()) == (code, None)
    assert says in ran.err


def test_only_approved_content_is_scheduled(content):
    with session_scope() as session:
        draft = make_content(
            session, session.get_one(Site, content.site_id), status=ContentStatus.DRAFT
        )

    assert schedule("set", draft.id, "--next").code == 4
    assert schedule("set", draft.id, "--next", "--override-status").code == 0


def test_another_accounts_site_is_refused(content):
    with session_scope() as session:
        other = make_integration(session, make_site(session))

    ran = igny8("schedule", "set", content.id, "--next", "--site", other.site_id)

    assert (ran.code, entry()) == (4, None)
    assert "another account" in ran.err


def test_an_entry_is_moved_held_released_and_cancelled(content):
    schedule("set", content.id, "--at", later(days=1))
    at = later(days=2)

    assert schedule("move", content.id, "--at", at).json["slot_at"] is not None
    assert entry().slot_at == datetime.fromisoformat(at)
    assert schedule("move", content.id, "--priority", 2).json["exact"] is True
    assert schedule("hold", content.id).json["state"] == "held"
    assert schedule("release", content.id).json["state"] == "waiting"
    assert schedule("move", content.id, "--next").json["exact"] is False
    assert schedule("cancel", content.id).json["state"] == "withdrawn"


@pytest.mark.parametrize("command", ["cancel", "hold", "release"])
def test_what_is_not_in_the_schedule_is_told(content, command):
    ran = igny8("schedule", command, content.id)

    assert ran.code == 4
    assert "not in the schedule" in ran.err
    assert igny8("schedule", command, 999).code == 4


@pytest.mark.parametrize("what", [Site, Integration, Account])
@pytest.mark.parametrize(
    "words",
    [["cancel"], ["hold"], ["move", "--priority", 3], ["release"]],
    ids=lambda words: words[0],
)
def test_what_is_planned_where_nothing_goes_out_can_be_changed_all_the_same(content, what, words):
    schedule("set", content.id, "--next")
    off = {"suspended_at": now()} if what is Account else {"is_active": False}
    with session_scope() as session:
        session.execute(sa.update(what).values(off))

    ran = schedule(words[0], content.id, *words[1:])

    assert ran.code == 0, ran.err
    assert ran.json["content_id"] == content.id


def test_of_several_entries_the_site_says_which(content):
    with session_scope() as session:
        ours = session.get_one(Site, content.site_id)
        other = make_integration(session, make_site(session, ours.account))
    for site in (content.site_id, other.site_id):
        schedule("set", content.id, "--next", "--site", site)

    unclear = schedule("cancel", content.id)
    named = schedule("cancel", content.id, "--site", other.site_id)

    assert unclear.code == 4
    assert f"--site {content.site_id} or --site {other.site_id}" in unclear.err
    assert (named.code, named.json["site_id"]) == (0, other.site_id)


def test_what_has_begun_is_not_cancelled(content):
    schedule("set", content.id, "--at", later(days=1))
    with session_scope() as session:
        row = session.scalars(sa.select(ScheduleEntry)).one()
        publication = accept_publish(session, row.content, row.integration, Wanted()).publication
        publication.state = PublicationState.PUBLISHING

    ran = igny8("schedule", "cancel", content.id)

    assert ran.code == 1
    assert "begun" in ran.err
    assert entry().state is EntryState.TAKEN
