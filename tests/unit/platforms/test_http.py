"""The HTTP room on a real socket: every call ends, says what it means, and is written down."""

import socket
import threading

import pytest

import settings
from pipeline.errors import SiteError, TemporaryError, UnclearOutcome
from platforms.base import Target
from platforms.http import Request, SiteHttp

pytestmark = pytest.mark.usefixtures("sqlite_database")

WRITE, READ = Request("POST", "/", writes=True, body=b"{}"), Request("GET", "/")


@pytest.fixture
def peer():
    """A server whose one answer is what a test makes of the accepted socket."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads = []

    def serve(behave):
        def run():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                behave(connection)

        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()
        return SiteHttp(Target(id(behave), "wordpress", f"http://127.0.0.1:{port}", "k" * 20))

    port = listener.getsockname()[1]
    yield serve
    for thread in threads:
        thread.join(10)
    listener.close()


@pytest.fixture
def quick(monkeypatch):
    """Deadlines that a test can wait for."""
    monkeypatch.setattr(settings.current(), "total_timeout", 0.5)
    monkeypatch.setattr(settings.current(), "read_timeout", 0.4)


def drip(start):
    ended = threading.Event()

    def behave(connection):
        try:
            connection.sendall(start)
            while not ended.wait(0.05):
                connection.sendall(b"x")
        except OSError:
            pass  # the deadline shut the socket: what the test is about

    return behave


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Long: ", id="header"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", id="body"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9999999\r\n\r\n",
            id="body-of-the-connection's-last-answer",
        ),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n", id="body-of-any-length"),
    ],
)
def test_a_dripping_answer_ends_at_the_deadline(peer, quick, start):
    with pytest.raises(UnclearOutcome, match="in time"):
        peer(drip(start)).send(WRITE)


@pytest.mark.parametrize(
    ("behave", "words"),
    [
        pytest.param(lambda c: None, "broke", id="closed-without-an-answer"),
        pytest.param(
            lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"),
            "broke",
            id="cut",
        ),
        pytest.param(
            lambda c: c.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2_000_000),
            "broke",
            id="too-large",
        ),
    ],
)
def test_after_sending_the_outcome_of_a_write_is_unclear(peer, behave, words):
    with pytest.raises(UnclearOutcome, match=words):
        peer(behave).send(WRITE)


def test_the_same_for_a_read_is_only_temporary(peer):
    with pytest.raises(TemporaryError):
        peer(lambda c: None).send(READ)


def test_a_closed_port_means_that_nothing_was_sent():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]

    with pytest.raises(TemporaryError, match="could not connect"):
        SiteHttp(Target(1, "wordpress", f"http://127.0.0.1:{port}", "k")).send(WRITE)


def test_a_name_that_does_not_resolve_means_that_nothing_was_sent():
    with pytest.raises(TemporaryError, match="could not connect"):
        SiteHttp(Target(2, "wordpress", "http://no-such-host.invalid", "k")).send(WRITE)


def test_a_private_address_is_refused_before_a_packet_is_sent():
    with pytest.raises(SiteError, match="not a public address"):
        SiteHttp(Target(3, "wordpress", "http://127.0.0.2:9", "k")).send(WRITE)


def test_a_redirect_is_not_followed(peer):
    site = peer(
        lambda c: c.sendall(
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
        )
    )
    assert site.send(WRITE).status == 302


def test_a_proxy_in_the_environment_is_ignored(peer, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    site = peer(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))

    assert site.send(READ).json() == {}


def test_both_headers_carry_the_key_and_the_record_does_not(peer):
    heard = []

    def behave(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    site = peer(behave)
    heard = site._headers(WRITE)
    site.send(WRITE)

    assert heard["Authorization"] == f"Bearer {'k' * 20}"
    assert heard["X-IGNY8-API-Key"] == "k" * 20
    assert "kkkk" not in repr(site.exchanges) + repr(site.target)
