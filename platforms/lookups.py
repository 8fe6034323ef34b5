"""Name look-ups that end: the system's own can hang for longer than any of our deadlines."""

import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import settings

AT_ONCE = 64
"""Names that may hang at the same time; each costs a thread until its resolver gives up."""

Found = Sequence[tuple[socket.AddressFamily, Any, int, str, Any]]

_lock = threading.Lock()
_under_way: dict[tuple[str, int], Future[Found]] = {}


def look_up(host: str, port: int) -> Found:
    """Return what `socket.getaddrinfo` does, or give up after the time-out for a connection.

    A resolver that hangs can't be interrupted, so a thread of its own waits for it, one for a
    name however many ask, and the caller goes on.

    Raises:
        OSError: the name does not resolve, or not in time.
        UnicodeError: it is no name that DNS could hold.
    """
    patience = settings.current().connect_timeout
    try:
        return _started(host, port).result(patience)
    except TimeoutError:
        raise socket.gaierror(
            socket.EAI_AGAIN, f"no answer to the look-up within {patience:g} s"
        ) from None


def _started(host: str, port: int) -> Future[Found]:
    with _lock:
        future = _under_way.get((host, port))
        if future is None:
            if len(_under_way) >= AT_ONCE:
                raise socket.gaierror(socket.EAI_AGAIN, "too many look-ups hang already")
            future = _under_way[host, port] = Future()
            # A daemon: one that hangs must not keep the process from ending.
            threading.Thread(target=_run, args=(future, host, port), daemon=True).start()
        return future


def _run(future: Future[Found], host: str, port: int) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        outcome: Found | Exception = error
    else:
        outcome = found
    # First: whoever asks from now on gets a new answer.
    with _lock:
        del _under_way[host, port]
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
