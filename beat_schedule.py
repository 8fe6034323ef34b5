"""The one table of periodic work. Each entry may run twice, late, or not at all, without harm."""

from typing import Any

import settings

_tick = settings.current().tick


def _every(seconds: float, task: str) -> dict[str, Any]:
    # A tick that waited for longer than its interval is dropped: the next one does its work.
    # Without that they pile up while the workers are away.
    return {"task": task, "schedule": seconds, "options": {"expires": max(seconds, 1.0)}}


beat_schedule = {
    # Starts what is due: retries, and what was accepted while the broker was away.
    "dispatch": _every(_tick, "dispatch"),
    # Gives back what a lost worker held; a third of the lease, so that it waits at most 4/3.
    "rescue": _every(max(_tick, settings.current().lease / 3), "rescue"),
    # Deletes old attempts, events, runs and batches.
    "prune": _every(24 * 3600.0, "prune"),
}
