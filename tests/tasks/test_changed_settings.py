"""What was planned or accepted by older settings: nothing of it goes out against the newer ones."""

import pytest
from factories import make_content, make_integration, make_publication, make_site, reload
from planned_entries import ALL_DAYS, add_entry, change, every_hour, now_of, settings_for

from models import (
    EntrySource,
    EntryState,
    PublicationState,
    PublishingSettings,
    ScheduleEntry,
    Site,
    SiteRun,
    SiteRunState,
)
from models.clock import now_plus
from models.plan_requests import ask_for_plan
from models.publishing.claiming import claim_batch
from models.schedule.zones import take_zone
from models.session import session_scope
from tasks.publishing.dispatching import claim_due
from tasks.schedule.due_slots import take_due_slots, tidy_slots
from tasks.schedule.planning import plan_slots
from tasks.schedule.view import view_schedule
from tasks.sites.settings import write_settings

HOUR = 3600.0
TODAY = {"from": "2000-01-01", "to": "2100-01-01"}
AN_HOUR_OF_THE_NIGHT = [{"start": "00:00", "end": "01:00"}]


@pytest.fixture
def integration(database):
    """A site that publishes by itself, at any time; its clock shows noon."""
    with session_scope() as session:
        made = make_integration(session, make_site(session))
        settings_for(session, made.site, **every_hour())
        return made


def due(integration, **values):
    slot = {"slot_at": now_plus(-1), "slot_until": now_plus(HOUR)}
    return add_entry(integration.site, **slot | values)


def settings_row(integration):
    with session_scope(read_only=True) as session:
        return session.get_one(PublishingSettings, integration.site_id)


def write(integration, **values):
    with session_scope() as session:
        write_settings(session, session.get_one(Site, integration.site_id), values)


def publication_of(entry):
    with session_scope(read_only=True) as session:
        return session.get_one(ScheduleEntry, entry.id).publication


def claims(integration):
    with session_scope() as session:
        return claim_batch(session, integration.id, 20, 60.0) is not None


def standing(integration):
    with session_scope() as session:
        site = session.get_one(Site, integration.site_id)
        kept = session.get_one(PublishingSettings, site.id)
        return view_schedule(session, site, kept, 1).warnings


class TestBeforeThePlan:
    @pytest.mark.parametrize(
        "values",
        [
            pytest.param({"blackout_dates": [TODAY]}, id="blackout"),
            pytest.param({"publish_days": []}, id="day"),
            pytest.param({"publish_time_slots": AN_HOUR_OF_THE_NIGHT}, id="window"),
        ],
    )
    def test_a_slot_that_comes_before_the_new_plan_does_not_go(self, integration, values):
        entry = due(integration)
        change(settings_row(integration), **values, plan_due=False)

        assert take_due_slots() == 0

        refused = reload(entry)
        assert (refused.state, refused.slot_at, refused.reason) == ("waiting", None, "window")
        assert settings_row(integration).plan_due

    def test_a_persons_own_time_is_bound_by_no_window(self, integration):
        due(integration, exact=True, slot_until=None, source=EntrySource.PERSON)
        change(settings_row(integration), blackout_dates=[TODAY])

        assert take_due_slots() == 1

    def test_a_shorter_window_ends_what_is_taken_sooner(self, integration):
        slots = [{"start": "00:00", "end": "13:00"}]
        entry = due(integration, slot_until=now_plus(9 * HOUR))
        change(settings_row(integration), publish_time_slots=slots)

        assert take_due_slots() == 1
        assert publication_of(entry).publish_until < entry.slot_until


