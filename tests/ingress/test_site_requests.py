"""Tests and syncs over the API: accepted once, told by their run, and of one's own sites only."""

import pytest
import sqlalchemy as sa
from factories import make_integration, make_site
from ingress_rows import Caller, point_celery_at, problem_of
from site_calls import BASE, at, end_run, plugin

from ingress.integrations import sync_answers
from models import Account, Attempt, Integration, SiteRun, SiteRunKind
from models.session import session_scope
from models.sites.run_ends import End

ACTIONS = [
    pytest.param("test-connection/", None, SiteRunKind.CONNECTION_TEST, id="test"),
    pytest.param(
        "test-collection-connection/",
        {"content_type": "page"},
        SiteRunKind.COLLECTION_TEST,
        id="content-type",
    ),
    pytest.param("sync/", {"direction": "metadata"}, SiteRunKind.STRUCTURE_SYNC, id="sync"),
    pytest.param("sync/", None, SiteRunKind.STRUCTURE_SYNC, id="sync-by-default"),
    pytest.param("update-structure/", None, SiteRunKind.STRUCTURE_SYNC, id="refresh"),
    pytest.param("update-structure/", {}, SiteRunKind.STRUCTURE_SYNC, id="refresh-empty"),
]


@pytest.mark.parametrize(("action", "body", "kind"), ACTIONS)
def test_it_is_a_row_before_it_is_answered(api, tenant, action, body, kind):
    answer = api.post(at(tenant, action), json=body)

    assert answer.status_code == 202
    told = answer.get_json()
    assert answer.headers["Location"] == told["status_url"]
    with session_scope(read_only=True) as session:
        run = session.get_one(SiteRun, told["run_id"])
        assert (run.kind, run.account_id) == (kind, tenant.account.id)


@pytest.mark.parametrize(("action", "body", "kind"), ACTIONS)
def test_asking_twice_is_one_run(api, tenant, action, body, kind):
    first, second = (api.post(at(tenant, action), json=body).get_json() for _ in range(2))

    assert first["run_id"] == second["run_id"]


@pytest.mark.parametrize(("action", "body", "kind"), ACTIONS)
def test_another_tenants_integration_is_not_there(api, stranger, action, body, kind):
    problem_of(api.post(at(stranger, action), json=body), 404, "not_found")


@pytest.mark.parametrize(("action", "body", "kind"), ACTIONS)
def test_a_plugin_may_ask_for_its_own_site_alone(client, tenant, stranger, action, body, kind):
    ours = plugin(client, tenant)

    assert ours.post(at(tenant, action), json=body).status_code == 202
    problem_of(ours.post(at(stranger, action), json=body), 404, "not_found")


def test_work_is_accepted_while_the_broker_is_away(api, tenant, broker, environment):
    point_celery_at(environment, "redis://127.0.0.1:1/0")

    assert api.post(at(tenant, "test-connection/")).status_code == 202


def test_a_run_tells_its_outcome(api, tenant):
    accepted = api.post(at(tenant, "test-connection/")).get_json()

    pending = api.get(accepted["status_url"]).get_json()
    assert (pending["result"], pending["finished"], pending["success"]) == ("pending", False, None)

    end_run(accepted["run_id"], End(False, "the key", "key", {"failing_layer": "key"}))

    ended = api.get(accepted["status_url"]).get_json()
    assert (ended["result"], ended["finished"], ended["success"]) == ("failed", True, False)
    assert (ended["reason"], ended["failing_layer"]) == ("the key", "key")
    assert ended["site_id"] == tenant.site.id


def test_a_plugin_sees_the_runs_of_its_own_site(client, api, tenant, stranger):
    accepted = api.post(at(tenant, "test-connection/")).get_json()

    assert plugin(client, tenant).get(accepted["status_url"]).status_code == 200
    problem_of(plugin(client, stranger).get(accepted["status_url"]), 404, "not_found")


def test_another_tenants_run_is_not_there(client, api, tenant, stranger):
    accepted = api.post(at(tenant, "test-connection/")).get_json()

    problem_of(Caller(client, stranger.headers).get(accepted["status_url"]), 404, "not_found")


@pytest.mark.parametrize("direction", ["both", "to_external", "from_external"])
def test_what_is_not_built_is_named(api, tenant, direction):
    told = problem_of(
        api.post(at(tenant, "sync/"), json={"direction": direction}), 501, "direction_not_built"
    )

    assert direction in told["detail"]


