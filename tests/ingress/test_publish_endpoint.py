"""POST /api/v1/writer/content/{id}/publish/: what is accepted, what is refused, and the wait."""

import re
import threading
import time
from contextlib import ExitStack

import pytest
import redis
import sqlalchemy as sa
from factories import make_content, make_integration, make_site
from ingress_rows import finish, point_celery_at, problem_of
from servers import wait_until

from ingress import waiting
from models import ContentStatus, Publication, PublicationState, Run
from models.session import session_scope
from settings import ROOT


def address(content):
    return f"/api/v1/writer/content/{content.id}/publish/"


def all_rows(kind):
    with session_scope(read_only=True) as session:
        return list(session.scalars(sa.select(kind)))


def change(row, **values):
    with session_scope() as session:
        session.execute(sa.update(type(row)).where(type(row).id == row.id).values(**values))


def test_a_publish_is_accepted_with_a_run_to_ask_about(api, tenant):
    answer = api.post(address(tenant.content), json={})

    assert answer.status_code == 202
    body = answer.get_json()
    [publication], [run] = all_rows(Publication), all_rows(Run)
    assert body == {
        "result": "accepted",
        "run_id": run.id,
        "status_url": f"http://localhost/api/v1/runs/{run.id}/",
        "publication_id": publication.id,
        "state": "queued",
    }
    assert answer.headers["Location"] == body["status_url"]
    assert publication.integration_id == tenant.integration.id
    assert publication.post_status == "publish"


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({}, id="no body at all"),
        pytest.param({"data": b""}, id="empty body"),
        pytest.param({"json": {"status": "draft"}}, id="as a draft"),
    ],
)
def test_the_body_may_be_left_out(api, tenant, sent):
    assert api.post(address(tenant.content), **sent).status_code == 202


def test_a_post_without_the_last_slash_is_not_redirected(api, tenant):
    assert api.post(address(tenant.content).rstrip("/"), json={}).status_code == 202


def test_the_workers_are_told(api, tenant, broker):
    api.post(address(tenant.content), json={})

    with redis.Redis.from_url(broker.url()) as client:
        wait_until(lambda: client.llen("igny8:maintenance"), what="the ring")


def test_many_publishes_are_few_rings(api, tenant, broker):
    for _ in range(20):
        api.post(address(tenant.content), json={})

    with redis.Redis.from_url(broker.url()) as client:
        wait_until(lambda: client.llen("igny8:maintenance"), what="the ring")
        assert client.llen("igny8:maintenance") < 20


def test_a_broker_that_is_away_costs_nothing_but_time(api, tenant, broker, environment):
    point_celery_at(environment, "redis://127.0.0.1:1/0")

    assert api.post(address(tenant.content), json={}).status_code == 202
    assert len(all_rows(Publication)) == 1


def test_two_publishes_of_one_content_are_one_publication(api, tenant):
    first = api.post(address(tenant.content), json={}).get_json()
    second = api.post(address(tenant.content), json={}).get_json()

    assert first["publication_id"] == second["publication_id"]
    assert len(all_rows(Publication)) == 1


def test_two_publishes_at_once_are_one_publication(app, tenant):
    answers = []

    def press():
        client = app.test_client()
        answers.append(client.post(address(tenant.content), json={}, headers=tenant.headers))

    buttons = [threading.Thread(target=press) for _ in range(2)]
    for button in buttons:
        button.start()
    for button in buttons:
        button.join()

    assert [answer.status_code for answer in answers] == [202, 202]
    assert len({answer.get_json()["publication_id"] for answer in answers}) == 1


def test_what_the_site_shows_already_is_not_sent_again(api, tenant):
    publication_id = api.post(address(tenant.content), json={}).get_json()["publication_id"]
    finish(publication_id)

    answer = api.post(address(tenant.content), json={})

    assert answer.status_code == 200
    body = answer.get_json()
    assert body["result"] == "no_change"
    assert body["external_url"] == "https://site.example/?p=77"
    assert all_rows(Publication)[0].state is PublicationState.PUBLISHED


@pytest.mark.parametrize(
    "wish",
    [
        pytest.param({"force": True}, id="force"),
        pytest.param({"restore": True}, id="restore"),
        pytest.param({"status": "draft"}, id="another status"),
    ],
)
def test_another_wish_is_sent_again(api, tenant, wish):
    publication_id = api.post(address(tenant.content), json={}).get_json()["publication_id"]
    finish(publication_id)

    answer = api.post(address(tenant.content), json=wish)

    assert answer.status_code == 202
    assert answer.get_json()["state"] == "queued"


@pytest.mark.parametrize("status", [ContentStatus.DRAFT, ContentStatus.REVIEW])
def test_only_approved_content_goes_out(api, tenant, status):
    with session_scope() as session:
        content = make_content(session, tenant.site, status=status)

    body = problem_of(api.post(address(content), json={}), 409, "not_approved")

    assert status.value in body["detail"]
    assert all_rows(Publication) == []
    assert api.post(address(content), json={"override_status": True}).status_code == 202


def test_a_site_without_an_active_integration_is_refused(api, tenant):
    change(tenant.integration, is_active=False)

    problem_of(api.post(address(tenant.content), json={}), 409, "no_integration")
    named = {"site_integration_id": tenant.integration.id}
    problem_of(api.post(address(tenant.content), json=named), 409, "integration_inactive")
    assert all_rows(Publication) == []


