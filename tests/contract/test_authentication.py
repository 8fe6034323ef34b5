"""Who may speak to the bridge (S147-S151, Part 3 defect 1 of the old design)."""

import pytest
import requests
from payloads import payload
from sites import KEY

DOORS = [
    ("GET", "/status"),
    ("GET", f"/publications/{'0' * 36}"),
    ("GET", "/media"),
    ("POST", "/publish"),
    ("GET", "/structure"),
    ("GET", "/post-state"),
    ("POST", "/key/next"),
    ("POST", "/key/prove"),
    ("POST", "/key/switch"),
]


def ask(bridge, headers, method="GET", path="/status", **options):
    url = f"{bridge.url}/wp-json/igny8/v1{path}"
    return requests.request(method, url, headers=headers, timeout=30, **options)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Authorization": f"Bearer {KEY}"}, id="bearer"),
        pytest.param({"X-IGNY8-API-Key": KEY}, id="own-header"),
        pytest.param({"Authorization": f"Bearer {KEY}", "X-IGNY8-API-Key": KEY}, id="both"),
        pytest.param({"Authorization": "Basic eDp5", "X-IGNY8-API-Key": KEY}, id="proxy-login"),
    ],
)
def test_either_header_opens(bridge, headers):
    assert ask(bridge, headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"X-IGNY8-API-Key": ""}, id="blank"),
        pytest.param({"Authorization": "Bearer "}, id="bearer-blank"),
        pytest.param({"Authorization": "Bearer"}, id="bearer-alone"),
        pytest.param({"X-IGNY8-API-Key": KEY + "x"}, id="longer"),
        pytest.param({"X-IGNY8-API-Key": KEY[:-1]}, id="shorter"),
        pytest.param({"Authorization": f"Bearer xx Bearer {KEY}"}, id="contained"),
        pytest.param({"Authorization": KEY}, id="no-scheme"),
        pytest.param({"X-IGNY8-API-Key": KEY.upper()}, id="other-case"),
    ],
)
def test_nothing_else_does(bridge, headers):
    refused = ask(bridge, headers)

    assert (refused.status_code, refused.json()["code"]) == (401, "rest_forbidden")


@pytest.mark.parametrize(("method", "path"), DOORS)
def test_every_door_is_locked(bridge, method, path):
    assert ask(bridge, {}, method, path, json=payload()).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X-IGNY8-API-Key": KEY}, id="yesterdays-key"),
        pytest.param({"X-IGNY8-API-Key": "", "Authorization": "Bearer "}, id="blank"),
        pytest.param({}, id="nothing"),
    ],
)
def test_a_site_without_a_key_refuses_everybody(bridge, headers):
    bridge.forget_key()

    assert ask(bridge, headers).status_code == 401


def test_the_site_says_what_it_is(bridge):
    body = ask(bridge, {"X-IGNY8-API-Key": KEY}).json()

    assert body["plugin"] == "igny8-wp-bridge"
    assert body["protocol"] == 1
    assert body["site_url"].startswith(bridge.url)
    assert {
        "plugin_version",
        "wordpress_version",
        "php_version",
        "timezone",
        "transactions",
    } <= set(body)


@pytest.mark.parametrize(
    ("headers", "seen"),
    [
        pytest.param({"Authorization": f"Bearer {KEY}"}, True, id="through"),
        pytest.param({"X-IGNY8-API-Key": KEY}, False, id="stripped-on-the-way"),
    ],
)
def test_the_site_says_whether_the_authorization_header_arrives(bridge, headers, seen):
    assert ask(bridge, headers).json()["authorization_header_seen"] is seen


def test_the_site_says_what_it_can_take(bridge):
    body = ask(bridge, {"X-IGNY8-API-Key": KEY}).json()

    assert (body["can_write"], body["pretty_permalinks"]) == (True, True)
    assert set(body["upload_limits"]) == {
        "max_upload_bytes",
        "max_post_bytes",
        "memory_bytes",
        "execution_seconds",
    }
    assert body["upload_limits"]["max_upload_bytes"] > 0
