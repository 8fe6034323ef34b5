"""A fault proxy: stands between the engine and a site, and breaks what passes, by a dial.

It reads whole HTTP requests, so that a fault strikes a request and not a stretch of bytes.
"""

import contextlib
import re
import socket
import ssl
import struct
import threading
from collections import Counter, deque
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from urllib.parse import unquote, urlsplit

from servers.processes import free_port, wait_until

RST_ON_CLOSE = struct.pack("ii", 1, 0)
LINE_LIMIT = 65536
PUBLISH = r"/igny8/v1/publish(\?|&|$)"
ANY = ""


class Kind(StrEnum):
    # The site never sees the request.
    RESET = "reset"
    STATUS = "status"
    REDIRECT = "redirect"
    # The site sees it, perhaps long after the sender has gone.
    DELAY = "delay"
    # The site carries it out; the sender can't tell.
    RESET_AFTER_SEND = "reset_after_send"
    LOST_ANSWER = "lost_answer"
    LATE_ANSWER = "late_answer"
    HTML_200 = "html_200"
    TRUNCATED_JSON = "truncated_json"
    CUT_BODY = "cut_body"
    DRIP_HEAD = "drip_head"
    DRIP_BODY = "drip_body"


@dataclass(frozen=True)
class Fault:
    """One setting of the dial. ``path`` is searched in the decoded target (default: publishing);
    ``times`` is how often it strikes before it is used up (None: for ever)."""

    kind: Kind
    path: str = PUBLISH
    method: str = ".*"
    probability: float = 1.0
    times: int | None = None
    seconds: float = 1.0
    code: int = 503
    retry_after: str | None = None
    location: str = "http://127.0.0.1:1/"
    bytes_per_second: float = 1.0

    def matches(self, request):
        return bool(
            re.fullmatch(self.method, request.method) and re.search(self.path, request.decoded)
        )


