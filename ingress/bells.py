"""Ringing beside the requests: a few times a second at most, and nobody waits for it.

A message to the broker for each webhook would cost more than the webhook's row does; and each one
for a publish makes a worker take the lock that all dispatches share.
"""

import threading
import time
from collections.abc import Callable

from tasks import doorbell

PAUSE = 0.2
"""Seconds between two rings; what comes in between is rung for together."""


class Bell:
    """One for each process; safe to share by threads. A lost ring costs one tick."""

    def __init__(self, name: str, tell: Callable[[], bool], *, pause: float = PAUSE) -> None:
        self._name = name
        self._tell = tell
        self._pause = pause
        self._wanted = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def ring(self) -> None:
        """Have the workers told at once, or when the pause is over; return without waiting."""
        self._wanted.set()
        if self._thread is None or not self._thread.is_alive():
            self._start()

    def _start(self) -> None:
        # Not before the first ring: a server may fork after it has imported us.
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                name = f"{self._name}-bell"
                self._thread = threading.Thread(target=self._go_on, name=name, daemon=True)
                self._thread.start()

    def _go_on(self) -> None:
        while True:
            self._wanted.wait()
            # Before they are told: who rings meanwhile may have a row that they don't see.
            self._wanted.clear()
            self._tell()
            time.sleep(self._pause)


inbox_bell = Bell("inbox", doorbell.ring_inbox)
dispatch_bell = Bell("dispatch", doorbell.ring)
