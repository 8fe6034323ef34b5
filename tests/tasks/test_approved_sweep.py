"""Approved contents come into the schedule by themselves: by the sweep or an automation, once."""

import pytest
import sqlalchemy as sa
from factories import (
    make_account,
    make_content,
    make_integration,
    make_publication,
    make_site,
    reload,
)
from planned_entries import add_entry, change, every_hour, now_of, settings_for

from models import (
    Content,
    ContentStatus,
    EntrySource,
    EntryState,
    Integration,
    PublishingSettings,
    ScheduleEntry,
    Site,
)
from models.clock import now_plus
from models.schedule.approved_sweep import schedule_finished
from models.session import session_scope
from tasks import doorbell
from tasks.schedule import ticks as scheduling
from tasks.schedule.ticks import sweep_approved

BOTH = {"auto_approval_enabled": True, "auto_publish_enabled": True}


@pytest.fixture
def site(database, environment):
    environment.setenv("CELERY_BROKER_URL", "memory://")
    return automatic_site(**BOTH)


def automatic_site(account=None, **values):
    with session_scope() as session:
        made = make_integration(session, make_site(session, account and session.merge(account)))
        settings_for(session, made.site, **every_hour(**values))
        return made.site


def content_of(site, status=ContentStatus.APPROVED):
    with session_scope() as session:
        return make_content(session, session.get_one(Site, site.id), status=status)


def entries():
    with session_scope(read_only=True) as session:
        return {
            entry.content_id: entry
            for entry in session.scalars(sa.select(ScheduleEntry).order_by(ScheduleEntry.id))
        }


def change_settings(site, **values):
    with session_scope(read_only=True) as session:
        found = session.get_one(PublishingSettings, site.id)
    change(found, **values)


def plan_due(site):
    with session_scope(read_only=True) as session:
        return session.get_one(PublishingSettings, site.id).plan_due


@pytest.mark.parametrize(
    ("status", "settings", "ends", "scheduled"),
    [
        pytest.param("approved", BOTH, "approved", True, id="approved"),
        pytest.param("review", BOTH, "approved", True, id="in-review"),
        pytest.param("draft", BOTH, "draft", False, id="draft"),
        pytest.param(
            "review", BOTH | {"auto_approval_enabled": False}, "review", False, id="no-approval"
        ),
        pytest.param(
            "review", BOTH | {"auto_publish_enabled": False}, "approved", False, id="no-publishing"
        ),
        pytest.param(
            "approved", BOTH | {"auto_publish_enabled": False}, "approved", False, id="all-by-hand"
        ),
    ],
)
def test_what_the_sweep_takes(site, status, settings, ends, scheduled):
    change_settings(site, **settings, plan_due=False)
    content = content_of(site, ContentStatus(status))

    sweep_approved()

    assert reload(content).status is ContentStatus(ends)
    assert (content.id in entries()) is scheduled
    assert plan_due(site) is scheduled
    if scheduled:
        entry = entries()[content.id]
        assert (entry.state, entry.source) == (EntryState.WAITING, EntrySource.APPROVAL)
        assert entry.slot_at is None


def test_a_site_without_settings_has_no_automatic_anything(site):
    with session_scope() as session:
        other = make_integration(session)
        content = make_content(session, other.site)

    sweep_approved()

    assert content.id not in entries()


def test_the_sweep_twice_makes_one_entry(site):
    content = content_of(site)

    sweep_approved()
    first = entries()[content.id]
    sweep_approved()

    assert entries()[content.id].id == first.id


@pytest.mark.parametrize("state", [EntryState.WITHDRAWN, EntryState.HELD, EntryState.TAKEN])
def test_what_has_an_entry_is_left_as_it_is(site, state):
    entry = add_entry(site, state=state, source=EntrySource.PERSON)

    sweep_approved()

    assert reload(entry).state is state
    assert len(entries()) == 1


def test_what_was_published_by_hand_is_not_scheduled(site):
    with session_scope(read_only=True) as session:
        integration = session.scalars(sa.select(Integration)).one()
    make_publication(integration)

    sweep_approved()

    assert entries() == {}


def test_a_site_without_an_active_integration_waits_for_one(site):
    content = content_of(site)
    with session_scope() as session:
        session.execute(sa.text("UPDATE site_integrations SET is_active = false"))
    sweep_approved()
    assert entries() == {}

    with session_scope() as session:
        session.execute(sa.text("UPDATE site_integrations SET is_active = true"))
    sweep_approved()
    assert content.id in entries()


def test_a_sweep_takes_fifty_fairly_for_all_accounts(site, monkeypatch):
    monkeypatch.setattr(scheduling, "AT_ONCE", 4)
    for _ in range(6):
        content_of(site)
    small = content_of(automatic_site(**BOTH))

    sweep_approved()
    assert len(entries()) == 4
    assert small.id in entries()

    sweep_approved()
    assert len(entries()) == 7


