"""How often the plugin's first call may be made: counted before its body is read, by whom (C36)."""

import pytest
from ingress_rows import make_tenant, problem_of
from site_calls import BASE

import settings
from ingress import create_app
from ingress.bodies import SMALL
from models import Site
from models.session import session_scope
from models.sites.keys import start_rotation

HERE = f"{BASE}/test-connection/"
REGISTER = "/api/plugins/igny8-wp-bridge/register/"
HOST, ELSEWHERE = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def limited(database, broker, environment):
    """Return a client of an application that takes two first calls a minute."""
    for name in ("ONBOARDING", "REFUSED"):
        environment.setenv(f"IGNY8_LIMIT_{name}", "2")
    settings.current.cache_clear()
    app = create_app(settings.current())
    app.testing = False
    return app.test_client()


@pytest.fixture
def sites(limited):
    """Two sites of two customers, which share a host."""
    with session_scope() as session:
        return [make_tenant(session).site for _ in range(2)]


def in_body(client, site, address, key=None):
    body = {"site_id": site.id, "api_key": key or site.wp_api_key}
    return client.post(HERE, json=body, environ_base={"REMOTE_ADDR": address})


def in_header(client, site, address, key=None):
    headers = {"X-IGNY8-API-Key": key or site.wp_api_key}
    return client.post(
        HERE, json={"site_id": site.id}, headers=headers, environ_base={"REMOTE_ADDR": address}
    )


def refused(client, site, address):
    return in_body(client, site, address, key="igny8_live_wrong")


@pytest.mark.parametrize(
    ("calls", "third", "expected"),
    [
        pytest.param([(in_body, 0, HOST)] * 2, (in_body, 1, HOST), 429, id="one-address"),
        pytest.param([(in_body, 0, HOST)] * 2, (in_body, 1, ELSEWHERE), 200, id="two-addresses"),
        pytest.param(
            [(in_body, 0, HOST), (in_body, 0, "192.0.2.1")],
            (in_body, 0, ELSEWHERE),
            429,
            id="one-site-from-three-addresses",
        ),
        pytest.param([(in_header, 0, HOST)] * 2, (in_header, 0, ELSEWHERE), 429, id="one-key"),
        pytest.param(
            [(in_header, 0, HOST)] * 2, (in_header, 1, HOST), 200, id="two-keys-of-a-host"
        ),
        pytest.param([(refused, 0, HOST)] * 2, (in_header, 0, HOST), 200, id="strangers-there"),
        pytest.param([(refused, 0, HOST)] * 2, (refused, 1, HOST), 429, id="strangers"),
        pytest.param(
            [(refused, 0, HOST)] * 2, (refused, 0, ELSEWHERE), 429, id="guesses-at-a-site"
        ),
    ],
)
def test_who_is_counted_together(limited, sites, calls, third, expected):
    for call, number, address in calls:
        call(limited, sites[number], address)

    call, number, address = third
    answer = call(limited, sites[number], address)

    assert answer.status_code == expected
    if expected == 429:
        assert int(problem_and_headers(answer)["Retry-After"]) > 0


def problem_and_headers(answer):
    problem_of(answer, 429, "too_many_requests")
    return answer.headers


def test_the_proof_of_a_new_key_is_not_refused_for_its_neighbours(limited, sites):
    """A rotation has the site call this door with the next key; many share the site's address."""
    with session_scope() as session:
        key = start_rotation(session, session.get_one(Site, sites[1].id))
    for _ in range(3):
        in_body(limited, sites[0], HOST)

    assert in_header(limited, sites[1], HOST, key).status_code == 200


BAD_BODIES = [
    pytest.param(b"{" * 1000, id="not-json"),
    pytest.param(b'{"site_id": "x"}', id="wrong-types"),
]


@pytest.mark.parametrize("path", [HERE, REGISTER])
@pytest.mark.parametrize("body", BAD_BODIES)
def test_a_bad_body_is_counted_like_a_good_one(limited, path, body):
    answers = [limited.post(path, data=body, content_type="application/json") for _ in range(3)]

    problem_of(answers[-1], 429, "too_many_requests")


@pytest.mark.parametrize("body", BAD_BODIES)
def test_without_a_key_nobody_is_told_how_a_registration_looks(limited, body):
    answer = limited.post(REGISTER, data=body, content_type="application/json")

    told = problem_of(answer, 401, "unauthenticated")
    assert "errors" not in told


@pytest.mark.parametrize("path", [HERE, REGISTER])
def test_a_long_body_is_refused_unread(limited, sites, path):
    headers = {"X-IGNY8-API-Key": sites[0].wp_api_key}
    body = b" " * (SMALL + 1)

    answer = limited.post(path, data=body, headers=headers, content_type="application/json")

    problem_of(answer, 413, "too_large")
