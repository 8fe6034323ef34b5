"""Stopping children: TERM, for workers QUIT, at last KILL; a stage at a time, the last first."""

import signal
import threading
import time
from collections.abc import Callable, Sequence

from embedded.child import Child

HURRIED = 1.0
"""Seconds a child is given when the operator is in a hurry."""


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
    for child in stage:
        child.send(signal.SIGTERM)
    began = time.monotonic()
    asked_again: set[str] = set()
    while running := [child for child in stage if not child.has_ended()]:
        waited = time.monotonic() - began
        for child in running:
            plan = child.plan
            late = waited - plan.patience
            if hurry.is_set():
                late = max(late, waited - HURRIED)
            if late > plan.soft_limit or (hurry.is_set() and late > 0):
                child.kill()
            elif late > 0 and child.name not in asked_again:
                asked_again.add(child.name)
                child.send(signal.SIGQUIT)
        time.sleep(0.02)
