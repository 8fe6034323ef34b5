"""`Prefer: wait=N` (RFC 7240): look at a run until it has finished, for so long and no longer."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from ingress.answers import run_answer
from ingress.auth import account_id
from ingress.tenancy import own_run
from models.publishing.progress import run_outcome
from models.session import session_scope

LONGEST = 30
"""Seconds; what proxies in front of us let pass."""

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.5
AT_ONCE = 12
"""Callers that wait in one process, of whose 32 threads each takes one; the next one gets its 202
at once. Threads are for work."""

AT_ONCE_PER_ACCOUNT = 4
"""So that one whose sites hang leaves places to the others."""

_WAIT = re.compile(r'(?:^|,)\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=[;,]|$)', re.IGNORECASE)


class _Places:
    """Who waits at this moment, by account."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = Counter[int]()

    @contextmanager
    def one_of(self, account: int) -> Iterator[bool]:
        """Hold a place while the block runs; False when there is none."""
        with self._lock:
            free = self._taken.total() < AT_ONCE and self._taken[account] < AT_ONCE_PER_ACCOUNT
            self._taken[account] += free
        try:
            yield free
        finally:
            with self._lock:
                self._taken[account] -= free
                self._taken += Counter()  # forgets accounts of whom nobody waits


_PLACES = _Places()


def preferred_wait(prefer: str | None) -> int:
    """Return the seconds a caller wants to wait, at most 30; 0 where no wish is understood."""
    found = _WAIT.search(prefer or "")
    return min(int(found[1]), LONGEST) if found else 0


def outcome_within(run_id: str, seconds: float) -> tuple[dict[str, object] | None, bool]:
    """Return the run's answer if it finishes in time, and whether we waited at all."""

    def look(session: Session) -> dict[str, object] | None:
        run = own_run(session, run_id)
        outcome = run_outcome(run)
        return run_answer(run, outcome) if outcome.finished else None

    return within(look, seconds)


def within(
    look: Callable[[Session], dict[str, Any] | None], seconds: float
) -> tuple[dict[str, Any] | None, bool]:
    """Return what ``look`` sees if it sees anything in time, and whether we waited at all."""
    with _PLACES.one_of(account_id()) as free:
        return (_poll(look, time.monotonic() + seconds), True) if free else (None, False)


def _poll(
    look: Callable[[Session], dict[str, Any] | None], deadline: float
) -> dict[str, Any] | None:
    pause = FIRST_PAUSE
    while True:
        # A transaction of its own each time: else it would see the same rows for ever.
        with session_scope(read_only=True) as session:
            seen = look(session)
        left = deadline - time.monotonic()
        if seen is not None or left <= 0:
            return seen
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, LONGEST_PAUSE)
