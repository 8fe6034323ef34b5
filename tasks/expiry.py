"""Until when a message is good: told and judged by the database's clock, as all that is due is.

Celery writes the sender's time into a message and compares it with the receiver's. So a worker
that was a minute ahead threw every ring away, one that was some seconds ahead every tick, and of a
beat that was behind nobody took one.
"""

import math
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from celery.worker.request import Request
from sqlalchemy.exc import SQLAlchemyError

import settings
from models.schema import seconds_ahead

MEASURED_EVERY = 60.0
"""Seconds; a clock that is set right is known to be so after as many."""


@dataclass
class HostClock:
    """By how many seconds this host's clock is ahead of the database's, as last measured."""

    ahead: float = 0.0
    measured_at: float = -math.inf

    def measure(self) -> float:
        """Ask the database what time it is; return `ahead`.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database can't be asked.
        """
        self.measured_at = time.monotonic()  # first: one that is away is not asked each time
        # SQLite is for one host, which has one clock.
        if not settings.current().database_url.startswith("sqlite"):
            self.ahead = seconds_ahead()
        return self.ahead

    def measure_if_old(self) -> float:
        """Return what was measured within `MEASURED_EVERY`, or before the database went away."""
        if time.monotonic() - self.measured_at > MEASURED_EVERY:
            with suppress(SQLAlchemyError):
                self.measure()
        return self.ahead


CLOCK = HostClock()


def tell_by_database(headers: dict[str, Any]) -> None:
    """Make the expiry in a message's headers, by this host's clock, one by the database's."""
    if headers.get("expires"):
        until = datetime.fromisoformat(headers["expires"])
        headers["expires"] = (until - timedelta(seconds=CLOCK.measure_if_old())).isoformat()


class TimedRequest(Request):
    """A message as a worker takes it, good until the moment that it names by the database's clock.

    Made in the loop that takes messages, which must not wait for a database: what was measured at
    the start counts, and what periodic tasks have measured since. A media worker's run in other
    processes; it measures anew when it starts again.
    """

    _expires: datetime | None

    def __init__(self, *arguments: Any, **words: Any) -> None:
        super().__init__(*arguments, **words)
        if self._expires is not None:
            self._expires += timedelta(seconds=CLOCK.ahead)
