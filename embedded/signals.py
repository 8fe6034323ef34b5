"""The signals that end a foreground command, all as one: KeyboardInterrupt."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """What has come of them: the first raises KeyboardInterrupt, further ones are counted."""

    def __init__(self) -> None:
        self._count = 0

    def has_come(self) -> bool:
        """Whether any has come."""
        return self._count > 0

    def in_a_hurry(self) -> bool:
        """Whether a further one has come."""
        return self._count > 1

    def note(self, _number: int, _frame: FrameType | None) -> None:
        """Be the handler.

        Raises:
            KeyboardInterrupt: it is the first one.
        """
        self._count += 1
        # A second one, raised anywhere in the cleaning up, would leave programs running.
        if self._count == 1:
            raise KeyboardInterrupt


@contextmanager
def as_interrupts() -> Iterator[Interrupts]:
    """Let TERM (a service manager) and HUP (a closed terminal) do what Ctrl-C does.

    INT too: a shell that starts us in the background has it ignored. Main thread only.

    Raises:
        KeyboardInterrupt: one has come, whatever was made of it on its way.
    """
    interrupts = Interrupts()
    before = {kind: signal.signal(kind, interrupts.note) for kind in ENDING}
    try:
        yield interrupts
    except Exception as error:
        # In the middle of an import it may come out as another: Python before 3.12 makes a
        # RuntimeError of whatever is raised in __set_name__.
        if interrupts.has_come():
            raise KeyboardInterrupt from error
        raise
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
