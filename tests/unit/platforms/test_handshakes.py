"""The network layers of a probe on real sockets: each fault by its name, and an end to each."""

import datetime as dt
import socket
import ssl
import threading

import certifi
import pytest
import trustme

import settings
from platforms.handshakes import probe_network

pytestmark = pytest.mark.usefixtures("sqlite_database")
HOST = "127.0.0.1"


@pytest.fixture
def serve():
    """Accept one connection and let a function have it; return the port."""
    listener = socket.create_server((HOST, 0))
    threads = []

    def start(behave):
        def run():
            connection, _ = listener.accept()
            with connection:
                behave(connection)

        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()
        return listener.getsockname()[1]

    yield start
    for thread in threads:
        thread.join(10)
    listener.close()


@pytest.fixture
def authority(monkeypatch, tmp_path):
    """An authority that we trust in this test."""
    made = trustme.CA()
    bundle = tmp_path / "roots.pem"
    made.cert_pem.write_to_path(str(bundle))
    monkeypatch.setattr(certifi, "where", lambda: str(bundle))
    return made


def certificate(kind, authority):
    match kind:
        case "expired":
            ended = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
            return authority.issue_cert(HOST, not_after=ended)
        case "wrong_name":
            return authority.issue_cert("elsewhere.example")
        case "unknown_issuer":
            return trustme.CA().issue_cert(HOST)
    return authority.issue_cert(HOST)


@pytest.mark.parametrize("kind", ["", "expired", "wrong_name", "unknown_issuer"])
def test_a_certificate(serve, authority, kind):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate(kind, authority).configure_cert(context)

    def behave(connection):
        try:
            with context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(1)
        except OSError:
            pass  # refused by who looks at it: what the test is about

    facts = probe_network(f"https://{HOST}:{serve(behave)}")

    assert (facts.dns_fault, facts.tcp_fault, facts.tls_fault) == ("", "", kind)


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(lambda c: c.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"), id="plain-http"),
        pytest.param(lambda c: None, id="hangs-up"),
        pytest.param(lambda c: c.recv(65536), id="hangs-up-later"),
    ],
)
def test_a_server_without_tls(serve, behave):
    assert probe_network(f"https://{HOST}:{serve(behave)}").tls_fault == "no_handshake"


def test_a_handshake_that_drips_is_ended(serve, monkeypatch):
    monkeypatch.setattr(settings.current(), "total_timeout", 0.5)
    ended = threading.Event()

    def behave(connection):
        try:
            while not ended.wait(0.05):
                connection.sendall(b"\x16")
        except OSError:
            pass  # the deadline shut the socket

    port = serve(behave)
    assert probe_network(f"https://{HOST}:{port}").tls_fault == "no_handshake"
    ended.set()


def test_a_port_that_refuses():
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]

    facts = probe_network(f"http://{HOST}:{port}")

    assert (facts.tcp_fault, facts.tls_fault) == ("refused", None)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        pytest.param("https://10.0.0.1", "private", id="private"),
        pytest.param("https://user:pass@example.com", "bad_address", id="login"),
        pytest.param("gopher://example.com", "bad_address", id="scheme"),
        pytest.param("", "bad_address", id="empty"),
    ],
)
def test_an_address_that_is_not_talked_to(url, fault):
    facts = probe_network(url)

    assert (facts.address_fault, facts.dns_fault) == (fault, None)


def test_a_name_that_nobody_has():
    facts = probe_network("https://no-such-name.invalid")

    assert facts.address_fault == ""
    assert facts.dns_fault in {"unknown_name", "no_answer"}
