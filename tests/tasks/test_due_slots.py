"""The tick that takes what is due: once, in its window, under the caps, fairly."""

import threading

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
from planned_entries import add_entry, change, every_hour, settings_for

from models import (
    Account,
    ContentStatus,
    EntrySource,
    EntryState,
    Publication,
    PublicationState,
    PublishingSettings,
    ScheduleEntry,
)
from models.clock import now_plus
from models.publishing.outcomes import resume_site
from models.schedule.planning import LATE_AFTER
from models.session import session_scope
from tasks.schedule import due_slots as ticks
from tasks.schedule.due_slots import take_due_slots, tidy_slots

PERSON = EntrySource.PERSON
HOUR = 3600.0


@pytest.fixture
def integration(database):
    """A site that publishes by itself, at any time."""
    return connected()


def connected(account=None, **values):
    with session_scope() as session:
        owner = session.merge(account) if account else None
        made = make_integration(session, make_site(session, owner))
        settings_for(session, made.site, **every_hour(**values))
        return made


def due(integration, **values):
    """An entry whose slot has just come."""
    slot = {"slot_at": now_plus(-1), "slot_until": now_plus(HOUR)}
    return add_entry(integration.site, **slot | values)


def exact(integration, **values):
    return due(integration, exact=True, slot_until=None, source=PERSON, **values)


def settings_row(integration):
    with session_scope(read_only=True) as session:
        return session.get_one(PublishingSettings, integration.site_id)


def plan_due(integration):
    return settings_row(integration).plan_due


def planned(integration):
    change(settings_row(integration), plan_due=False)


def publications():
    with session_scope(read_only=True) as session:
        return list(session.scalars(sa.select(Publication).order_by(Publication.id)))


def test_a_due_entry_becomes_a_publish_for_the_rest_of_its_window(integration):
    entry = due(integration)

    assert take_due_slots() == 1

    [publication] = publications()
    taken = reload(entry)
    assert (taken.state, taken.publication_id) == (EntryState.TAKEN, publication.id)
    assert taken.taken_at >= taken.slot_at == entry.slot_at
    assert publication.state is PublicationState.QUEUED
    assert publication.publish_until == entry.slot_until


def test_the_newest_text_goes_out(integration):
    entry = due(integration)
    with session_scope() as session:
        content = session.get_one(ScheduleEntry, entry.id).content
        make_content(session, content.site, title="Newer", content=content)

    take_due_slots()

    with session_scope(read_only=True) as session:
        accepted = session.scalars(sa.select(Publication)).one().accepted
        assert accepted.document["title"] == "Newer"


@pytest.mark.parametrize(
    ("values", "taken"),
    [
        pytest.param({}, True, id="its-slot-has-come"),
        pytest.param({"slot_at": now_plus(HOUR)}, False, id="its-slot-is-to-come"),
        pytest.param({"slot_at": None, "slot_until": None}, False, id="no-slot"),
        pytest.param({"slot_until": now_plus(-1)}, False, id="its-window-is-over"),
        pytest.param({"slot_at": now_plus(-LATE_AFTER - 1)}, False, id="too-late-for-its-slot"),
        pytest.param({"state": EntryState.HELD}, False, id="held"),
        pytest.param({"state": EntryState.WITHDRAWN}, False, id="withdrawn"),
        pytest.param({"state": EntryState.TAKEN}, False, id="taken"),
        pytest.param({"status": ContentStatus.REVIEW}, False, id="not-approved"),
        pytest.param(
            {"status": ContentStatus.REVIEW, "override_status": True},
            True,
            id="not-approved-wanted",
        ),
        pytest.param(
            {"exact": True, "slot_at": now_plus(-9 * HOUR), "slot_until": None, "source": PERSON},
            True,
            id="exact-and-long-past",
        ),
    ],
)
def test_what_is_taken(integration, values, taken):
    due(integration, **values)

    assert take_due_slots() == taken
    assert len(publications()) == taken


