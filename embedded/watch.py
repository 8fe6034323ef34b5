"""Looks after running children: one that dies or is stuck is started again, after a pause."""

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from time import monotonic

from embedded.child import Child
from embedded.errors import CannotStart
from embedded.stopping import Ending

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
STEADY = 60.0
"""Seconds after which a child counts as healthy, and its pause begins anew."""


class Watch:
    """A thread that restarts what ends by itself, or what it is told is stuck, and says so."""

    def __init__(self, children: Sequence[Child], say: Callable[[str], None]) -> None:
        self._children = children
        self._say = say
        self._due: dict[str, float] = {}
        self._endings: dict[str, Ending] = {}
        self._stuck: SimpleQueue[tuple[str, str]] = SimpleQueue()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return when no child will be started any more."""
        self._ended.set()
        self._thread.join()

    def restart(self, name: str, why: str) -> None:
        """Have a child that lives but does not work stopped, warmly first, and started again."""
        self._stuck.put((name, why))

    def _run(self) -> None:
        while not self._ended.wait(0.2):
            self._take_stuck()
            for child in self._children:
                if child.name in self._due:
                    self._start_if_due(child)
                elif child.name in self._endings:
                    self._note_stop(child)
                elif child.has_ended():
                    self._note_end(child)

    def _take_stuck(self) -> None:
        try:
            name, why = self._stuck.get_nowait()
        except Empty:
            return
        for child in self._children:
            going = child.name in self._due or child.name in self._endings
            if child.name == name and not going and not child.has_ended():
                self._say(f"{name} {why}: stopping it, to start it again")
                self._endings[name] = Ending(child)

    def _note_stop(self, child: Child) -> None:
        if not self._endings[child.name].is_over():
            return
        del self._endings[child.name]
        self._say(f"{child.name} stopped ({child.bury()})")
        self._due[child.name] = monotonic()

    def _note_end(self, child: Child) -> None:
        if monotonic() - child.started_at > STEADY:
            child.restarts = 0
        pause = min(FIRST_PAUSE * 2**child.restarts, LONGEST_PAUSE)
        child.restarts += 1
        self._due[child.name] = monotonic() + pause
        self._say(
            f"{child.name} ended by itself ({child.bury()}): starting it again in {pause:g} s; "
            f"see {child.log}"
        )

    def _start_if_due(self, child: Child) -> None:
        if monotonic() < self._due[child.name]:
            return
        del self._due[child.name]
        try:
            child.start()
        except CannotStart as error:
            # Not ours to give up: a full disk or memory may have room again.
            self._say(str(error))
        else:
            self._say(f"{child.name} is started again (process {child.pid})")
