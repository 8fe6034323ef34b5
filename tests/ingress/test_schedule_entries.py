"""A person schedules a content: exactly or in the next slot, moves it, holds it, takes it out."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from factories import make_content, make_integration, make_publication, reload
from ingress_rows import finish, issue_token, problem_of

from models import (
    ContentStatus,
    EntrySource,
    EntryState,
    PublicationState,
    PublishingSettings,
    Role,
    ScheduleEntry,
)
from models.clock import now
from models.publishing.accepting import Wanted, accept_publish
from models.session import session_scope


@pytest.fixture
def address(tenant):
    return f"/api/v1/writer/content/{tenant.content.id}/schedule/"


def present():
    with session_scope(read_only=True) as session:
        return session.scalar(sa.select(now()))


def later(**values):
    return (present() + timedelta(**values)).isoformat()


def entries():
    with session_scope(read_only=True) as session:
        return list(session.scalars(sa.select(ScheduleEntry).order_by(ScheduleEntry.id)))


def plan_due(site):
    with session_scope(read_only=True) as session:
        return session.get_one(PublishingSettings, site.id).plan_due


def change(row, **values):
    with session_scope() as session:
        session.execute(sa.update(type(row)).where(type(row).id == row.id).values(**values))


def take(entry, state=PublicationState.QUEUED):
    """Do what the tick does, and put the publication into a state."""
    with session_scope() as session:
        row = session.get_one(ScheduleEntry, entry.id)
        row.state, row.slot_at = EntryState.TAKEN, row.slot_at or present()
        session.flush()
        publication = accept_publish(session, row.content, row.integration, Wanted()).publication
        row.publication_id = publication.id
        session.flush()
        publication.state = state
        return publication


def test_without_a_time_it_waits_for_its_slot(api, tenant, address):
    answer = api.post(address, json={})

    assert answer.status_code == 201
    body = answer.get_json()
    [entry] = entries()
    assert (body["id"], body["state"], body["source"]) == (entry.id, "waiting", "person")
    assert (body["exact"], body["slot_at"], body["reason"]) == (False, None, "not_planned")
    assert (body["notes"], body["warnings"]) == ([], [])
    assert entry.source is EntrySource.PERSON
    assert plan_due(tenant.site)


def test_a_time_is_kept_exactly_whatever_its_offset(api, address):
    at = present().replace(microsecond=0) + timedelta(days=3)
    written = (at + timedelta(hours=5, minutes=30)).replace(tzinfo=None).isoformat() + "+05:30"

    body = api.post(address, json={"publish_at": written}).get_json()

    assert (body["exact"], body["slot_until"], body["reason"]) == (True, None, "exact")
    assert entries()[0].slot_at == at


def test_a_time_that_has_passed_means_now(api, address):
    answer = api.post(address, json={"publish_at": "2020-02-29T12:00:00Z"})

    assert answer.status_code == 201
    assert answer.get_json()["notes"] == ["publish_at has passed, so it goes out now."]
    assert present() - timedelta(minutes=10) < entries()[0].slot_at <= present()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param("2026-12-01T10:00:00", "zone", id="no-zone"),
        pytest.param("9999-12-31T23:59:59Z", "two years", id="year-9999"),
        pytest.param("9999-12-31T23:59:59-14:00", "no such", id="beyond-the-last-year"),
        pytest.param("2027-02-30T10:00:00Z", "no such", id="30-february"),
        pytest.param("2027-02-03T25:00:00Z", "no such", id="hour-25"),
        pytest.param("2027-02-03T10:00:00+99:00", "no such", id="offset-99"),
        pytest.param("2027-02-03", "not a time", id="a-day"),
        pytest.param("tomorrow", "not a time", id="words"),
        pytest.param("2027-W05-3T10:00:00Z", "not a time", id="a-week"),
        pytest.param("٢٠٢٧-02-03T10:00:00Z", "not a time", id="other-digits"),
        pytest.param(1798797600, "not a time", id="a-number"),
        pytest.param("", "not a time", id="empty"),
    ],
)
def test_what_is_no_time_is_refused_by_its_field(api, address, given, words):
    body = problem_of(api.post(address, json={"publish_at": given}), 400, "invalid_fields")

    [error] = body["errors"]
    assert error["field"] == "publish_at"
    assert words in error["message"]
    assert entries() == []


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"priority": 1001}, id="priority-too-high"),
        pytest.param({"priority": "1"}, id="priority-as-text"),
        pytest.param({"status": "private"}, id="status"),
        pytest.param({"publish_at": None, "when": "now"}, id="unknown-field"),
    ],
)
def test_other_fields_are_checked_too(api, address, sent):
    problem_of(api.post(address, json=sent), 400, "invalid_fields")
    assert entries() == []


def test_only_approved_content_is_scheduled(api, tenant):
    with session_scope() as session:
        content = make_content(session, tenant.site, status=ContentStatus.REVIEW)
    address = f"/api/v1/writer/content/{content.id}/schedule/"

    problem_of(api.post(address, json={}), 409, "not_approved")
    assert api.post(address, json={"override_status": True}).status_code == 201
    assert entries()[0].override_status


def test_a_limit_that_it_exceeds_is_told_and_does_not_bind_it(api, tenant, address):
    api.post(address, json={})
    with session_scope() as session:
        session.get_one(PublishingSettings, tenant.site.id).daily_publish_limit = 1
    make_publication(tenant.integration)

    body = api.post(address, json={"publish_at": "2020-02-29T12:00:00Z"}).get_json()

    assert body["warnings"] == ["daily_limit is 1, and with this one 2"]
    assert body["slot_at"] is not None


def test_scheduling_again_gives_it_the_newer_wish(api, address):
    first = api.post(address, json={"publish_at": later(days=2), "priority": 5}).get_json()
    second = api.post(address, json={"status": "draft"}).get_json()

    assert first["id"] == second["id"]
    assert (second["exact"], second["slot_at"], second["priority"]) == (False, None, 0)
    assert second["post_status"] == "draft"


def test_the_same_request_twice_is_answered_the_same(api, address):
    headers = {"Idempotency-Key": "once"}
    answers = [api.post(address, headers=headers, json={}) for _ in range(2)]

    assert answers[0].get_json() == answers[1].get_json()
    assert answers[1].headers["Idempotent-Replayed"] == "true"


class TestChanging:
    @pytest.fixture
    def entry(self, api, address):
        api.post(address, json={"publish_at": later(days=2)})
        return entries()[0]

    def test_it_is_moved(self, api, address, entry):
        at = later(days=5)
        body = api.patch(address, json={"publish_at": at, "priority": 3}).get_json()

        assert (body["exact"], body["priority"]) == (True, 3)
        assert reload(entry).slot_at.isoformat() == at

    def test_it_is_given_back_to_the_planner(self, api, address, entry):
        body = api.patch(address, json={"publish_at": None}).get_json()

        assert (body["exact"], body["slot_at"]) == (False, None)

    def test_its_time_stays_when_only_its_priority_changes(self, api, address, entry):
        body = api.patch(address, json={"priority": -2}).get_json()

        assert (body["exact"], body["priority"]) == (True, -2)
        assert reload(entry).slot_at == entry.slot_at

    def test_it_is_held_and_let_go_at_its_time(self, api, address, entry):
        held = api.post(f"{address}hold/").get_json()
        assert (held["state"], held["reason"]) == ("held", "held")

        released = api.post(f"{address}release/").get_json()
        assert (released["state"], released["reason"]) == ("waiting", "exact")
        assert reload(entry).slot_at == entry.slot_at

    def test_a_planned_one_gives_its_slot_to_the_others(self, api, address, entry):
        change(entry, exact=False, slot_until=present() + timedelta(days=3))

        held = api.post(f"{address}hold/").get_json()
        assert (held["slot_at"], held["slot_until"]) == (None, None)

        released = api.post(f"{address}release/").get_json()
        assert (released["state"], released["reason"]) == ("waiting", "not_planned")

    def test_it_is_withdrawn_for_good(self, api, address, entry):
        body = api.delete(address).get_json()

        assert (body["state"], body["slot_at"], body["exact"]) == ("withdrawn", None, False)
        for call in (api.delete(address), api.patch(address, json={}), api.post(f"{address}hold/")):
            problem_of(call, 404, "not_found")
        assert api.post(address, json={}).get_json()["state"] == "waiting"

    def test_every_change_asks_for_a_plan(self, api, tenant, address, entry):
        for call in (
            lambda: api.patch(address, json={"priority": 1}),
            lambda: api.post(f"{address}hold/"),
            lambda: api.post(f"{address}release/"),
            lambda: api.delete(address),
        ):
            with session_scope() as session:
                session.get_one(PublishingSettings, tenant.site.id).plan_due = False
            assert call().status_code == 200
            assert plan_due(tenant.site)

    def test_an_accepted_publish_that_has_not_begun_is_called_off(self, api, address, entry):
        publication = take(entry)

        assert api.delete(address).get_json()["state"] == "withdrawn"
        assert reload(publication).state is PublicationState.WITHDRAWN

    @pytest.mark.parametrize("state", [PublicationState.PUBLISHING, PublicationState.UNCONFIRMED])
    def test_one_that_has_begun_is_not(self, api, address, entry, state):
        publication = take(entry, state)

        problem_of(api.delete(address), 409, "on_its_way")
        problem_of(api.patch(address, json={"publish_at": None}), 409, "on_its_way")
        problem_of(api.post(address, json={}), 409, "on_its_way")
        assert reload(publication).state is state
        assert reload(entry).state is EntryState.TAKEN

    def test_what_is_published_may_be_scheduled_again_and_not_moved(self, api, address, entry):
        publication = take(entry)
        finish(publication.id)

        problem_of(api.patch(address, json={"priority": 1}), 404, "not_found")
        assert api.post(address, json={"publish_at": later(days=1)}).status_code == 201
        assert reload(entry).state is EntryState.WAITING
        assert reload(publication).state is PublicationState.PUBLISHED


class TestByHand:
    """A publish by hand of what waits in the schedule."""

    @pytest.mark.parametrize("held", [False, True], ids=["waiting", "held"])
    def test_it_takes_the_entry(self, api, tenant, address, held):
        api.post(address, json={"publish_at": later(days=2)})
        if held:
            api.post(f"{address}hold/")

        answer = api.post(f"/api/v1/writer/content/{tenant.content.id}/publish/", json={})

        [entry] = entries()
        assert (entry.state, entry.reason) == (EntryState.TAKEN, "by_hand")
        assert entry.publication_id == answer.get_json()["publication_id"]
        assert entry.slot_at == entry.taken_at <= present()

    def test_it_needs_no_window_any_more(self, api, tenant, address):
        api.post(address, json={})
        [entry] = entries()
        publication = take(entry)
        change(publication, publish_until=present() - timedelta(hours=1))
        change(entry, slot_at=None)

        api.post(f"/api/v1/writer/content/{tenant.content.id}/publish/", json={})

        assert reload(publication).publish_until is None
        assert reload(entry).reason == "by_hand"

    def test_it_has_the_site_planned_anew(self, api, tenant, address):
        api.post(address, json={})
        with session_scope() as session:
            session.get_one(PublishingSettings, tenant.site.id).plan_due = False

        api.post(f"/api/v1/writer/content/{tenant.content.id}/publish/", json={})

        assert plan_due(tenant.site)


def test_of_two_entries_one_must_be_named(api, tenant, address):
    with session_scope() as session:
        second = make_integration(session, session.merge(tenant.site), platform="ghost")
    for one in (tenant.integration, second):
        named = {"site_integration_id": one.id}
        assert api.post(address, json=named).status_code == 201

    problem_of(api.post(f"{address}hold/"), 409, "several_integrations")
    held = api.post(f"{address}hold/?site_integration_id={second.id}").get_json()
    assert held["site_integration_id"] == second.id
    shown = api.get(address).get_json()["results"]
    assert [each["state"] for each in shown] == ["waiting", "held"]


def test_another_tenants_content_is_like_a_missing_one(api, stranger):
    address = f"/api/v1/writer/content/{stranger.content.id}/schedule/"

    for call in (
        api.get(address),
        api.post(address, json={}),
        api.patch(address, json={}),
        api.delete(address),
        api.post(f"{address}hold/"),
    ):
        problem_of(call, 404, "not_found")


def test_a_viewer_may_look_and_no_more(client, tenant, address):
    with session_scope() as session:
        token = issue_token(session, session.merge(tenant.account), role=Role.VIEWER)
    headers = {"Authorization": f"Bearer {token}"}

    assert client.get(address, headers=headers).get_json() == {"results": []}
    problem_of(client.post(address, json={}, headers=headers), 403, "forbidden")
