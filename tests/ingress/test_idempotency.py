"""A request with a name is done once, and answered the same however often it comes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from factories import reload
from ingress_rows import Caller, problem_of

from models import Content, IdempotencyKey, Integration, Run, Site
from models.clock import now_plus
from models.pruning import prune_history
from models.session import session_scope

SITES = "/api/v1/sites/"
CONTENT = "/api/v1/writer/content/"
GENERATE = "/api/v1/integration/integrations/generate-api-key/"
NAMED = {"Idempotency-Key": "my-name-for-it"}


def count(kind):
    with session_scope(read_only=True) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(kind))


@pytest.fixture
def bodies(tenant):
    """What to send, by what it makes; all with one name."""
    return {
        "content": (
            CONTENT,
            {"site_id": tenant.site.id, "title": "x", "html": "<p>x</p>"},
            Content,
        ),
        "site": (SITES, {"url": "https://new.example"}, Site),
        "publish": (f"{CONTENT}{tenant.content.id}/publish/", {}, Run),
    }


@pytest.mark.parametrize("what", ["content", "site", "publish"])
def test_the_same_again_is_answered_the_same_and_not_done(api, bodies, what):
    path, body, kind = bodies[what]
    first = api.post(path, json=body, headers=NAMED)
    done = count(kind)

    again = api.post(path, json=body, headers=NAMED)

    assert first.status_code in {201, 202}, first.text
    assert (again.status_code, again.get_json()) == (first.status_code, first.get_json())
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert count(kind) == done


def test_an_alias_is_the_same_request(api, tenant):
    with session_scope() as session:
        session.execute(sa.delete(Integration).where(Integration.id == tenant.integration.id))
    body = {"site": tenant.site.id}

    first = api.post("/api/v1/integration/integrations/", json=body, headers=NAMED)
    again = api.post("/api/v1/integration/", json=body, headers=NAMED)

    assert (first.status_code, again.get_json()) == (201, first.get_json())


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param(SITES, {"url": "https://other.example"}, id="another body"),
        pytest.param(CONTENT, {"site_id": 1, "title": "x", "html": "x"}, id="another address"),
    ],
)
def test_the_name_of_another_request_is_refused(api, path, body):
    api.post(SITES, json={"url": "https://new.example"}, headers=NAMED)

    problem_of(api.post(path, json=body, headers=NAMED), 422, "idempotency_key_reused")


def test_without_a_name_nothing_is_kept(api, bodies):
    path, body, _ = bodies["content"]

    api.post(path, json=body)

    assert count(IdempotencyKey) == 0


def test_what_was_refused_may_be_tried_again_by_its_name(api):
    assert api.post(SITES, json={"url": "nonsense"}, headers=NAMED).status_code == 400

    assert api.post(SITES, json={"url": "https://new.example"}, headers=NAMED).status_code == 201


def test_names_are_each_accounts_own(client, tenant, stranger):
    body = {"url": "https://new.example"}
    callers = [Caller(client, each.headers) for each in (tenant, stranger)]

    answers = [each.post(SITES, json=body, headers=NAMED) for each in callers]

    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].get_json()["id"] != answers[1].get_json()["id"]


def test_the_names_of_a_sites_plugin_are_its_own(api, client, tenant, bodies):
    sync = f"/api/v1/integration/integrations/{tenant.integration.id}/sync/"
    plugin = Caller(client, {"X-IGNY8-API-Key": tenant.site.wp_api_key})
    path, body, _ = bodies["publish"]

    answers = [plugin.post(sync, json={}, headers=NAMED), api.post(path, json=body, headers=NAMED)]

    assert [each.status_code for each in answers] == [202, 202]
    assert ["Idempotent-Replayed" in each.headers for each in answers] == [False, False]


def test_twenty_at_once_are_one(app, tenant):
    def send(_):
        caller = Caller(app.test_client(), tenant.headers)
        body = {"site_id": tenant.site.id, "title": "x", "html": "<p>x</p>"}
        return caller.post(CONTENT, json=body, headers=NAMED)

    before = count(Content)
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(send, range(20)))

    assert {each.status_code for each in answers} == {201}, [each.text for each in answers]
    assert len({each.get_json()["id"] for each in answers}) == 1
    assert count(Content) == before + 1


def test_a_key_is_not_kept_with_the_answer(api, tenant):
    body = {"site_id": tenant.site.id, "replace": True}
    first = api.post(GENERATE, json=body, headers=NAMED).get_json()

    again = api.post(GENERATE, json=body, headers=NAMED).get_json()

    assert again == {**first, "api_key": None}
    assert reload(tenant.site).wp_api_key == first["api_key"]
    with session_scope(read_only=True) as session:
        assert first["api_key"] not in str(session.scalars(sa.select(IdempotencyKey.answer)).all())


@pytest.mark.parametrize("name", ["x" * 256, "with space", "naïve"])
def test_what_is_no_name_is_refused(api, name):
    answer = api.post(SITES, json={"url": "https://a.example"}, headers={"Idempotency-Key": name})

    problem_of(answer, 400, "invalid_fields")


def test_names_are_forgotten_after_a_day(api, bodies):
    path, body, _ = bodies["content"]
    api.post(path, json=body, headers=NAMED)
    assert prune_history(session_scope, 90)["idempotency_keys"] == 0
    with session_scope() as session:
        session.execute(sa.update(IdempotencyKey).values(created_at=now_plus(-86_401)))
    assert prune_history(session_scope, 90)["idempotency_keys"] == 1
