"""Numbers that cost a walk over a whole table: read at most once a minute, whoever asks."""

import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from sqlalchemy.orm import Session

KEPT_FOR = 60.0
"""Seconds. The page of metrics asks for no password, and must not cost more than it tells."""

_Answer = TypeVar("_Answer")
_answers: dict[Callable[[Session], object], tuple[float, object]] = {}
_reading = threading.Lock()


def kept(read: Callable[[Session], _Answer]) -> Callable[[Session], _Answer]:
    """Return ``read`` so that this process calls it once in a while and remembers the answer.

    Who asks meanwhile waits for the one that reads.
    """

    @wraps(read)
    def answer(session: Session) -> _Answer:
        with _reading:
            until, known = _answers.get(read, (0.0, None))
            if known is None or time.monotonic() >= until:
                known = read(session)
                _answers[read] = (time.monotonic() + KEPT_FOR, known)
            return known  # type: ignore[return-value]

    return answer


def forget() -> None:
    """Read all of them anew at the next question."""
    _answers.clear()
