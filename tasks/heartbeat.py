"""Proof of life: a periodic task that ran to its end says so in a row (readyz, doctor)."""

from collections.abc import Callable
from functools import wraps

from models.batches import beat
from models.session import session_scope


def beats(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Make a periodic task write its heartbeat after it has done its work."""

    def decorate(task: Callable[[], None]) -> Callable[[], None]:
        @wraps(task)
        def run() -> None:
            task()
            with session_scope() as session:
                beat(session, name)

        return run

    return decorate


def intervals() -> dict[str, float]:
    """Return the seconds between two beats of every entry of beat's table, by heartbeat."""
    # Inside: the table reads the settings when it is imported.
    from beat_schedule import beat_schedule

    return {name: float(entry["schedule"]) for name, entry in beat_schedule.items()}
