"""A resolver that hangs holds a look-up's own thread, and nobody else."""

import socket
import threading

import pytest
from servers import wait_until

import settings
from platforms import lookups
from platforms.lookups import look_up


@pytest.fixture
def hanging(environment, monkeypatch):
    """Makes names under `.hangs` hang until the test lets go; the names that were asked for."""
    environment.setenv("IGNY8_CONNECT_TIMEOUT", "0.05")
    go, asked, real = threading.Event(), [], socket.getaddrinfo

    def resolver(host, *arguments, **words):
        asked.append(host)
        if host.endswith(".hangs"):
            go.wait()
            host = "127.0.0.1"
        return real(host, *arguments, **words)

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    yield asked
    go.set()
    wait_until(lambda: not lookups._under_way, what="the end of every look-up")


def test_it_ends_in_time(hanging):
    with pytest.raises(socket.gaierror, match="no answer to the look-up"):
        look_up("shop.hangs", 443)


def test_a_name_that_hangs_costs_one_thread_however_many_ask(hanging):
    for _ in range(3):
        with pytest.raises(socket.gaierror):
            look_up("shop.hangs", 443)

    assert hanging == ["shop.hangs"]


def test_other_names_are_found_meanwhile(hanging, environment):
    with pytest.raises(socket.gaierror):
        look_up("shop.hangs", 443)
    environment.setenv("IGNY8_CONNECT_TIMEOUT", "10")
    settings.current.cache_clear()

    assert look_up("127.0.0.1", 80)[0][4] == ("127.0.0.1", 80)


def test_too_many_that_hang_are_refused_at_once(hanging, monkeypatch):
    monkeypatch.setattr(lookups, "AT_ONCE", 1)
    with pytest.raises(socket.gaierror):
        look_up("one.hangs", 443)

    with pytest.raises(socket.gaierror, match="too many"):
        look_up("two.hangs", 443)


def test_a_name_that_does_not_exist_is_an_error_as_ever(environment):
    with pytest.raises((socket.gaierror, UnicodeError)):
        look_up("no such name", 443)
    assert lookups._under_way == {}
