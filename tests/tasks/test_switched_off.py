"""Accounts, sites and integrations that are switched off: they miss nothing, and come back."""

import pytest
from factories import make_content, make_integration, make_site, reload
from planned_entries import add_entry, change, every_hour, settings_for

from models import Account, ContentStatus, EntryState, PublishingSettings, ScheduleEntry, Site
from models.clock import now_plus
from models.schedule.planning import LATE_AFTER
from models.session import session_scope
from tasks.schedule.due_slots import take_due_slots, tidy_slots
from tasks.schedule.planning import plan_slots
from tasks.schedule.ticks import sweep_approved


@pytest.fixture
def integration(database, environment):
    environment.setenv("CELERY_BROKER_URL", "memory://")
    with session_scope() as session:
        made = make_integration(session, make_site(session))
        settings_for(session, made.site, **every_hour())
        return made


def switch_off(integration, what):
    with session_scope(read_only=True) as session:
        account = session.get_one(Account, integration.account_id)
    if what == "account":
        change(account, suspended_at=now_plus(0))
    else:
        change(integration.site if what == "site" else integration, is_active=False)


def settings_row(integration):
    with session_scope(read_only=True) as session:
        return session.get_one(PublishingSettings, integration.site_id)


@pytest.mark.parametrize("what", ["account", "site", "integration"])
class TestMissed:
    def test_what_waited_has_missed_nothing(self, integration, what):
        entry = add_entry(integration.site, slot_at=now_plus(-LATE_AFTER - 1))
        switch_off(integration, what)
        change(settings_row(integration), plan_due=False)

        assert tidy_slots() == 0

        assert (reload(entry).slot_at, reload(entry).missed) == (None, 0)
        assert not settings_row(integration).plan_due

    def test_nor_has_what_was_accepted(self, integration, what):
        entry = add_entry(
            integration.site, slot_at=now_plus(-1), slot_until=now_plus(3600), reason="window"
        )
        take_due_slots()
        with session_scope(read_only=True) as session:
            publication = session.get_one(ScheduleEntry, entry.id).publication
        change(publication, publish_until=now_plus(-1))
        change(entry, slot_until=now_plus(-1))
        switch_off(integration, what)

        assert tidy_slots() == 0
        assert (reload(entry).reason, reload(entry).missed) == ("window", 0)


def test_the_sweep_leaves_a_site_alone_that_is_switched_off(integration):
    with session_scope() as session:
        content = make_content(session, session.get_one(Site, integration.site_id))
    switch_off(integration, "site")

    sweep_approved()

    assert not reload(content).swept


@pytest.mark.parametrize(
    "asked", [pytest.param(True, id="at-once"), pytest.param(False, id="swept")]
)
def test_what_is_approved_again_gets_a_slot_again(integration, asked):
    entry = add_entry(integration.site, status=ContentStatus.REVIEW)
    plan_slots()
    assert reload(entry).reason == "not_approved"

    with session_scope() as session:
        content = session.get_one(ScheduleEntry, entry.id).content
        make_content(session, content.site, content=content)
        content.swept = True
    if not asked:  # as where the planner was at work just then
        change(settings_row(integration), plan_due=False)
        sweep_approved()
    plan_slots()

    assert (reload(entry).state, reload(entry).slot_at is not None) == (EntryState.WAITING, True)
