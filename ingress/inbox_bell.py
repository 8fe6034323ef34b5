"""Ringing for the inbox beside the requests: a few times a second at most, and nobody waits for it.

A message to the broker for each webhook would cost more than the webhook's row does.
"""

import threading
import time

from tasks import doorbell

PAUSE = 0.2
"""Seconds between two rings; what comes in between is rung for together."""


class InboxBell:
    """One for each process; safe to share by threads. A lost ring costs one tick."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def ring(self) -> None:
        """Have the workers told soon, and return at once."""
        self._wanted.set()
        if self._thread is None or not self._thread.is_alive():
            self._start()

    def _start(self) -> None:
        # Not before the first ring: a server may fork after it has imported us.
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._go_on, name="inbox-bell", daemon=True)
                self._thread.start()

    def _go_on(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            doorbell.ring_inbox()
            time.sleep(PAUSE)


bell = InboxBell()
