"""A site that moved: an admin writes its new address, and its plugin is let in from there alone."""

import pytest
from ingress_rows import problem_of
from site_calls import BASE, at, plugin

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
