"""How many bytes the threads of one process may hold at once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PAUSE = 1.0
"""Seconds between two questions to who waits, whether it may go on waiting."""


class ByteBudget:
    """Room for ``most`` bytes; what is larger has it for itself.

    Take once and give back before the next: who waits for more while it holds some may wait for
    one who does the same.
    """

    def __init__(self, most: int, *, pause: float = PAUSE) -> None:
        self.most = most
        self._pause = pause
        self._held = 0
        self._freed = threading.Condition()
        self._turn = threading.Lock()

    @contextmanager
    def take(self, size: int, waiting: Callable[[], None]) -> Iterator[None]:
        """Hold room for ``size`` bytes while the block runs; call ``waiting`` while there is none.

        What that raises ends the waiting.
        """
        # One at a time waits for room: else small ones would overtake a large one for ever.
        while not self._turn.acquire(timeout=self._pause):
            waiting()
        try:
            while not self._took(size):
                waiting()
        finally:
            self._turn.release()
        try:
            yield
        finally:
            with self._freed:
                self._held -= size
                self._freed.notify_all()

    def _took(self, size: int) -> bool:
        with self._freed:
            fits = self._freed.wait_for(
                lambda: self._held == 0 or self._held + size <= self.most, self._pause
            )
            if fits:
                self._held += size
            return fits
