"""The signals that end a foreground command, all as one: KeyboardInterrupt."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def as_interrupts() -> Iterator[None]:
    """Let TERM (a service manager) and HUP (a closed terminal) do what Ctrl-C does.

    INT too: a shell that starts us in the background has it ignored. Main thread only.
    """
    before = {kind: signal.signal(kind, _interrupt) for kind in ENDING}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
