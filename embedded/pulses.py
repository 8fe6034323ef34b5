"""The pulse rows as the supervisor sees them: read-only, and timed by its own clock alone."""

from collections.abc import Mapping

import sqlalchemy as sa

from settings import Settings

QUEUES = {
    "publish": "publish",
    "media": "media",
    "webhooks": "publish",
    "maintenance": "publish",
}
"""Each queue's worker."""

QUERY = sa.text("SELECT name, at FROM heartbeats WHERE name LIKE 'pulse.%'")


class PulseRows:
    """Reads when each queue's pulse was last written."""

    def __init__(self, settings: Settings) -> None:
        url = sa.make_url(settings.database_url)
        if url.get_backend_name() == "sqlite":
            # As a URI it can be opened without the right to write, and is never made.
            url = url.set(database=f"file:{url.database}", query={"mode": "ro", "uri": "true"})
            given: dict[str, object] = {"timeout": 5}
        else:
            limits = "-c statement_timeout=5000 -c default_transaction_read_only=on"
            given = {"connect_timeout": 5, "options": limits}
        self._engine = sa.create_engine(url, connect_args=given, poolclass=sa.NullPool)

    def read(self) -> dict[str, str] | None:
        """Return each queue's last pulse as text; None when the database can't be asked."""
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(QUERY).all()
        except sa.exc.SQLAlchemyError:
            return None
        return {name.removeprefix("pulse."): str(at) for name, at in rows}


class Silence:
    """How long no new pulse has come from each queue, while somebody could have written one.

    It compares a row with what it was before and never with a clock: hosts' clocks differ.
    """

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}
        self._since: dict[str, float] = {}

    def note(self, pulses: Mapping[str, str], at: float) -> None:
        """Take in what the rows say at this moment."""
        for queue in QUEUES:
            if self._seen.get(queue) != pulses.get(queue):
                self._since[queue] = at
            self._since.setdefault(queue, at)
        self._seen = dict(pulses)

    def since(self, queue: str) -> float:
        """Return the moment from which on nothing has come."""
        return self._since[queue]

    def forget(self) -> None:
        """Begin anew: the database or the broker was away."""
        self._since.clear()
