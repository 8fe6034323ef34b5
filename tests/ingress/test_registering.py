"""The plugin registers: it gets the secret of its webhooks, and we know its version."""

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from factories import reload
from ingress_rows import problem_of

from models import Installation, Site, SyncEvent
from models.session import session_scope

REGISTER = "/api/plugins/igny8-wp-bridge/register/"


def key_of(site):
    with session_scope(read_only=True) as session:
        return session.get_one(Site, site.id).wp_api_key


def register(client, tenant, key=None, **changes):
    body = {
        "site_id": tenant.site.id,
        "site_url": tenant.site.url,
        "version": "1.5.0",
        "wordpress_version": "6.8.7",
        "php_version": "8.2.29",
        **changes,
    }
    headers = {"X-IGNY8-API-Key": key or key_of(tenant.site)}
    return client.post(REGISTER, json=body, headers=headers)


def installations():
    with session_scope(read_only=True) as session:
        return session.scalars(sa.select(Installation)).all()


def test_the_plugin_is_told_where_its_webhooks_go_and_what_signs_them(client, tenant):
    answer = register(client, tenant)

    body = answer.get_json()
    secret = body.pop("webhook_secret")
    assert answer.status_code == 200, answer.text
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    assert secret.startswith("whsec_")
    base = "http://localhost/api/v1/integration/webhooks/wordpress"
    assert body == {
        "installation_id": installations()[0].id,
        "integration_id": tenant.integration.id,
        "webhooks": {"status": f"{base}/status/", "metadata": f"{base}/metadata/"},
        "require_signature": True,
    }


def test_what_it_says_of_itself_is_kept(client, tenant):
    register(client, tenant)

    [found] = installations()
    assert (found.version, found.status, found.plugin) == ("1.5.0", "active", "igny8-wp-bridge")
    assert found.details == {"wordpress_version": "6.8.7", "php_version": "8.2.29"}


def test_the_secret_is_the_same_until_it_is_exchanged(client, tenant):
    first = register(client, tenant).get_json()["webhook_secret"]
    again = register(client, tenant).get_json()["webhook_secret"]
    other = register(client, tenant, rotate_secret=True).get_json()["webhook_secret"]

    assert first == again != other
    assert reload(tenant.site).webhook_secret == other


def test_a_new_version_is_another_event_of_the_same_installation(client, tenant):
    for version in ("1.4.0", "1.4.0", "1.5.1"):
        register(client, tenant, version=version)

    [found] = installations()
    with session_scope(read_only=True) as session:
        events = session.scalars(sa.select(SyncEvent).order_by(SyncEvent.id)).all()
    assert found.version == "1.5.1"
    assert [event.details["version"] for event in events] == ["1.4.0", "1.5.1"]
    assert {event.action for event in events} == {"plugin_registered"}


@pytest.mark.parametrize(
    ("versions", "required"),
    [
        pytest.param(["1.4.9"], False, id="before it signed"),
        pytest.param(["1.5.0"], True, id="the first that signs"),
        pytest.param(["1.10.0"], True, id="compared as numbers"),
        pytest.param(["1.5.0", "1.4.0"], True, id="an older one takes nothing back"),
    ],
)
def test_from_its_first_signing_version_on_signatures_are_required(
    client, tenant, versions, required
):
    for version in versions:
        answer = register(client, tenant, version=version)

    assert answer.get_json()["require_signature"] is required
    assert reload(tenant.site).require_signature is required


def test_two_at_once_get_one_secret(app, tenant):
    key = key_of(tenant.site)
    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(lambda _: register(app.test_client(), tenant, key).get_json(), range(8))
        )

    assert len({answer["webhook_secret"] for answer in answers}) == 1
    assert len(installations()) == 1


def test_a_site_without_an_integration_gets_one(client, tenant):
    with session_scope() as session:
        session.delete(tenant.integration)

    assert register(client, tenant).get_json()["integration_id"]


def test_another_sites_key_registers_nothing(client, tenant, stranger):
    problem_of(register(client, tenant, key=key_of(stranger.site)), 404, "not_found")

    assert installations() == []


@pytest.mark.parametrize(
    "headers",
    [pytest.param({}, id="none"), pytest.param({"X-IGNY8-API-Key": "wrong"}, id="wrong")],
)
def test_without_the_sites_key_nothing_is_told(client, tenant, headers):
    body = {"site_id": tenant.site.id, "version": "1.5.0"}

    problem_of(client.post(REGISTER, json=body, headers=headers), 401, "unauthenticated")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"version": "newest"}, id="no version"),
        pytest.param({"version": ""}, id="an empty version"),
        pytest.param({"version": 1.5}, id="a number"),
        pytest.param({"version": "1." + "5" * 60}, id="a long one"),
        pytest.param({"site_url": "https://elsewhere.example"}, id="another address"),
        pytest.param({"site_url": "nonsense"}, id="no address"),
        pytest.param({"rotate_secret": "yes"}, id="no switch"),
        pytest.param({"site_id": "1 OR 1=1"}, id="no site id"),
    ],
)
def test_what_makes_no_sense_is_refused(client, tenant, changes):
    problem_of(register(client, tenant, **changes), 400, "invalid_fields")

    assert installations() == []
