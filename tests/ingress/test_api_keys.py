"""A site's key by the API: shown once, kept encrypted, and no key in use is lost by mistake."""

import pytest
import sqlalchemy as sa
from factories import reload
from ingress_rows import issue_token, problem_of

from models import Installation, Integration, Role, Site, SiteRunKind
from models.clock import now
from models.session import session_scope
from models.sites.keys import KeyKind, find_by_key
from models.sites.run_ends import End, tell_of_sync

GENERATE = "/api/v1/integration/integrations/generate-api-key/"


@pytest.fixture
def new_site(tenant):
    """A site without a key and without an integration."""
    with session_scope() as session:
        site = Site(account_id=tenant.account.id, name="New", url="https://new.example")
        session.add(site)
        session.flush()
        return site


def change(row, **values):
    with session_scope() as session:
        session.execute(sa.update(type(row)).where(type(row).id == row.id).values(**values))


def opens(key):
    with session_scope(read_only=True) as session:
        found = find_by_key(session, key)
    return found and (found[0].id, found[1])


def test_a_new_site_gets_a_key_and_an_integration(api, new_site):
    answer = api.post(GENERATE, json={"site_id": new_site.id})

    assert answer.status_code == 201, answer.text
    body = answer.get_json()
    assert body["success"] is True
    assert body["api_key"].startswith("igny8_live_")
    assert len(body["api_key"]) > 50
    assert opens(body["api_key"]) == (new_site.id, KeyKind.CURRENT)
    with session_scope(read_only=True) as session:
        made = session.get_one(Integration, body["integration_id"])
        assert (made.site_id, made.credentials) == (new_site.id, None)


def test_it_is_stored_encrypted_and_never_shown_again(api, new_site):
    key = api.post(GENERATE, json={"site_id": new_site.id}).get_json()["api_key"]

    with session_scope(read_only=True) as session:
        row = session.execute(sa.text("SELECT * FROM sites WHERE id = :n"), {"n": new_site.id})
        assert key not in str(row.one())
    for path in ("/api/v1/sites/", "/api/v1/integration/integrations/"):
        assert key not in api.get(path).text


def test_until_a_site_is_connected_its_key_may_be_made_anew(api, new_site):
    keys = [api.post(GENERATE, json={"site_id": new_site.id}).get_json() for _ in range(2)]

    assert keys[0]["integration_id"] == keys[1]["integration_id"]
    assert opens(keys[1]["api_key"]) == (new_site.id, KeyKind.CURRENT)


@pytest.mark.parametrize("status", ["connected", "ready"])
def test_a_key_in_use_is_not_replaced_by_mistake(api, tenant, status):
    change(tenant.integration, connection_status=status)

    problem_of(api.post(GENERATE, json={"site_id": tenant.site.id}), 409, "key_in_use")
    assert reload(tenant.site).wp_api_key == tenant.site.wp_api_key


def seen_by_its_registration(tenant):
    with session_scope() as session:
        session.add(Installation(site_id=tenant.site.id, version="1.5.0", last_seen=now()))


def seen_by_a_test(tenant):
    with session_scope() as session:
        tell_of_sync(
            session, tenant.integration.id, SiteRunKind.CONNECTION_TEST, End(succeeded=True)
        )


@pytest.mark.parametrize("seen", [seen_by_its_registration, seen_by_a_test])
def test_a_site_that_is_out_of_order_still_uses_its_key(api, tenant, seen):
    change(tenant.integration, connection_status="error")
    seen(tenant)

    problem_of(api.post(GENERATE, json={"site_id": tenant.site.id}), 409, "key_in_use")


def test_a_site_that_was_never_connected_may_get_another_key(api, tenant):
    change(tenant.integration, connection_status="error")

    assert api.post(GENERATE, json={"site_id": tenant.site.id}).status_code == 201


@pytest.mark.parametrize(
    ("hours", "kind"),
    [
        pytest.param(24, KeyKind.PREVIOUS, id="with an overlap"),
        pytest.param(0, None, id="at once, as when it has leaked"),
    ],
)
def test_a_key_that_is_replaced_is_accepted_for_a_while(api, tenant, hours, kind):
    old = tenant.site.wp_api_key
    body = {"site_id": tenant.site.id, "replace": True, "overlap_hours": hours}

    answer = api.post(GENERATE, json=body)

    assert answer.status_code == 201, answer.text
    assert opens(answer.get_json()["api_key"]) == (tenant.site.id, KeyKind.CURRENT)
    assert opens(old) == (kind and (tenant.site.id, kind))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"site_id": "1"}, id="a number as text"),
        pytest.param({"site_id": True}, id="true"),
        pytest.param({"site_id": 1, "overlap_hours": -1}, id="negative hours"),
        pytest.param({"site_id": 1, "overlap_hours": 169}, id="more than a week"),
        pytest.param({"site_id": 1, "api_key": "igny8_live_mine"}, id="a key of one's own"),
    ],
)
def test_what_makes_no_sense_is_refused(api, body):
    problem_of(api.post(GENERATE, json=body), 400, "invalid_fields")


def test_another_tenants_site_gets_no_key(api, stranger):
    problem_of(api.post(GENERATE, json={"site_id": stranger.site.id}), 404, "not_found")
    assert reload(stranger.site).wp_api_key == stranger.site.wp_api_key


def test_it_takes_an_admin(client, tenant):
    with session_scope() as session:
        token = issue_token(session, session.merge(tenant.account), role=Role.EDITOR)
    headers = {"Authorization": f"Bearer {token}"}

    problem_of(client.post(GENERATE, json={"site_id": 1}, headers=headers), 403, "forbidden")
