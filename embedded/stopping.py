"""Stopping children: TERM, for workers QUIT, at last KILL; a stage at a time, the last first."""

import signal
import time
from collections.abc import Callable, Sequence

from embedded.child import Child

HURRIED = 1.0
"""Seconds a child is given when the operator is in a hurry."""

BEGUN = 3.0
"""Seconds for one that was not up yet: it has nothing under way, and may not hear.

The web server's child, while it imports, takes a TERM for one to its parent, which then waits for
it; a worker's is noted, and comes too early for the step that it would end.
"""


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
        too_late = late > plan.soft_limit
        if too_late or (hurry and waited > HURRIED) or (not self._child.was_up and waited > BEGUN):
            self._child.kill()
        elif late > 0 and not self._asked_again:
            self._asked_again = True
            self._child.send(signal.SIGQUIT)
        return False


def stop_stages(
    stages: Sequence[Sequence[Child]],
    in_a_hurry: Callable[[], bool],
    say: Callable[[str], None],
) -> None:
    """End every child and its group. May be called again after an interruption."""
    for stage in reversed(stages):
        _stop_stage(stage, in_a_hurry)
        for child in stage:
            if not child.is_buried:
                say(f"{child.name} stopped ({child.bury()})")


def _stop_stage(stage: Sequence[Child], in_a_hurry: Callable[[], bool]) -> None:
    endings = [Ending(child) for child in stage]
    while endings:
        endings = [ending for ending in endings if not ending.is_over(hurry=in_a_hurry())]
        time.sleep(0.02)
