"""A content is scheduled while its publish by hand still waits: it goes out once, at its time."""

import pytest
from factories import reload
from ingress_rows import finish, problem_of
from test_schedule_entries import change, entries, later

from models import EntrySource, EntryState, Publication, PublicationState, ScheduleEntry
from models.plan_requests import ensure_settings
from models.publishing.outcomes import resume_site, suspend_site
from models.session import session_scope
from tasks.publishing.dispatching import claim_due

BEGUN = [PublicationState.PUBLISHING, PublicationState.UNCONFIRMED]


@pytest.fixture
def address(tenant):
    return f"/api/v1/writer/content/{tenant.content.id}/"


@pytest.fixture
def by_hand(api, tenant, address):
    """A publish that waits for its suspended site."""
    with session_scope() as session:
        suspend_site(session, tenant.integration.id, "blocked", "a firewall")
    answer = api.post(f"{address}publish/", json={}).get_json()
    with session_scope(read_only=True) as session:
        return session.get_one(Publication, answer["publication_id"])


def enter(tenant):
    """Do what the sweep does that has not seen the publish yet."""
    with session_scope() as session:
        ensure_settings(session, session.merge(tenant.site))
        entry = ScheduleEntry(
            account_id=tenant.account.id,
            site_id=tenant.site.id,
            integration_id=tenant.integration.id,
            content_id=tenant.content.id,
            source=EntrySource.APPROVAL,
        )
        session.add(entry)


def claimed_when_resumed(tenant):
    with session_scope() as session:
        resume_site(session, tenant.integration.id)
    return claim_due()


def test_it_waits_for_the_time(api, tenant, address, by_hand):
    answer = api.post(f"{address}schedule/", json={"publish_at": later(days=2)})

    assert answer.status_code == 201
    found = reload(by_hand)
    assert (found.state, found.failure_code) == (PublicationState.WITHDRAWN, "called_off")
    assert claimed_when_resumed(tenant) == []


def test_a_change_of_what_is_there_waits_for_the_time_too(api, tenant, address, by_hand):
    change(by_hand, external_id="7")
    api.post(f"{address}schedule/", json={"publish_at": later(days=2)})

    assert claimed_when_resumed(tenant) == []


@pytest.mark.parametrize("state", BEGUN)
def test_what_has_begun_is_not_scheduled(api, address, by_hand, state):
    change(by_hand, state=state)

    problem_of(api.post(f"{address}schedule/", json={}), 409, "on_its_way")
    assert reload(by_hand).state is state
    assert entries() == []


@pytest.mark.parametrize("ended", [PublicationState.PUBLISHED, PublicationState.FAILED])
def test_what_has_ended_stays_as_it_is(api, address, by_hand, ended):
    change(by_hand, state=ended)
    for call in (api.post, api.patch, api.delete):
        assert call(f"{address}schedule/", json={}).status_code in {200, 201}

    assert reload(by_hand).state is ended


def call_off(api, address, how):
    calls = {
        "moved": lambda: api.patch(f"{address}schedule/", json={"publish_at": later(days=3)}),
        "held": lambda: api.post(f"{address}schedule/hold/"),
        "withdrawn": lambda: api.delete(f"{address}schedule/"),
    }
    return calls[how]()


@pytest.mark.parametrize("how", ["moved", "held", "withdrawn"])
def test_an_entry_that_has_not_seen_it_calls_it_off(api, tenant, address, by_hand, how):
    enter(tenant)

    assert call_off(api, address, how).status_code == 200
    assert reload(by_hand).failure_code == "called_off"
    assert claimed_when_resumed(tenant) == []


@pytest.mark.parametrize("how", ["moved", "held", "withdrawn"])
def test_what_the_site_has_lost_is_sent_again_whatever_becomes_of_a_newer_wish(
    api, tenant, address, by_hand, how
):
    finish(by_hand.id)
    api.post(f"{address}schedule/", json={"publish_at": later(days=2)})
    change(by_hand, state=PublicationState.QUEUED)

    assert call_off(api, address, how).status_code == 200
    assert len(claimed_when_resumed(tenant)) == 1
    assert [entry.state for entry in entries()] != [EntryState.TAKEN]
