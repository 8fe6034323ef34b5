"""Who writes to SQLite, of the threads of one process: one after the other.

Its own waiting asks again after 1, 2, 5 and up to 100 ms, and has no order: of 16 threads the
slowest hundredth waited 60 times as long as the median.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_WAIT = 30.0
"""Seconds, as long as SQLite's busy_timeout; then SQLite is asked all the same, and refuses."""


class _Line:
    """One for each process; a thread may take its turn within its own turn."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        self.turn = threading.RLock()


_line = _Line()
# A turn that another thread of the parent held would never end in the child.
os.register_at_fork(after_in_child=_line.renew)


@contextmanager
def turn_to_write() -> Iterator[None]:
    """Hold the turn while the block runs."""
    turn = _line.turn
    taken = turn.acquire(timeout=LONGEST_WAIT)
    try:
        yield
    finally:
        if taken:
            turn.release()