@dataclass(frozen=True)
class Message:
    """A request or an answer: its first line, its headers in lower case, its body."""

    first: str
    headers: dict[str, str]
    body: bytes = b""
    is_whole: bool = True
    """False where only the end of the connection ends the body."""

    @property
    def method(self):
        return self.first.split()[0]

    @property
    def decoded(self):
        return unquote(self.first.split()[1])

    def head(self, **changes):
        headers = {**self.headers, **{name.replace("_", "-"): v for name, v in changes.items()}}
        lines = [self.first, *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class FaultProxy:
    """Listens on 127.0.0.1 in front of ``site_url``, from ``start`` to ``stop``; the port stays.

    While it is stopped, connections are refused. ``tls`` is the context that it presents itself
    with (None: plain HTTP) and may be changed at any time. ``counts`` holds connections,
    tls_failed, requests, forwarded and broken; ``struck`` each kind's strikes; ``requests`` what
    came in, newest last.
    """

    def __init__(self, site_url, *, seed=0, tls=None, patience=120.0):
        parts = urlsplit(site_url)
        self._site = (parts.hostname, parts.port)
        self._patience = patience
        self._random = Random(seed)
        self._lock = threading.Lock()
        self._faults = []
        self._listener = None
        self._thread = None
        self._stopping = threading.Event()
        self._open = set()
        self.tls = tls
        self.port = free_port()
        self.counts, self.struck = Counter(), Counter()
        self.requests = deque(maxlen=10_000)

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        if self._listener is None:
            self._stopping = threading.Event()
            self._listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
            # A thread in accept() does not notice that its socket was closed.
            self._listener.settimeout(0.1)
            arguments = (self._listener, self._stopping)
            self._thread = threading.Thread(target=self._accept, args=arguments, daemon=True)
            self._thread.start()
        return self

    def stop(self):
        """Refuse connections from now on, and cut those that are open."""
        if self._listener is None:
            return
        self._stopping.set()
        self._thread.join()
        self._listener.close()
        self._listener = None
        self.cut()
        wait_until(lambda: not self._open, what="the end of the proxy's connections")

    def cut(self):
        """Cut every connection to the engine that is open."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def add(self, kind, **fields):
        """Set a fault; the first that strikes wins."""
        fault = Fault(Kind(kind), **fields)
        with self._lock:
            self._faults.append([fault, fault.times])
        return fault

    def clear(self):
        with self._lock:
            self._faults.clear()

    def _strike(self, request):
        with self._lock:
            for entry in self._faults:
                fault, left = entry
                if left == 0 or not fault.matches(request):
                    continue
                if self._random.random() >= fault.probability:
                    continue
                if left is not None:
                    entry[1] = left - 1
                self.struck[fault.kind.value] += 1
                return fault
        return None

    def _count(self, name):
        with self._lock:
            self.counts[name] += 1

    def _accept(self, listener, stopping):
        while not stopping.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            connection.settimeout(None)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection, stopping), daemon=True).start()

    def _serve(self, connection, stopping):
        self._count("connections")
        with contextlib.suppress(OSError):  # either side may leave at any time
            try:
                if self.tls:
                    connection = self.tls.wrap_socket(connection, server_side=True)
            except ssl.SSLError:
                self._count("tls_failed")
                connection.close()
                return
            with self._lock:
                self._open.add(connection)
            try:
                with connection, connection.makefile("rb") as reader:
                    while not stopping.is_set() and self._exchange(connection, reader, stopping):
                        pass
            finally:
                with self._lock:
                    self._open.discard(connection)

    def _exchange(self, connection, reader, stopping):
        """Pass one request on and its answer back; return whether the connection stays open."""
        request = read_message(reader, is_answer=False)
        if request is None:
            return False
        self._count("requests")
        self.requests.append(request)
        fault = self._strike(request)
        kind = fault.kind if fault else None
        if kind is Kind.DELAY:
            stopping.wait(fault.seconds)
        if kind is Kind.RESET:
            return _reset(connection)
        if kind in {Kind.STATUS, Kind.REDIRECT}:
            return _send(connection, _made_up(fault))
        if kind is Kind.RESET_AFTER_SEND:
            sent = threading.Event()
            threading.Thread(target=self._forward, args=(request, sent), daemon=True).start()
            sent.wait(self._patience)
            return _reset(connection)  # while the site still works on it
        answer = self._forward(request)
        if answer is None or kind is Kind.LOST_ANSWER:
            return False
        if kind is Kind.LATE_ANSWER:
            stopping.wait(fault.seconds)
        return _deliver(connection, answer, fault, stopping)

    def _forward(self, request, sent=None):
        """Return the site's answer, None where it gave none; ``sent`` is set when it has it all."""
        sent = sent or threading.Event()
        self._count("forwarded")
        try:
            with (
                socket.create_connection(self._site, timeout=self._patience) as site,
                site.makefile("rb") as reader,
            ):
                site.sendall(request.head(connection="close") + request.body)
                sent.set()
                answer = read_message(reader, is_answer=True, bodiless=request.method == "HEAD")
        except OSError:
            answer = None
            sent.set()
        if answer is None:
            self._count("broken")
        return answer


def read_message(reader, *, is_answer, bodiless=False):
    """Return the next request or answer on a connection; None when it ended before one."""
    first = reader.readline(LINE_LIMIT).decode("latin-1").strip()
    if len(first.split()) < 2:
        return None
    headers = {}
    while line := reader.readline(LINE_LIMIT).decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if bodiless:
        return Message(first, headers)
    length = headers.get("content-length")
    if length is None and is_answer:
        return Message(first, headers, reader.read(), is_whole=False)
    body = reader.read(int(length or 0))
    return Message(first, headers, body) if len(body) == int(length or 0) else None


def _reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
    return False


def _made_up(fault):
    """Return an answer that the site did not give."""
    redirects = fault.kind is Kind.REDIRECT
    code = 302 if redirects else fault.code
    body = f"<h1>{code}</h1>".encode()
    headers = {"content-type": "text/html", "content-length": str(len(body))}
    if redirects:
        headers["location"] = fault.location
    elif fault.retry_after is not None:
        headers["retry-after"] = fault.retry_after
    return Message(f"HTTP/1.1 {code} Made up", headers, body)


def _deliver(connection, answer, fault, stopping):
    kind = fault.kind if fault else None
    if kind is Kind.HTML_200:
        return _send(connection, _made_up(Fault(Kind.STATUS, code=200)))
    if kind is Kind.TRUNCATED_JSON:
        half = answer.body[: len(answer.body) // 2]
        headers = {**answer.headers, "content-length": str(len(half))}
        return _send(connection, Message(answer.first, headers, half))
    if kind is Kind.CUT_BODY:
        connection.sendall(answer.head() + answer.body[: len(answer.body) // 2])
        return False
    if kind in {Kind.DRIP_HEAD, Kind.DRIP_BODY}:
        head = answer.head(connection="close")
        slow = head + answer.body if kind is Kind.DRIP_HEAD else answer.body
        connection.sendall((head + answer.body)[: -len(slow)])
        for byte in slow:
            connection.sendall(bytes([byte]))
            if stopping.wait(1 / fault.bytes_per_second):
                break
        return False
    return _send(connection, answer)


def _send(connection, answer):
    stays = "keep-alive" if answer.is_whole else "close"
    connection.sendall(answer.head(connection=stays) + answer.body)
    return answer.is_whole
