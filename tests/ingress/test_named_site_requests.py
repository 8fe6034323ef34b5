"""A request about a site that has a name is one run, also when the first one has ended."""

import pytest
import sqlalchemy as sa
from factories import make_integration, make_site
from ingress_rows import Caller, problem_of
from site_calls import BASE, at, end_run, plugin

from models import Account, SiteRun, SyncEvent
from models.session import session_scope

NAMED = {"Idempotency-Key": "my-name-for-it"}
PUSH = {"post_types": {"post": {"label": "Posts", "count": 3}}}
REQUESTS = [
    pytest.param("test-connection/", None, id="test"),
    pytest.param("test-collection-connection/", {"content_type": "page"}, id="content-type"),
    pytest.param("sync/", {"direction": "metadata"}, id="sync"),
    pytest.param("update-structure/", None, id="refresh"),
    pytest.param("rotate-api-key/", {"overlap_hours": 1}, id="rotation"),
]


def count(kind):
    with session_scope(read_only=True) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(kind))


@pytest.mark.parametrize(("action", "body"), REQUESTS)
def test_the_same_again_is_the_same_run_although_it_has_ended(api, tenant, action, body):
    first = api.post(at(tenant, action), json=body, headers=NAMED)
    end_run(first.get_json()["run_id"])

    again = api.post(at(tenant, action), json=body, headers=NAMED)

    assert (again.status_code, again.get_json()) == (202, first.get_json())
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert count(SiteRun) == 1


def test_a_site_is_synced_once(api, tenant):
    body = {"site_id": tenant.site.id}
    first = api.post(f"{BASE}/site_sync/", json=body, headers=NAMED).get_json()
    end_run(first["run_id"])

    assert api.post(f"{BASE}/site_sync/", json=body, headers=NAMED).get_json() == first
    assert count(SiteRun) == 1


def test_a_pushed_structure_is_stored_and_told_once(api, tenant):
    first = api.post(at(tenant, "update-structure/"), json=PUSH, headers=NAMED)
    told = count(SyncEvent)

    again = api.post(at(tenant, "update-structure/"), json=PUSH, headers=NAMED)

    assert (again.status_code, again.get_json()) == (200, first.get_json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert count(SyncEvent) == told


def test_another_request_by_the_same_name_is_refused(api, tenant):
    api.post(at(tenant, "sync/"), headers=NAMED)

    answer = api.post(at(tenant, "test-connection/"), headers=NAMED)

    problem_of(answer, 422, "idempotency_key_reused")
    assert count(SiteRun) == 1


def test_what_was_refused_may_be_tried_again_by_its_name(api, tenant):
    refused = api.post(at(tenant, "sync/"), json={"direction": "both"}, headers=NAMED)

    problem_of(refused, 501, "direction_not_built")
    accepted = api.post(at(tenant, "sync/"), json={"direction": "metadata"}, headers=NAMED)
    assert accepted.status_code == 202


def test_a_plugin_reads_no_answer_of_another_site_of_its_account(client, tenant):
    with session_scope() as session:
        sibling = make_site(session, session.get_one(Account, tenant.account.id))
        make_integration(session, sibling)
    plugin(client, tenant).post(at(tenant, "test-connection/"), headers=NAMED)

    other = Caller(client, {"X-IGNY8-API-Key": sibling.wp_api_key})

    answer = other.post(at(tenant, "test-connection/"), headers=NAMED)
    problem_of(answer, 404, "not_found")


def test_the_document_shows_the_name_at_every_post_about_an_integration(client, sqlite_database):
    paths = client.get("/openapi/openapi.json").get_json()["paths"]
    onboarding = f"{BASE}/test-connection/"  # who has no account yet can name nothing

    for path, methods in paths.items():
        if "post" in methods and path.startswith(BASE) and path != onboarding:
            names = {each["name"] for each in methods["post"].get("parameters", [])}
            assert "Idempotency-Key" in names, path
            assert "422" in methods["post"]["responses"], path