@pytest.mark.parametrize(
    ("source", "taken"),
    [
        pytest.param(EntrySource.APPROVAL, 0, id="approval"),
        pytest.param(EntrySource.AUTOMATION, 0, id="automation"),
        pytest.param(PERSON, 1, id="person"),
    ],
)
def test_a_site_that_publishes_nothing_by_itself_publishes_what_a_person_wants(
    integration, source, taken
):
    change(settings_row(integration), auto_publish_enabled=False)
    due(integration, source=source)

    assert take_due_slots() == taken


@pytest.mark.parametrize(
    ("of_account", "values"),
    [
        pytest.param(False, {"suspended_at": now_plus(0)}, id="site-suspended"),
        pytest.param(False, {"is_active": False}, id="integration-off"),
        pytest.param(True, {"suspended_at": now_plus(0)}, id="account-suspended"),
    ],
)
def test_what_is_out_of_service_keeps_its_entries(integration, of_account, values):
    entry = due(integration)
    with session_scope(read_only=True) as session:
        account = session.get_one(Account, integration.account_id)
    change(account if of_account else integration, **values)

    assert take_due_slots() == 0
    assert reload(entry).state is EntryState.WAITING


class TestCaps:
    def test_a_cap_used_up_by_hand_meanwhile_holds_it_back(self, database):
        integration = connected(daily_publish_limit=1)
        entry = due(integration)
        make_publication(integration)
        planned(integration)

        assert take_due_slots() == 0

        refused = reload(entry)
        assert (refused.slot_at, refused.reason) == (None, "daily_limit")
        assert plan_due(integration)

    def test_two_due_at_once_do_not_share_the_last_place(self, database):
        integration = connected(daily_publish_limit=1)
        first, second = due(integration, slot_at=now_plus(-2)), due(integration)

        assert take_due_slots() == 1
        assert reload(first).state is EntryState.TAKEN
        assert reload(second).slot_at is None

    def test_a_cap_lowered_below_what_is_used_lets_nothing_more_out(self, integration):
        due(integration)
        due(integration)
        assert take_due_slots() == 2
        change(settings_row(integration), daily_publish_limit=1)
        due(integration)

        assert take_due_slots() == 0
        assert len(publications()) == 2

    def test_a_persons_own_time_is_not_bound_by_them(self, database):
        integration = connected(daily_publish_limit=1)
        make_publication(integration)
        exact(integration)

        assert take_due_slots() == 1


class TestFairness:
    def test_a_large_account_leaves_room_for_a_small_one(self, database, monkeypatch):
        monkeypatch.setattr(ticks, "AT_ONCE", 4)
        with session_scope() as session:
            large = make_account(session)
        for _ in range(6):
            due(connected(large), slot_at=now_plus(-60))
        small = [due(connected()), due(connected())]

        assert take_due_slots() == 4

        assert [reload(entry).state for entry in small] == [EntryState.TAKEN] * 2

    def test_a_tick_takes_no_more_than_its_share(self, integration, monkeypatch):
        monkeypatch.setattr(ticks, "AT_ONCE", 2)
        for _ in range(3):
            due(integration)

        assert [take_due_slots() for _ in range(3)] == [2, 1, 0]


