"""The soft shutdown of a worker of threads: batches stop between two requests, then it ends.

Celery's own (QUIT, or TERM under REMAP_SIGTERM=SIGQUIT) waits for a fixed time and then cancels
what still runs. A thread can't be cancelled: it raises an error there, and the worker stays until
its last batch is through, which may be twenty slow requests, or until it is killed in the middle.
"""

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

from celery import signals
from celery.concurrency.thread import TaskPool
from celery.worker import state

Handler = Callable[[int, FrameType | None], Any]

_told = False


def is_told() -> bool:
    """Whether this worker is to end soon, and nothing new may be sent."""
    return _told


@signals.worker_ready.connect
def _listen(sender: Any, **_: Any) -> None:
    if not isinstance(sender.pool, TaskPool):
        return
    # Celery's signal for this comes when all is over; TERM may be handled as warm, and stays so.
    for kind in (signal.SIGTERM, signal.SIGQUIT):
        handler = signal.getsignal(kind)
        if callable(handler) and getattr(handler, "__name__", "") == "worker_Cold":
            signal.signal(kind, _softly(handler))


def _softly(cold: Handler) -> Handler:
    def end(number: int, frame: FrameType | None) -> None:
        global _told  # noqa: PLW0603 - a lock could be held by the thread that is interrupted here
        if _told:
            cold(number, frame)
        _told = True
        # A warm shutdown: what is under way ends, and soon, because nothing new is sent.
        state.should_stop = 0  # type: ignore[assignment]

    return end