class TestAccepted:
    @pytest.mark.parametrize(
        "values",
        [
            pytest.param({"publish_time_slots": AN_HOUR_OF_THE_NIGHT}, id="window"),
            pytest.param({"publish_days": []}, id="days"),
            pytest.param({"blackout_dates": [TODAY]}, id="blackout"),
        ],
    )
    def test_what_waits_is_not_begun_and_is_planned_anew(self, integration, values):
        entry = due(integration)
        take_due_slots()

        write(integration, **values)

        assert not claims(integration)
        plan_slots()
        assert not claims(integration)
        found = reload(entry)
        assert (found.state, found.missed) == (EntryState.TAKEN, 0)
        assert found.slot_at is None or found.slot_at > now_of()

    def test_what_may_be_out_is_asked_about_first(self, integration):
        entry = due(integration)
        take_due_slots()
        publication = publication_of(entry)
        change(publication, state=PublicationState.UNCONFIRMED, unclear=True)

        write(integration, publish_days=[])

        assert (reload(entry).slot_at, tidy_slots()) == (entry.slot_at, 0)
        assert claims(integration)
        change(publication, state=PublicationState.QUEUED, unclear=False)
        assert tidy_slots() == 1
        assert reload(entry).slot_at is None

    def test_where_the_window_is_still_open_it_goes_on(self, integration):
        entry = due(integration)
        take_due_slots()

        write(integration, publish_time_slots=[{"start": "00:00", "end": "23:00"}])
        plan_slots()

        assert publication_of(entry).publish_until == reload(entry).slot_until > now_of()
        assert claims(integration)

    def test_another_zone_is_another_calendar(self, integration):
        entry = due(integration)
        take_due_slots()
        change(settings_row(integration), time_zone_source="default")

        with session_scope() as session:
            take_zone(session, integration.site_id, "Asia/Tokyo")

        assert reload(entry).slot_at is None
        assert not claims(integration)

    @pytest.mark.parametrize(
        "values",
        [
            pytest.param({"daily_publish_limit": 7}, id="no-part-of-the-calendar"),
            pytest.param({"publish_days": ALL_DAYS}, id="the-same-as-before"),
        ],
    )
    def test_another_change_leaves_it_alone(self, integration, values):
        entry = due(integration)
        take_due_slots()

        write(integration, **values)

        assert claims(integration)
        assert reload(entry).slot_at == entry.slot_at

    @pytest.mark.parametrize(
        "by_hand", [pytest.param(True, id="by-hand"), pytest.param(False, id="on-its-way")]
    )
    def test_what_is_by_hand_or_on_its_way_goes_on(self, integration, by_hand):
        entry = None if by_hand else due(integration)
        take_due_slots()
        publication = make_publication(integration) if by_hand else publication_of(entry)
        change(
            publication, state=PublicationState.QUEUED if by_hand else PublicationState.PUBLISHING
        )

        write(integration, publish_days=[])

        assert reload(publication).publish_until == publication.publish_until


class TestZone:
    """A site that was never tested gets nothing by itself at an hour that nobody meant."""

    @pytest.fixture
    def integration(self, database):
        with session_scope() as session:
            made = make_integration(session, make_site(session))
            settings_for(session, made.site)
            return made

    @pytest.fixture
    def entry(self, integration):
        """Of a site that publishes at any hour of UTC, and is being asked for its zone."""
        entry = due(integration)
        hours = every_hour(time_zone="UTC", time_zone_source="default")
        write(integration, **hours)
        return entry

    def end_test(self, integration, zone=None):
        with session_scope() as session:
            run = session.query(SiteRun).filter_by(integration_id=integration.id).one()
            run.state = SiteRunState.FAILED
            if zone:
                take_zone(session, integration.site_id, zone)

    def test_nothing_goes_out_while_it_is_asked(self, integration, entry):
        assert take_due_slots() == 0
        plan_slots()

        assert (reload(entry).slot_at, reload(entry).reason) == (None, "zone_awaited")
        assert any("asked for its time zone" in each for each in standing(integration))

    @pytest.mark.parametrize(
        "zone", [pytest.param("Asia/Tokyo", id="told"), pytest.param(None, id="told-none")]
    )
    def test_when_the_test_has_ended_it_is_planned(self, integration, entry, zone):
        plan_slots()

        self.end_test(integration, zone)
        plan_slots()

        assert reload(entry).slot_at is not None
        assert any("UTC" in each for each in standing(integration)) == (zone is None)


class TestSiteSwitchedOff:
    @pytest.fixture
    def site(self, integration):
        change(integration.site, is_active=False)
        return integration.site

    def test_its_slots_are_not_taken(self, integration, site):
        due(integration)

        assert take_due_slots() == 0

    def test_its_plan_says_so(self, integration, site):
        entry = add_entry(site)

        plan_slots()

        assert (reload(entry).slot_at, reload(entry).reason) == (None, "site_off")

    def test_what_was_accepted_waits(self, integration, site):
        make_publication(integration)

        assert claim_due() == []

    def test_switched_on_it_is_planned(self, integration, site):
        entry = add_entry(site)
        plan_slots()

        change(site, is_active=True)
        with session_scope() as session:
            ask_for_plan(session, [site.id])
        plan_slots()

        assert reload(entry).slot_at is not None


def test_a_content_may_be_written_while_its_site_has_no_settings(database):
    with session_scope() as session:
        content = make_content(session, make_site(session))
        make_content(session, content.site, status="review", content=content)