@pytest.fixture
def rung(monkeypatch):
    """The names of the tasks that were rung for."""
    names = []
    monkeypatch.setattr(doorbell, "_send", lambda task, *_: names.append(task) or True)
    return names


def test_a_full_sweep_asks_for_the_next_at_once(site, monkeypatch, rung):
    monkeypatch.setattr(scheduling, "AT_ONCE", 2)
    for _ in range(3):
        content_of(site)

    sweep_approved()
    assert rung == ["schedule_approved", "plan_slots"]

    sweep_approved()
    assert rung[2:] == ["plan_slots"]


@pytest.mark.parametrize(
    "fill",
    [
        pytest.param(lambda site: content_of(site, ContentStatus.REVIEW), id="approved"),
        pytest.param(
            lambda site: add_entry(site, state=EntryState.WITHDRAWN), id="has-an-entry-already"
        ),
        pytest.param(
            lambda site: add_entry(site, state=EntryState.HELD, reason="not_approved"), id="let-go"
        ),
    ],
)
def test_so_does_each_of_its_parts(site, monkeypatch, rung, fill):
    monkeypatch.setattr(scheduling, "AT_ONCE", 2)
    for _ in range(2):
        fill(site)

    sweep_approved()

    assert "schedule_approved" in rung


def test_what_is_approved_again_is_let_go(site):
    planned = add_entry(site, state=EntryState.HELD, reason="not_approved")
    timed = add_entry(
        site, state=EntryState.HELD, reason="not_approved", exact=True, slot_at=now_plus(900)
    )
    by_person = add_entry(site, state=EntryState.HELD, reason="held")
    draft = add_entry(
        site, state=EntryState.HELD, reason="not_approved", status=ContentStatus.DRAFT
    )

    sweep_approved()

    states = [reload(entry).state for entry in (planned, timed, by_person, draft)]
    assert states == [EntryState.WAITING, EntryState.WAITING, EntryState.HELD, EntryState.HELD]
    assert reload(timed).slot_at > now_of()


class TestAutomations:
    def finish(self, site, *contents, run="run-7"):
        with session_scope() as session:
            schedule_finished(session, site.id, run, [content.id for content in contents])

    def test_what_it_ends_with_is_approved_and_scheduled(self, site):
        contents = [content_of(site, ContentStatus.REVIEW), content_of(site)]

        self.finish(site, *contents)

        assert {reload(content).status for content in contents} == {ContentStatus.APPROVED}
        made = entries()
        assert set(made) == {content.id for content in contents}
        assert {entry.source for entry in made.values()} == {EntrySource.AUTOMATION}
        assert {entry.automation_run_id for entry in made.values()} == {"run-7"}

    def test_neither_option_doubles_the_other(self, site):
        contents = [content_of(site) for _ in range(2)]
        self.finish(site, contents[0])
        sweep_approved()
        self.finish(site, *contents)
        sweep_approved()

        made = entries()
        assert len(made) == 2
        assert made[contents[0].id].source is EntrySource.AUTOMATION
        assert made[contents[1].id].source is EntrySource.APPROVAL

    def test_its_approval_holds_where_nothing_is_published_by_itself(self, site):
        change_settings(site, auto_publish_enabled=False)
        content = content_of(site, ContentStatus.REVIEW)

        self.finish(site, content)

        assert reload(content).status is ContentStatus.APPROVED
        assert entries() == {}

    def test_drafts_and_other_sites_contents_are_left_alone(self, site):
        draft = content_of(site, ContentStatus.DRAFT)
        with session_scope() as session:
            account = session.get_one(Site, site.id).account
        foreign = content_of(automatic_site(account), ContentStatus.REVIEW)
        stranger = content_of(automatic_site(), ContentStatus.REVIEW)

        self.finish(site, draft, foreign, stranger)

        assert entries() == {}
        statuses = [reload(content).status for content in (draft, foreign, stranger)]
        assert statuses == [ContentStatus.DRAFT, ContentStatus.REVIEW, ContentStatus.REVIEW]

    def test_what_was_withdrawn_stays_so(self, site):
        entry = add_entry(site, state=EntryState.WITHDRAWN, source=EntrySource.PERSON)
        with session_scope(read_only=True) as session:
            content = session.get_one(Content, entry.content_id)

        self.finish(site, content)

        assert reload(entry).state is EntryState.WITHDRAWN


def test_an_account_that_is_suspended_is_not_swept(site):
    with session_scope() as session:
        account = make_account(session)
    other = automatic_site(account, **BOTH)
    content_of(other)
    change(account, suspended_at=now_plus(0))

    sweep_approved()

    assert entries() == {}
