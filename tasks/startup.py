"""What must hold before a process works: a wrong key or table would harm every row it touches.

Contradictions between settings are told by `settings` itself. What may be only away, a broker or
a PostgreSQL, is waited for by whoever needs it.
"""

from collections.abc import Sequence
from typing import Any

import structlog
from celery import Celery
from sqlalchemy.exc import OperationalError, SQLAlchemyError

import settings
from models.encryption import key_faults
from models.schema import schema_fault
from models.session import engine
from tasks import expiry
from tasks.broker_tls import tls_fault

PATIENCE = 2.0
"""Seconds for the broker to take a connection, and again for it to answer."""

LOOK_AT = "(look at CELERY_BROKER_URL or REDIS_URL)"

WORST_SKEW = 2.0
"""Seconds that hosts' clocks may differ before somebody should know."""

log = structlog.get_logger()


def refuse_if(faults: Sequence[str]) -> None:
    """End this process when there are faults.

    Raises:
        SystemExit: with a line for each.
    """
    if faults:
        raise settings.refusal(faults)


def faults_of_worker(app: Celery) -> list[str]:
    """Return a line for everything a worker or beat can't work with."""
    faults = faults_of_keys_and_tables()
    if app.conf.task_always_eager:
        faults.append("task_always_eager is for no deployment: tasks would run in their caller")
    if fault := broker_fault(app):
        faults.append(fault)
    return faults


def faults_of_keys_and_tables() -> list[str]:
    """Return what is wrong with encryption keys and tables, a line each."""
    faults = key_faults()
    try:
        if fault := schema_fault():
            faults.append(fault)
        _warn_of_skew()
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", error)).strip().split("\n")[0]
        if settings.current().database_url.startswith("sqlite"):
            faults.append(f"the database file can't be used: {said}")
        elif isinstance(error, OperationalError):
            log.warning("startup.database_away", error=said)
        else:
            faults.append(f"the database can't be used: {said}")
    # A pool's children must not inherit the connection.
    engine().dispose()
    return faults


def _warn_of_skew() -> None:
    # No fault: leases, due dates and messages go by the database's clock. But the lines of a log,
    # and the age of a webhook's signature, go by the host's.
    ahead = expiry.CLOCK.measure()
    if abs(ahead) > WORST_SKEW:
        log.warning("startup.clock_differs_from_database", seconds_ahead=round(ahead))


def broker_fault(app: Celery) -> str | None:
    """Return why the broker will never serve us, or None; one that is only away will be back."""
    from amqp.exceptions import AccessRefused, NotAllowed
    from redis.exceptions import AuthenticationError, ResponseError

    never = (AccessRefused, NotAllowed, AuthenticationError, ResponseError, ValueError, KeyError)
    try:
        _connect(app)
    except never as error:
        words = str(error).strip("'\"") or type(error).__name__
        return f"the broker refuses us: {words} {LOOK_AT}"
    except Exception as error:  # noqa: BLE001 - whatever else its client raises, it is away
        if fault := tls_fault(app.connection_for_write(), error):
            return f"the broker can't be talked to: {fault} {LOOK_AT}"
        log.warning("startup.broker_away", error=f"{type(error).__name__}: {error}")
    return None


def _connect(app: Celery) -> None:
    options: dict[str, Any] = dict(app.conf.broker_transport_options or {})
    if "socket_timeout" in options:
        options |= {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
    with app.connection_for_write(
        connect_timeout=PATIENCE, heartbeat=0, transport_options=options
    ) as connection:
        # Below kombu's own retries. Redis gets a PING by this, and a name and password.
        connection.transport.close_connection(connection.transport.establish_connection())
