"""A site that moved: an admin writes its new address, and its plugin is let in from there alone."""

import pytest
from factories import make_integration, make_site, reload
from ingress_rows import problem_of
from site_calls import BASE, at, plugin

from models.session import session_scope

NEW = "https://moved.example"
REGISTER = "/api/plugins/igny8-wp-bridge/register/"


def connect(client, tenant, url):
    return plugin(client, tenant).post(
        f"{BASE}/test-connection/", json={"site_id": tenant.site.id, "site_url": url}
    )


def register(client, tenant, url):
    body = {"site_id": tenant.site.id, "site_url": url, "version": "1.5.0"}
    return plugin(client, tenant).post(REGISTER, json=body)


@pytest.mark.parametrize("door", [connect, register])
def test_it_connects_at_its_new_address(api, client, tenant, door):
    problem_of(door(client, tenant, NEW), 400, "invalid_fields")

    api.patch(at(tenant), json={"config_json": {"site_url": NEW}})

    assert door(client, tenant, NEW).status_code == 200


@pytest.mark.parametrize("door", [connect, register])
def test_a_copy_that_runs_on_at_the_old_address_is_refused(api, client, tenant, door):
    api.patch(at(tenant), json={"config_json": {"site_url": NEW}})

    told = problem_of(door(client, tenant, tenant.site.url), 400, "invalid_fields")

    assert told["errors"][0]["field"] == "site_url"
    assert NEW in told["errors"][0]["message"]


@pytest.fixture
def neighbour(tenant):
    """Another site of the same account, which has moved."""
    with session_scope() as session:
        site = make_site(session, session.merge(tenant.account))
        return make_integration(session, site, config_json={"site_url": NEW})


@pytest.mark.parametrize("method", ["patch", "put"])
def test_it_can_not_move_to_where_another_site_of_its_account_is(api, tenant, neighbour, method):
    answer = getattr(api, method)(at(tenant), json={"config_json": {"site_url": NEW}})

    told = problem_of(answer, 409, "site_exists")
    assert f"Site {neighbour.site_id} is at {NEW}" in told["detail"]
    assert reload(tenant.integration).site_url == tenant.site.url


def test_it_may_move_to_where_another_site_was(api, tenant, neighbour):
    answer = api.patch(at(tenant), json={"config_json": {"site_url": neighbour.site.url}})

    assert answer.status_code == 200, answer.text


def test_the_sites_of_others_do_not_count(api, tenant, stranger):
    answer = api.patch(at(tenant), json={"config_json": {"site_url": stranger.site.url}})

    assert answer.status_code == 200, answer.text


def test_its_new_address_is_no_second_site(api, neighbour):
    told = problem_of(api.post("/api/v1/sites/", json={"url": NEW}), 409, "site_exists")

    assert f"Site {neighbour.site_id} is at {NEW}" in told["detail"]


def test_no_other_site_is_connected_at_its_new_address(api, tenant, neighbour):
    assert api.delete(at(tenant)).status_code == 204

    body = {"site": tenant.site.id, "platform": "wordpress", "config_json": {"site_url": NEW}}

    problem_of(api.post(f"{BASE}/", json=body), 409, "site_exists")
