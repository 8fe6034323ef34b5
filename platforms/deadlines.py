"""A total deadline for a request, which also ends a peer that drips its answer byte by byte.

`requests` knows a time-out per read only: a header of one byte a second held a worker for 19 s
under a read time-out of 2 s. A thread can't be killed, so at the deadline its socket is shut.
"""

import heapq
import itertools
import math
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol


class HasSocket(Protocol):
    sock: socket.socket | None


class Deadline:
    """One request's limit; ``expired`` tells afterwards whether it was hit."""

    def __init__(self, at: float) -> None:
        self.at = at
        self.expired = False
        self.done = False
        self.connection: HasSocket | None = None
        self.answering: socket.socket | None = None

    def expire(self) -> None:
        self.expired = True
        sock = self.answering or (self.connection.sock if self.connection else None)
        if sock is not None:
            with suppress(OSError):  # it was closed meanwhile, which is what we want
                # The plain socket's method: SSLSocket's own also drops state the reader uses.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Watch:
    """One thread for all deadlines of the process."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Deadline]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, deadline: Deadline) -> None:
        with self._changed:
            heapq.heappush(self._heap, (deadline.at, next(self._order), deadline))
            if self._thread is None or not self._thread.is_alive():  # none yet, or after a fork
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._heap or self._heap[0][0] > time.monotonic():
                    wait = self._heap[0][0] - time.monotonic() if self._heap else None
                    self._changed.wait(wait)
                _, _, deadline = heapq.heappop(self._heap)
            if not deadline.done:
                deadline.expire()


_watch = _Watch()
_current = threading.local()


@contextmanager
def deadline(seconds: float) -> Iterator[Deadline]:
    """Bound what this thread sends and receives in the block by ``seconds`` in all."""
    made = Deadline(time.monotonic() + seconds)
    _current.deadline = made
    _watch.add(made)
    try:
        yield made
    finally:
        made.done = True
        _current.deadline = None


def watch_connection(connection: HasSocket) -> None:
    """Tell this thread's deadline which connection it is about, before anything is sent on it.

    Raises:
        TimeoutError: the deadline has passed, and would not be there to end what begins now.
    """
    current: Deadline | None = getattr(_current, "deadline", None)
    if current is not None:
        current.connection = connection
        if time_left() <= 0:
            raise TimeoutError("no time is left to send anything")


def watch_answer(sock: socket.socket | None) -> None:
    """Tell this thread's deadline which socket its answer comes on.

    An answer that says `Connection: close` takes the socket from its connection with its head, and
    the body that follows may drip for days.
    """
    current: Deadline | None = getattr(_current, "deadline", None)
    if current is not None:
        current.answering = sock


def time_left() -> float:
    """Return the seconds until this thread's deadline; infinite without one."""
    current: Deadline | None = getattr(_current, "deadline", None)
    return math.inf if current is None else current.at - time.monotonic()
