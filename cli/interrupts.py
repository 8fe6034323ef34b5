"""Ctrl-C between two looks at the database, never inside one."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from time import sleep
from types import FrameType

Pause = Callable[[float], None]
"""Sleeps some seconds; raises KeyboardInterrupt when Ctrl-C came meanwhile or before."""


@contextmanager
def held_back() -> Iterator[Pause]:
    """Hold Ctrl-C back until the next pause; a second one counts at once.

    Inside a driver's call it comes out as that driver's error: psycopg's "can't change autocommit".
    """
    came = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal came
        if came:
            raise KeyboardInterrupt
        came = True

    def pause(seconds: float) -> None:
        if not came:
            sleep(seconds)
        if came:
            raise KeyboardInterrupt

    # Only the main thread may set it, and nohup's wish to ignore it stands.
    if current_thread() is not main_thread() or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield sleep
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield pause
    finally:
        signal.signal(signal.SIGINT, before)
