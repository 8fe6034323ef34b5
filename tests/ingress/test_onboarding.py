"""POST test-connection/: the plugin's first call, open to all and the same to every stranger."""

import threading

import pytest
import sqlalchemy as sa
from ingress_rows import problem_of
from site_calls import BASE, end_run

from models import Integration, Site, SiteRun
from models.session import session_scope
from models.sites.keys import start_rotation
from models.sites.run_ends import End

HERE = f"{BASE}/test-connection/"


def body(tenant, **more):
    return {
        "site_id": tenant.site.id,
        "api_key": tenant.site.wp_api_key,
        "site_url": tenant.site.url,
    } | more


def runs():
    with session_scope(read_only=True) as session:
        return session.scalars(sa.select(SiteRun)).all()


def test_the_right_key_is_accepted_and_the_way_back_is_tested(client, tenant):
    answer = client.post(HERE, json=body(tenant))

    assert answer.status_code == 200
    told = answer.get_json()
    assert told["success"] is True
    assert told["integration_id"] == tenant.integration.id
    (run,) = runs()
    assert told["run_id"] == run.id
    assert told["connected"] is None


def test_a_missing_integration_is_made_once(client, tenant):
    with session_scope() as session:
        session.execute(sa.delete(Integration).filter_by(id=tenant.integration.id))

    ids = {client.post(HERE, json=body(tenant)).get_json()["integration_id"] for _ in range(3)}

    assert len(ids) == 1
    with session_scope(read_only=True) as session:
        made = session.scalars(sa.select(Integration).filter_by(site_id=tenant.site.id)).one()
        assert made.connection_status == "authenticating"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(lambda key: {"Authorization": f"Bearer {key}"}, id="bearer"),
        pytest.param(lambda key: {"X-IGNY8-API-Key": key}, id="own-header"),
    ],
)
def test_the_key_may_come_in_a_header(client, tenant, headers):
    sent = body(tenant)
    key = sent.pop("api_key")

    assert client.post(HERE, json=sent, headers=headers(key)).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"site_id": 2_000_000}, id="unknown-site"),
        pytest.param({"api_key": "igny8_live_" + "x" * 40}, id="wrong-key"),
        pytest.param({"api_key": ""}, id="blank-key"),
        pytest.param({"api_key": "k\n"}, id="newline"),
        pytest.param({"api_key": "k" * 9000}, id="long"),
        pytest.param({"api_key": "igny8_live_‎"}, id="unseen-letter"),
    ],
)
def test_a_wrong_key_and_an_unknown_site_are_answered_alike(client, tenant, change):
    told = problem_of(client.post(HERE, json=body(tenant, **change)), 401, "unauthenticated")

    assert told["success"] is False
    assert told["message"] == "The site id and the key do not belong together. Copy both once more."
    assert runs() == []


def test_an_unknown_site_costs_the_statements_of_a_wrong_key(client, tenant, statements):
    asked = []
    for change in ({"site_id": 2_000_000}, {"api_key": "igny8_live_" + "x" * 40}):
        statements.clear()
        client.post(HERE, json=body(tenant, **change))
        asked.append(list(statements))

    assert asked[0] == asked[1] != []


def test_a_key_of_another_site_is_wrong_here(client, tenant, stranger):
    answer = client.post(HERE, json=body(tenant, api_key=stranger.site.wp_api_key))

    problem_of(answer, 401, "unauthenticated")


def test_two_different_keys_are_none(client, tenant):
    answer = client.post(HERE, json=body(tenant), headers={"X-IGNY8-API-Key": "another"})

    problem_of(answer, 401, "unauthenticated")


def test_the_next_key_of_a_rotation_is_right_too(client, tenant):
    with session_scope() as session:
        key = start_rotation(session, session.get_one(Site, tenant.site.id))

    assert client.post(HERE, json=body(tenant, api_key=key)).status_code == 200


@pytest.mark.parametrize("url", ["https://another.example", "nonsense", "http://u:p@x.example"])
def test_a_plugin_at_another_address_is_refused(client, tenant, url):
    told = problem_of(client.post(HERE, json=body(tenant, site_url=url)), 400, "invalid_fields")

    assert told["errors"][0]["field"] == "site_url"


def test_other_spellings_of_the_address_are_the_same(client, tenant):
    url = tenant.site.url.upper().replace("HTTPS", "https") + ":443/"

    assert client.post(HERE, json=body(tenant, site_url=url)).status_code == 200


def test_a_site_that_is_switched_off_stays_out(client, tenant):
    with session_scope() as session:
        session.execute(sa.update(Site).filter_by(id=tenant.site.id).values(is_active=False))

    problem_of(client.post(HERE, json=body(tenant)), 403, "site_inactive")


def test_who_waits_gets_the_layers(client, tenant):
    layer = {"layer": "tls", "ok": False, "skipped": False, "whose": "host"}
    layer |= {"message": "It has expired.", "what_to_do": "Renew it."}
    layer |= {"code": "tls_expired", "facts": {}}
    failed = End(False, "It has expired.", "tls", {"failing_layer": "tls", "layers": [layer]})

    def work():
        while not runs():
            pass
        end_run(runs()[0].id, failed)

    worker = threading.Thread(target=work)
    worker.start()
    told = client.post(HERE, json=body(tenant), headers={"Prefer": "wait=20"}).get_json()
    worker.join()

    assert told["success"] is True
    assert (told["connected"], told["failing_layer"]) == (False, "tls")
    assert told["layers"] == [layer]
    assert "It has expired." in told["message"]


def test_the_key_is_in_no_answer(client, tenant):
    assert tenant.site.wp_api_key not in client.post(HERE, json=body(tenant)).text


@pytest.mark.parametrize("alias", ["test_connection/", "../test-connection/"])
def test_the_other_spellings_of_the_door(client, tenant, alias):
    path = "/api/v1/integration/test-connection/" if alias.startswith("..") else f"{BASE}/{alias}"

    assert client.post(path, json=body(tenant)).status_code == 200
