"""Asking a pooled connection whether it still lives, where there is reason to doubt it.

A restarted PostgreSQL leaves dead connections in the pool. `pool_pre_ping` asks each of them each
time, which was a third of what taking a webhook in cost; but who was cut off has been told so: an
idle connection on whose socket there is nothing to read has not been closed by the other side.
"""

import select
import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import InvalidatePoolError

IDLE = 5.0
"""Seconds after which a silent connection is doubted too: a firewall forgets without a word."""

_SINCE = "idle_since"


def ping_in_doubt(engine: Engine) -> None:
    """Replace dead connections of psycopg's when they leave the engine's pool."""

    @event.listens_for(engine, "checkin")
    def note(_connection: Any, record: Any) -> None:
        record.info[_SINCE] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def check(connection: Any, record: Any, _proxy: Any) -> None:
        idle_since = record.info.pop(_SINCE, None)
        if idle_since is None or not _is_doubted(connection, idle_since):
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            # The pool tries once more, with a new connection; the others are as old as this one.
            raise InvalidatePoolError("the server has closed it") from error


def _is_doubted(connection: Any, idle_since: float) -> bool:
    if connection.closed or time.monotonic() - idle_since > IDLE:
        return True
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))
