"""HTTP/1.1 on a socket of our own: kept alive, and broken in every way a fault asks for."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from io import BufferedReader

from simulators.delivery import Delivery
from simulators.messages import Answer, Request, build_request

_LINE_LIMIT = 65536
_BACKLOG = 512
_STOP_SECONDS = 5.0
_WORDS_OF_A_REQUEST_LINE = 3
_STEPS_PER_SECOND = 20
"""A drip faster than this many bytes per second sends several bytes at a time."""

_RST_ON_CLOSE = struct.pack("ii", 1, 0)


class Listener:
    """Accepts connections, each on a thread of its own.

    ``hangs_up(method, target)`` may end a connection before the request is read;
    ``respond(request)`` answers it.
    """

    def __init__(
        self,
        address: tuple[str, int],
        hangs_up: Callable[[str, str], bool],
        respond: Callable[[Request], Delivery],
    ) -> None:
        self.stopping = threading.Event()
        self._hangs_up = hangs_up
        self._respond = respond
        self._socket = socket.create_server(address, backlog=_BACKLOG)
        self.host, self.port = self._socket.getsockname()[:2]
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Refuse connections from now on, cut the open ones off and wait for their threads."""
        self.stopping.set()
        with contextlib.suppress(OSError):
            # Closing a socket does not wake the thread that waits on it; a connection does.
            socket.create_connection((self.host, self.port), timeout=_STOP_SECONDS).close()
        self._thread.join(_STOP_SECONDS)
        self._socket.close()
        with self._changed:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._open, _STOP_SECONDS)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            if self.stopping.is_set():
                connection.close()
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with (
            connection,
            self._tracked(connection),
            contextlib.suppress(OSError),  # a client that left is no fault of ours
            connection.makefile("rb") as reader,
        ):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while not self.stopping.is_set() and self._exchange(connection, reader):
                pass

    @contextlib.contextmanager
    def _tracked(self, connection: socket.socket) -> Iterator[None]:
        with self._changed:
            self._open.add(connection)
        try:
            yield
        finally:
            with self._changed:
                self._open.discard(connection)
                self._changed.notify_all()

    def _exchange(self, connection: socket.socket, reader: BufferedReader) -> bool:
        """Answer one request; return whether the connection stays open."""
        words = reader.readline(_LINE_LIMIT).decode("latin-1").split()
        if len(words) != _WORDS_OF_A_REQUEST_LINE:
            return False
        method, target, version = words
        if self._hangs_up(method, target):
            return _hang_up(connection, reset=True)
        headers = _read_headers(reader)
        if headers.get("expect", "").lower() == "100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = reader.read(_body_length(headers))
        delivery = self._respond(build_request(method, target, headers, body))
        if delivery.answer is None:
            return _hang_up(connection, reset=delivery.reset)
        closes = version != "HTTP/1.1" or headers.get("connection", "").lower() == "close"
        self._send(connection, delivery, method)
        return not closes and delivery.cut is None

    def _send(self, connection: socket.socket, delivery: Delivery, method: str) -> None:
        answer = delivery.answer or Answer(HTTPStatus.NO_CONTENT)
        head, body = _head(answer), answer.body[: delivery.cut]
        if method == "HEAD":
            body = b""
        if delivery.head_rate is None and delivery.body_rate is None:
            connection.sendall(head + body)  # one write: no waiting for the peer's delayed ACK
            return
        self._drip(connection, head, delivery.head_rate)
        self._drip(connection, body, delivery.body_rate)

    def _drip(self, connection: socket.socket, data: bytes, rate: float | None) -> None:
        if rate is None:
            connection.sendall(data)
            return
        step = max(1, int(rate / _STEPS_PER_SECOND))
        for place in range(0, len(data), step):
            connection.sendall(data[place : place + step])
            if self.stopping.wait(step / rate):
                return


def _hang_up(connection: socket.socket, *, reset: bool) -> bool:
    if reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST_ON_CLOSE)
    return False


def _read_headers(reader: BufferedReader) -> dict[str, str]:
    headers: dict[str, str] = {}
    while line := reader.readline(_LINE_LIMIT).decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers


def _body_length(headers: dict[str, str]) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isdecimal() else 0


def _head(answer: Answer) -> bytes:
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [
        f"HTTP/1.1 {int(answer.status)} {phrase}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {len(answer.body)}",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
