"""Who asks too often is told to wait, whether or not there is a broker to count with."""

import signal

import pytest
from factories import make_site, reload
from ingress_rows import Caller, make_tenant, point_celery_at, problem_of

import settings
from ingress import create_app
from ingress.throttling import Limit, address
from models import Account
from models.session import session_scope

CONTENT = "/api/v1/writer/content/"
LIST = "/api/v1/integration/integrations/"
WRONG = {"Authorization": "Bearer igny8_api_wrong"}


@pytest.fixture
def limited(database, broker, environment):
    """Return a client of an application with these limits, in requests a minute."""

    def made(**limits):
        for name, value in limits.items():
            environment.setenv(f"IGNY8_{name.upper()}", str(value))
        settings.current.cache_clear()
        app = create_app(settings.current())
        app.testing = False
        return app.test_client()

    return made


@pytest.fixture
def tenant(database):
    with session_scope() as session:
        return make_tenant(session)


def statuses(send, times):
    return [send().status_code for _ in range(times)]


def test_a_token_has_so_many_requests(limited, tenant):
    client = limited(limit_token=3)

    found = statuses(lambda: client.get(CONTENT, headers=tenant.headers), 3)
    last = client.get(CONTENT, headers=tenant.headers)

    assert found == [200, 200, 200]
    problem_of(last, 429, "too_many_requests")
    assert 1 <= int(last.headers["Retry-After"]) <= 60


def test_another_token_has_its_own(limited, tenant):
    client = limited(limit_token=1)
    with session_scope() as session:
        other = make_tenant(session)
    client.get(CONTENT, headers=tenant.headers)

    assert client.get(CONTENT, headers=other.headers).status_code == 200


def test_a_site_has_so_many_requests_whichever_key_it_shows(limited, tenant):
    client = limited(limit_site=2)
    headers = {"X-IGNY8-API-Key": reload(tenant.site).wp_api_key}
    with session_scope() as session:
        account = session.get_one(Account, tenant.account.id)
        neighbour = {"X-IGNY8-API-Key": make_site(session, account).wp_api_key}

    assert statuses(lambda: client.get(LIST, headers=headers), 3) == [200, 200, 429]
    assert client.get(LIST, headers=neighbour).status_code == 200


def test_who_is_refused_too_often_is_told_to_wait(limited, tenant):
    client = limited(limit_refused=3)

    refused = statuses(lambda: client.get(CONTENT, headers=WRONG), 4)

    assert refused == [401, 401, 401, 429]
    assert client.get(LIST).status_code == 429, "one count for tokens and keys"


def test_a_neighbours_wrong_key_keeps_nobody_out(limited, tenant):
    client = limited(limit_refused=1)
    statuses(lambda: client.get(CONTENT, headers=WRONG), 3)

    assert client.get(CONTENT, headers=tenant.headers).status_code == 200


@pytest.mark.parametrize(
    ("hops", "sent", "second"),
    [
        pytest.param(0, "203.0.113.{}", 429, id="no proxy: the header is not believed"),
        pytest.param(1, "203.0.113.{}", 401, id="one proxy: it is"),
        pytest.param(1, "203.0.113.{}, 198.51.100.1", 429, id="a caller's own part is not"),
        pytest.param(1, "2001:db8::{}", 429, id="one network of IPv6 is one caller"),
        pytest.param(1, "2001:db8:0:{}::1", 401, id="two are two"),
    ],
)
def test_whose_address_it_is(limited, tenant, hops, sent, second):
    client = limited(limit_refused=1, proxy_hops=hops)

    found = [
        client.get(CONTENT, headers={**WRONG, "X-Forwarded-For": sent.format(n)}).status_code
        for n in (1, 2)
    ]

    assert found == [401, second]


def test_zero_is_no_limit(limited, tenant):
    client = limited(limit_token=0, limit_refused=0)

    assert set(statuses(lambda: client.get(CONTENT, headers=tenant.headers), 20)) == {200}
    assert set(statuses(lambda: client.get(CONTENT, headers=WRONG), 20)) == {401}


def test_all_processes_count_together(limited, tenant):
    clients = [limited(limit_token=2) for _ in range(3)]

    found = [each.get(CONTENT, headers=tenant.headers).status_code for each in clients]

    assert found == [200, 200, 429]


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "amqp://127.0.0.1:1//", "memory://"])
def test_without_redis_a_process_counts_for_itself(limited, tenant, environment, url):
    point_celery_at(environment, url)
    client = limited(limit_token=2)

    assert statuses(lambda: client.get(CONTENT, headers=tenant.headers), 3) == [200, 200, 429]


def test_while_redis_hangs_a_process_counts_for_itself(limited, tenant, valkey_server):
    client = limited(limit_token=2)
    valkey_server.process.kill(signal.SIGSTOP)
    try:
        found = statuses(lambda: client.get(CONTENT, headers=tenant.headers), 3)
    finally:
        valkey_server.process.kill(signal.SIGCONT)

    assert found == [200, 200, 429]


def test_callers_of_health_are_not_counted(limited, tenant):
    client = limited(limit_refused=1, limit_token=1)

    assert set(statuses(lambda: client.get("/healthz"), 5)) == {200}


def test_connection_tests_are_counted_apart(limited, tenant):
    client = limited(limit_onboarding=1, limit_token=1)
    throttle = client.application.extensions["throttle"]

    first, second = (throttle.seconds_to_wait(Limit.ONBOARDING, "site 1") for _ in range(2))

    assert first == 0 < second
    assert Caller(client, tenant.headers).get(CONTENT).status_code == 200


def test_no_address_is_one_caller(limited):
    with limited().application.test_request_context(environ_base={"REMOTE_ADDR": ""}):
        assert address() == "unknown"
