"""Stopping children: TERM, for workers QUIT, at last KILL; a stage at a time, the last first."""

import signal
import threading
import time
from collections.abc import Callable, Sequence

from embedded.child import Child

HURRIED = 1.0
"""Seconds a child is given when the operator is in a hurry."""


class Ending:
    """One child on its way out, warmly first; ask ``is_over`` until it is."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._began = time.monotonic()
        self._asked_again = False
        child.send(signal.SIGTERM)

    def is_over(self, *, hurry: bool = False) -> bool:
        """Whether the main process is gone; sends the next signal when its time has come."""
        if self._child.has_ended():
            return True
        plan = self._child.plan
        waited = time.monotonic() - self._began
        late = waited - plan.patience
        if hurry:
            late = max(late, waited - HURRIED)
        if late > plan.soft_limit or (hurry and late > 0):
            self._child.kill()
        elif late > 0 and not self._asked_again:
            self._asked_again = True
            self._child.send(signal.SIGQUIT)
        return False


def stop_stages(
    stages: Sequence[Sequence[Child]], hurry: threading.Event, say: Callable[[str], None]
) -> None:
    """End every child and its group. May be called again after an interruption."""
    for stage in reversed(stages):
        _stop_stage(stage, hurry)
        for child in stage:
            if not child.is_buried:
                say(f"{child.name} stopped ({child.bury()})")


def _stop_stage(stage: Sequence[Child], hurry: threading.Event) -> None:
    endings = [Ending(child) for child in stage]
    while endings:
        endings = [ending for ending in endings if not ending.is_over(hurry=hurry.is_set())]
        time.sleep(0.02)
