"""`requests` on guarded connections: no private addresses, and every request under a deadline."""

import http.client
import socket
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

import settings
from platforms.addresses import resolve
from platforms.deadlines import time_left, watch_answer, watch_connection

MOST_HEADS = 10
"""Of one answer: a server says 100 Continue once, if at all, and a proxy once more."""


def _connect(connection: HTTPConnection) -> socket.socket:
    """Connect to the first address of the host that may be and can be reached."""
    host, port = connection._dns_host, connection.port  # noqa: SLF001 - urllib3's own name for it
    allowed = settings.current().allowed_private_hosts
    failure: OSError | None = None
    try:
        for family, address in resolve(host, port, allowed):
            # A name may have many addresses, and none of them answer.
            if (left := time_left()) <= 0:
                raise ConnectTimeoutError(connection, f"{host} did not answer in time")
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(min(left, settings.current().connect_timeout))
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.connect(address)
            except OSError as error:
                sock.close()
                failure = error
            else:
                return sock
    except (socket.gaierror, UnicodeError) as error:  # no such name; none that DNS could hold
        raise NameResolutionError(connection.host, connection, _no_name(error)) from error
    if isinstance(failure, TimeoutError):
        raise ConnectTimeoutError(connection, f"{host} did not answer in time") from failure
    raise NewConnectionError(connection, f"could not connect to {host}: {failure}") from failure


def _no_name(error: OSError | UnicodeError) -> socket.gaierror:
    return error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))


class _Answer(http.client.HTTPResponse):
    """Ends a server that says 100 Continue without end.

    The deadline shuts its socket, but megabytes of it are here by then, and are read first.
    """

    _heads = 0

    def _read_status(self) -> tuple[str, int, str]:
        self._heads += 1
        if self._heads > MOST_HEADS:
            raise http.client.BadStatusLine("100 Continue, again and again")
        found: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
        return found


class GuardedHTTPConnection(HTTPConnection):
    """Connects where it may, and tells the deadline what it is about."""

    response_class = _Answer

    def _new_conn(self) -> socket.socket:
        return _connect(self)

    def putrequest(self, *args: Any, **options: Any) -> None:
        watch_connection(self)
        super().putrequest(*args, **options)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 has it
        watch_answer(self.sock)
        return super().getresponse()


class GuardedHTTPSConnection(GuardedHTTPConnection, HTTPSConnection):
    def connect(self) -> None:
        watch_connection(self)
        super().connect()


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = GuardedHTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = GuardedHTTPSConnection


class GuardedAdapter(HTTPAdapter):
    """Keeps as many connections as a site has slots; repeats nothing by itself."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


def guarded_session(slots: int) -> requests.Session:
    """Return a session for one site."""
    session = requests.Session()
    session.trust_env = False  # a proxy variable would bypass the check of the address
    session.cookies.set_policy(_NoCookies())
    adapter = GuardedAdapter(pool_connections=1, pool_maxsize=slots, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


class _NoCookies(requests.cookies.cookielib.DefaultCookiePolicy):  # type: ignore[misc, name-defined]
    """A site's cookies are of no use to us, and a storm of them is a burden."""

    def set_ok(self, cookie: Any, request: Any) -> bool:
        return False
