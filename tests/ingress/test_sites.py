"""Sites over the API, which never shows a key."""

import pytest
from factories import reload
from ingress_rows import problem_of

SITES = "/api/v1/sites/"


def test_a_site_is_made_and_read(api):
    made = api.post(SITES, json={"url": "HTTPS://Example.com:443/blog/", "name": " A shop "})

    assert made.status_code == 201, made.text
    found = api.get(made.headers["Location"]).get_json()
    assert found == made.get_json()
    assert (found["url"], found["name"]) == ("https://example.com/blog", "A shop")
    assert (found["hosting_type"], found["is_active"]) == ("wordpress", True)
    assert found["masked_api_key"] is None


@pytest.mark.parametrize("hosting", ["shopify", "igny8_sites", "multi"])
def test_a_site_may_be_hosted_otherwise(api, hosting):
    made = api.post(SITES, json={"url": "https://example.com", "hosting_type": hosting})

    assert made.get_json()["hosting_type"] == hosting


def test_a_site_is_called_like_its_host_unless_it_has_a_name(api):
    assert api.post(SITES, json={"url": "https://example.com"}).get_json()["name"] == "example.com"


def test_an_account_has_a_site_once(client, api, stranger):
    body = {"url": "https://example.com"}
    assert api.post(SITES, json=body).status_code == 201

    problem_of(api.post(SITES, json={"url": "https://EXAMPLE.com/"}), 409, "site_exists")
    assert client.post(SITES, json=body, headers=stranger.headers).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"url": "example.com"}, id="no scheme"),
        pytest.param({"url": "https://user:pass@example.com"}, id="a login"),
        pytest.param({"url": "http://localhost"}, id="this machine"),
        pytest.param({"url": "http://2130706433"}, id="this machine as a number"),
        pytest.param({"url": "http://169.254.169.254"}, id="a metadata address"),
        pytest.param({"url": "https://example.com", "name": " "}, id="an empty name"),
        pytest.param({"url": "https://example.com", "hosting_type": "ftp"}, id="unknown hosting"),
        pytest.param({"url": "https://example.com", "wp_api_key": "x"}, id="a key"),
        pytest.param({"url": "https://example.com", "account": 1}, id="an account"),
    ],
)
def test_what_is_no_site_is_refused(api, body):
    problem_of(api.post(SITES, json=body), 400, "invalid_fields")


def test_our_own_address_is_no_site(api, environment):
    problem_of(api.post(SITES, json={"url": "http://127.0.0.1:8000"}), 400, "invalid_fields")


def test_what_a_change_does_not_name_stays(api, tenant):
    answer = api.patch(f"{SITES}{tenant.site.id}/", json={"is_active": False})

    changed = reload(tenant.site)
    assert (answer.status_code, answer.get_json()["is_active"]) == (200, False)
    assert (changed.name, changed.is_active) == (tenant.site.name, False)


def test_a_list_shows_ones_own_sites_in_pages(api, tenant, stranger):
    numbers = [
        api.post(SITES, json={"url": f"https://{n}.example"}).get_json()["id"] for n in range(3)
    ]

    first = api.get(f"{SITES}?limit=3").get_json()
    second = api.get(f"{SITES}?limit=3&cursor={first['next_cursor']}").get_json()

    assert [each["id"] for each in first["results"]] == numbers[::-1]
    assert [each["id"] for each in second["results"]] == [tenant.site.id]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("method", ["get", "patch"])
def test_another_tenants_site_is_like_a_missing_one(api, stranger, method):
    sent = {"json": {"name": "x"}} if method == "patch" else {}
    for number in (stranger.site.id, 999_999):
        problem_of(getattr(api, method)(f"{SITES}{number}/", **sent), 404, "not_found")
    assert reload(stranger.site).name == stranger.site.name


def test_a_key_is_shown_by_its_ends_only(api, tenant):
    shown = api.get(f"{SITES}{tenant.site.id}/")

    assert reload(tenant.site).wp_api_key not in shown.text
    assert shown.get_json()["masked_api_key"].startswith("igny8_live_…")