@pytest.mark.parametrize("direction", ["sideways", "Metadata", "", ["metadata"], None, 1])
def test_what_is_no_direction_is_refused(api, tenant, direction):
    answer = api.post(at(tenant, "sync/"), json={"direction": direction})

    problem_of(answer, 400, "invalid_fields")


@pytest.mark.parametrize("path", ["integrations/site_sync/", "site_sync/", "site_sync"])
def test_a_site_is_synced_by_its_own_id(api, tenant, path):
    answer = api.post(f"/api/v1/integration/{path}", json={"site_id": tenant.site.id})

    assert answer.status_code == 202
    assert answer.get_json()["site_integration_id"] == tenant.integration.id


def test_another_tenants_site_is_not_there(api, stranger):
    answer = api.post(f"{BASE}/site_sync/", json={"site_id": stranger.site.id})

    problem_of(answer, 404, "not_found")


def test_a_platform_without_an_adapter_is_told_as_such(api, tenant):
    with session_scope() as session:
        session.execute(sa.update(Integration).values(platform="shopify"))

    problem_of(api.post(at(tenant, "test-connection/")), 501, "platform_unsupported")


def test_the_status_of_a_sync_follows_its_run(api, tenant):
    def told():
        answer = api.get(at(tenant, "sync-status/")).get_json()
        return answer["sync_status"], answer["activity"], answer["last_result"]

    run_id = api.post(at(tenant, "sync/")).get_json()["run_id"]
    assert told() == ("pending", "pending", "none")
    end_run(run_id)
    assert told() == ("success", "idle", "success")
    api.post(at(tenant, "sync/"))
    assert told() == ("pending", "pending", "success")


def test_debug_status_tells_what_is_known_and_nothing_secret(api, tenant):
    run_id = api.post(at(tenant, "test-connection/")).get_json()["run_id"]

    answer = api.get(at(tenant, "debug-status/"))

    told = answer.get_json()
    assert [run["run_id"] for run in told["open_runs"]] == [run_id]
    assert told["site_url"] == tenant.site.url
    assert tenant.site.wp_api_key not in answer.text


def failed(integration, error, number=1):
    row = {"integration_id": integration.id, "method": "POST", "path": "/x", "duration_ms": 5}
    with session_scope() as session:
        session.execute(sa.insert(Attempt), [row | {"error": error}] * number)


def test_failures_are_told_however_much_happens_at_other_sites(api, tenant):
    with session_scope() as session:
        other = make_integration(session)
    failed(tenant.integration, "403 Forbidden")
    failed(tenant.integration, None, 30)
    failed(other, "timeout", 3000)

    told = api.get(at(tenant, "debug-status/")).get_json()["failed_attempts"]

    assert [each["error"] for each in told] == ["403 Forbidden"]


def test_failures_are_found_by_their_index(tenant, database):
    query = sync_answers._newest_failures(tenant.integration.id)
    explain = "EXPLAIN QUERY PLAN " if database == "sqlite" else "EXPLAIN "
    with session_scope() as session:
        if database != "sqlite":
            for way in ("seqscan", "bitmapscan"):
                session.execute(sa.text(f"SET LOCAL enable_{way} = off"))
        compiled = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        plan = "\n".join(str(row) for row in session.execute(sa.text(f"{explain}{compiled}")))

    assert "ix_attempts_failed" in plan
    assert "sort" not in plan.lower()
    assert "temp b-tree" not in plan.lower()


@pytest.mark.parametrize("action", ["sync-status", "sync-health", "debug-status", "content-types"])
def test_what_is_shown_is_of_ones_own_sites(api, tenant, stranger, action):
    assert api.get(at(tenant, f"{action}/")).status_code == 200
    assert api.get(at(tenant, f"{action.replace('-', '_')}/")).status_code == 200
    problem_of(api.get(at(stranger, f"{action}/")), 404, "not_found")


def test_a_plugin_sees_no_run_of_another_site_of_the_same_account(client, api, tenant):
    accepted = api.post(at(tenant, "test-connection/")).get_json()
    with session_scope() as session:
        sibling = make_site(session, session.get_one(Account, tenant.account.id))

    caller = Caller(client, {"X-IGNY8-API-Key": sibling.wp_api_key})

    problem_of(caller.get(accepted["status_url"]), 404, "not_found")
    problem_of(caller.post(at(tenant, "test-connection/")), 404, "not_found")