def test_two_ticks_at_once_take_nothing_twice(integration):
    for _ in range(12):
        due(integration)
    counts = []

    def tick():
        counts.append(take_due_slots())

    both = [threading.Thread(target=tick) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()

    # Where one found the other's locks it takes nothing: the next tick does.
    assert sum(counts) + take_due_slots() == 12
    assert len(publications()) == 12
    with session_scope(read_only=True) as session:
        assert session.scalar(sa.text("SELECT count(*) FROM runs")) == 12


def test_what_fails_for_good_does_not_keep_newer_ones_from_going(integration):
    failing = due(integration)
    take_due_slots()
    [publication] = publications()
    change(publication, state=PublicationState.FAILED)

    newer = due(integration)

    assert take_due_slots() == 1
    assert reload(newer).state is EntryState.TAKEN
    assert reload(failing).publication_id == publication.id
    assert len(publications()) == 2


def test_a_content_deleted_after_planning_is_nobodys_trouble(integration):
    gone, other = due(integration), due(integration)
    with session_scope() as session:
        for table in ("revisions", "contents"):
            column = "content_id" if table == "revisions" else "id"
            session.execute(sa.text(f"DELETE FROM {table} WHERE {column} = {gone.content_id}"))

    assert take_due_slots() == 1
    assert reload(other).state is EntryState.TAKEN
    with session_scope(read_only=True) as session:
        assert session.get(ScheduleEntry, gone.id) is None


class TestMissed:
    def test_a_slot_that_passed_while_nobody_looked_is_planned_anew(self, integration):
        entry = due(integration, slot_at=now_plus(-LATE_AFTER - 60))
        planned(integration)

        assert (take_due_slots(), tidy_slots()) == (0, 1)

        missed = reload(entry)
        assert (missed.state, missed.slot_at, missed.slot_until) == (EntryState.WAITING, None, None)
        assert (missed.reason, missed.missed) == ("missed", 1)
        assert plan_due(integration)
        assert tidy_slots() == 0

    def test_an_accepted_publish_that_did_not_go_gets_another_slot(self, integration):
        entry = due(integration)
        take_due_slots()
        [publication] = publications()
        change(publication, publish_until=now_plus(-1))
        change(entry, slot_until=now_plus(-1))

        assert tidy_slots() == 1

        missed = reload(entry)
        assert (missed.state, missed.slot_at, missed.missed) == (EntryState.TAKEN, None, 1)
        assert plan_due(integration)

    @pytest.mark.parametrize(
        "state",
        [
            pytest.param(PublicationState.PUBLISHED, id="published"),
            pytest.param(PublicationState.PUBLISHING, id="on-its-way"),
            pytest.param(PublicationState.FAILED, id="failed"),
        ],
    )
    def test_what_went_in_time_has_missed_nothing(self, integration, state):
        entry = due(integration)
        take_due_slots()
        [publication] = publications()
        change(publication, publish_until=now_plus(-1), state=state)
        change(entry, slot_until=now_plus(-1))

        assert tidy_slots() == 0
        assert reload(entry).slot_at == entry.slot_at

    def test_a_suspended_site_misses_nothing_and_is_planned_when_it_is_well(self, integration):
        entry = due(integration, slot_at=now_plus(-LATE_AFTER - 60))
        change(integration, suspended_at=now_plus(0))
        planned(integration)

        assert tidy_slots() == 0
        assert (reload(entry).slot_at, reload(entry).missed) == (None, 0)
        assert not plan_due(integration)

        with session_scope() as session:
            resume_site(session, integration.id)
        assert plan_due(integration)

    def test_an_exact_time_is_never_missed(self, integration):
        exact(integration, slot_at=now_plus(-9 * HOUR))

        assert tidy_slots() == 0
        assert take_due_slots() == 1


def test_what_is_not_approved_any_more_is_held_at_its_time(integration):
    entry = due(integration, status=ContentStatus.DRAFT)
    early = due(integration, status=ContentStatus.DRAFT, slot_at=now_plus(HOUR))

    assert take_due_slots() == 0
    assert tidy_slots() == 1

    held = reload(entry)
    assert (held.state, held.reason, held.slot_at) == (EntryState.HELD, "not_approved", None)
    assert reload(early).state is EntryState.WAITING


def test_settings_that_can_not_be_read_hold_up_no_other_site(integration):
    broken, well = due(connected()), due(integration)
    with session_scope() as session:
        session.get_one(PublishingSettings, broken.site_id).publish_time_slots = [{"start": "x"}]

    assert take_due_slots() == 1

    assert reload(well).state is EntryState.TAKEN
    assert reload(broken).state is EntryState.WAITING