def test_of_two_integrations_one_must_be_named(api, tenant):
    with session_scope() as session:
        second = make_integration(session, session.merge(tenant.site), platform="ghost")

    body = problem_of(api.post(address(tenant.content), json={}), 409, "several_integrations")

    assert f"{second.id} (ghost)" in body["detail"]
    named = api.post(address(tenant.content), json={"site_integration_id": second.id})
    assert named.status_code == 202


def test_an_integration_of_another_site_or_tenant_is_not_there(api, tenant, stranger):
    with session_scope() as session:
        other = make_integration(session, make_site(session, session.merge(tenant.account)))
    details = set()
    for number in (other.id, stranger.integration.id, 999_999):
        sent = api.post(address(tenant.content), json={"site_integration_id": number})
        details.add(problem_of(sent, 404, "not_found")["detail"])

    assert len(details) == 1
    assert all_rows(Publication) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"site_integration_id": "1"}, "site_integration_id", id="id as text"),
        pytest.param({"site_integration_id": True}, "site_integration_id", id="id as boolean"),
        pytest.param({"site_integration_id": 0}, "site_integration_id", id="zero"),
        pytest.param({"site_integration_id": 2**31}, "site_integration_id", id="too large"),
        pytest.param({"status": "private"}, "status", id="unknown status"),
        pytest.param({"force": "yes"}, "force", id="boolean as text"),
        pytest.param({"account_id": 1}, "account_id", id="unknown field"),
    ],
)
def test_a_wrong_field_is_named(api, tenant, body, field):
    answer = problem_of(api.post(address(tenant.content), json=body), 400, "invalid_fields")

    assert [error["field"] for error in answer["errors"]] == [field]
    assert all_rows(Publication) == []


def test_a_suspended_site_parks_the_work_and_says_so(api, tenant):
    change(tenant.integration, suspended_at=sa.func.now(), suspended_reason="the key is refused")

    answer = api.post(address(tenant.content), json={}, headers={"Prefer": "wait=5"})

    assert answer.status_code == 200
    assert answer.get_json()["state"] == "parked"
    assert answer.get_json()["reason"] == "the key is refused"


def test_a_wait_brings_the_outcome_when_it_is_there_in_time(api, app, tenant):
    answers = []

    def ask():
        answers.append(api.post(address(tenant.content), json={}, headers={"Prefer": "wait=20"}))

    asking = threading.Thread(target=ask)
    asking.start()
    deadline = time.monotonic() + 15
    while not (rows := all_rows(Publication)) and time.monotonic() < deadline:
        time.sleep(0.02)
    finish(rows[0].id)
    asking.join()

    assert answers[0].status_code == 200
    assert answers[0].get_json()["result"] == "published"
    assert answers[0].get_json()["external_id"] == "77"
    assert answers[0].headers["Preference-Applied"] == "wait=20"


def test_a_wait_ends(api, tenant):
    answer = api.post(address(tenant.content), json={}, headers={"Prefer": "wait=1"})

    assert answer.status_code == 202
    assert answer.headers["Preference-Applied"] == "wait=1"


@pytest.fixture
def waiting_for(monkeypatch):
    """Let so many callers wait for each of these accounts, until the test ends."""
    monkeypatch.setattr(waiting, "_PLACES", waiting._Places())
    with ExitStack() as stack:

        def wait(accounts, callers):
            for account in accounts:
                for _ in range(callers):
                    assert stack.enter_context(waiting._PLACES.one_of(account))

        yield wait


def waits(api, tenant):
    answer = api.post(address(tenant.content), json={}, headers={"Prefer": "wait=1"})
    assert answer.status_code == 202
    return "Preference-Applied" in answer.headers


def test_when_too_many_wait_the_next_one_does_not(api, tenant, waiting_for):
    waiting_for(range(1000, 1000 + waiting.AT_ONCE), 1)

    assert not waits(api, tenant)


def test_an_account_whose_callers_wait_leaves_places_to_the_others(api, tenant, waiting_for):
    waiting_for([tenant.account.id + 1], waiting.AT_ONCE_PER_ACCOUNT)
    assert waits(api, tenant)

    waiting_for([tenant.account.id], waiting.AT_ONCE_PER_ACCOUNT)
    assert not waits(api, tenant)


def test_most_threads_of_the_web_process_wait_for_nobody():
    line = next(each for each in (ROOT / "Procfile").read_text().splitlines() if "granian" in each)
    threads = int(re.search(r"--blocking-threads (\d+)", line)[1])

    assert threads > waiting.AT_ONCE * 2


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        pytest.param("wait=10", 10, id="plain"),
        pytest.param('respond-async, WAIT = "7"; x=1', 7, id="among others"),
        pytest.param("wait=3600", 30, id="longer than we wait"),
        pytest.param("wait=0", 0, id="zero"),
        pytest.param("wait=-1", 0, id="negative"),
        pytest.param("wait=1e3", 0, id="no number"),
        pytest.param("handling=lenient", 0, id="another preference"),
        pytest.param("", 0, id="empty"),
        pytest.param(None, 0, id="none"),
    ],
)
def test_the_preference_is_read_as_the_rfc_says(prefer, seconds):
    assert waiting.preferred_wait(prefer) == seconds
