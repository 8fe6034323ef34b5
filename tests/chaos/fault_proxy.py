"""A fault proxy: stands between the engine and a site, and breaks what passes, by a dial.

It reads whole HTTP requests, so that a fault strikes a request and not a stretch of bytes.
"""

import contextlib
import socket
import ssl
import struct
import threading
from collections import Counter
from urllib.parse import urlsplit

from fault_dial import Dial, Fault, Kind
from http_messages import Message, read_message
from servers.processes import free_port, wait_until

RST_ON_CLOSE = struct.pack("ii", 1, 0)


class FaultProxy:
    """Listens on 127.0.0.1 in front of ``site_url``, from ``start`` to ``stop``; the port stays.

    While it is stopped, connections are refused. ``tls`` is the context that it presents itself
    with (None: plain HTTP) and may be changed at any time. ``counts`` holds connections,
    tls_failed, requests, forwarded and broken; ``struck`` the strikes of each kind or label;
    ``senders`` the ports of those whose request is at the site. ``watch`` is called with each
    request and its sender's port, before anything is done with it; where it returns True, nothing
    of it goes on.
    """

    def __init__(self, site_url, *, seed=0, tls=None, patience=120.0):
        parts = urlsplit(site_url)
        self._site = (parts.hostname, parts.port)
        self._patience = patience
        self._dial = Dial(seed)
        self._lock = threading.Lock()
        self._listener = None
        self._thread = None
        self._stopping = threading.Event()
        self._open = set()
        self.tls = tls
        self.watch = lambda _request, _port: False
        self.port = free_port()
        self.counts = Counter()
        self.senders = set()

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
        return self._dial.add(kind, **fields)

    def clear(self):
        self._dial.clear()

    @property
    def struck(self):
        return self._dial.struck

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
        request = self._receive(connection, reader)
        if request is None:
            return False
        fault = self._dial.strike(request)
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
        port = connection.getpeername()[1]
        self.senders.add(port)
        answer = self._forward(request)
        self.senders.discard(port)
        if answer is None or kind is Kind.LOST_ANSWER:
            return False
        if kind is Kind.LATE_ANSWER:
            stopping.wait(fault.seconds)
        return _deliver(connection, answer, fault, stopping)

    def _receive(self, connection, reader):
        """Return the next request; None when there is none, or none to be passed on."""
        request = read_message(reader, is_answer=False)
        if request is None:
            return None
        self._count("requests")
        return None if self.watch(request, connection.getpeername()[1]) else request

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
