"""The doors for webhooks on the real server: bodies of two lengths, and headers that are forged."""

import socket
import sys
from pathlib import Path

import pytest
from ingress_rows import make_tenant, problem_of
from servers import LocalProcess, free_port
from webhook_calls import JSON, STATUS, key_of, keyed, rows, said

import settings
from ingress import create_app
from models.session import session_scope

ROOT = Path(__file__).parents[2]
GRANIAN = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--host", "127.0.0.1"]
BODY = said()


@pytest.fixture
def served(sqlite_database, environment, broker_url, tmp_path):
    """The API as `igny8 up` serves it, on a port of its own."""
    environment.setenv("CELERY_BROKER_URL", broker_url)
    port = free_port()
    command = [*GRANIAN, "--port", str(port), "--blocking-threads", "4", "ingress.wsgi:app"]
    process = LocalProcess("web", command, tmp_path, env={"PYTHONPATH": str(ROOT)}, port=port)
    with process:
        process.wait_for_port()
        yield port


def send(port, *lines, body=BODY):
    """Return all that the server answers until it ends the connection."""
    head = [f"POST {STATUS} HTTP/1.1", "Host: localhost", "Content-Type: application/json", *lines]
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        answer = b""
        while more := connection.recv(65536):
            answer += more
    return answer


LONG, SHORT = f"Content-Length: {len(BODY)}", "Content-Length: 2"
CHUNKED = "Transfer-Encoding: chunked"
HIDDEN = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lines", "body", "statuses"),
    [
        pytest.param([LONG, SHORT], BODY, {400}, id="b5-two-lengths"),
        pytest.param([SHORT, LONG], BODY, {400}, id="b5-two-lengths-the-short-one-first"),
        pytest.param([LONG, CHUNKED], HIDDEN, {400, 411}, id="b5-length-and-chunked"),
        pytest.param([CHUNKED, LONG], HIDDEN, {400, 411}, id="b5-chunked-and-length"),
    ],
)
def test_a_body_of_two_lengths_is_not_taken(served, lines, body, statuses):
    with session_scope() as session:
        key = make_tenant(session).site.wp_api_key

    answer = send(served, f"X-IGNY8-API-Key: {key}", *lines, body=body)

    assert int(answer.split(b" ", 2)[1]) in statuses, answer
    assert answer.count(b"HTTP/1.1 ") == 1, "a request hidden in the body was answered"
    assert rows() == []


@pytest.mark.parametrize("name", [pytest.param("X-Forwarded-For", id="b32-forged-address")])
def test_a_forged_address_is_counted_as_the_real_one(tenant, environment, name):
    environment.setenv("IGNY8_LIMIT_REFUSED", "1")
    settings.current.cache_clear()
    client = create_app(settings.current()).test_client()
    wrong = JSON | {"X-IGNY8-API-Key": "igny8_live_wrong"}

    answers = [
        client.post(STATUS, data=BODY, headers=wrong | {name: f"203.0.113.{n}"}) for n in (1, 2)
    ]

    assert [each.status_code for each in answers] == [401, 429]


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("elsewhere.example", id="b32-another-host"),
        pytest.param("127.0.0.1:1", id="b32-another-port"),
    ],
)
def test_a_foreign_host_stands_in_no_answer(client, tenant, host):
    headers = {"Host": host}
    taken = client.post(STATUS, data=BODY, headers=keyed(tenant.site) | headers)
    refused = client.post(STATUS, data=BODY, headers=JSON | headers)

    problem_of(refused, 401, "unauthenticated")
    for answer in (taken, refused):
        assert host not in answer.text + str(answer.headers)
    assert [row.site_id for row in rows()] == [tenant.site.id]
    assert key_of(tenant.site) not in taken.text
