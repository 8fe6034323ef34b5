"""The broker, seen from here: ring its bell, or ask whether it is there. Nothing else."""

import structlog

from ingress.bells import dispatch_bell
from tasks import doorbell
from tasks.app import app

log = structlog.get_logger()

PATIENCE = 0.5
"""Seconds, once for the connection and once for the answer."""


def ring() -> None:
    """Have the workers told to look, together with others who ask at the same time."""
    dispatch_bell.ring()


def ring_site_runs() -> bool:
    """Tell the workers of requests about sites; False when the broker is away. Never raises."""
    return doorbell.ring_site_runs()


def ring_bulk() -> bool:
    """Tell the workers to look for bulk jobs; as :func:`ring_site_runs`."""
    return doorbell.ring_bulk()


def ring_planning() -> bool:
    """Tell the workers that a site wants a new plan; as :func:`ring_site_runs`."""
    return doorbell.ring_planning()


def ring_schedule() -> bool:
    """Tell the workers that other contents may go out by themselves; as :func:`ring_site_runs`."""
    return doorbell.ring_schedule()


def broker_answers() -> bool:
    """Whether the broker answers within a second."""
    options = dict(app.conf.broker_transport_options or {})
    if "socket_timeout" in options:
        options |= {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
    connection = app.connection_for_write(
        connect_timeout=PATIENCE, heartbeat=0, transport_options=options
    )
    try:
        # Below kombu's own retries, which would take seconds. Redis gets a PING by this, too.
        opened = connection.transport.establish_connection()
        connection.transport.close_connection(opened)
    except Exception as error:  # noqa: BLE001 - whatever the broker's client raises, it is away
        log.warning("broker.unreachable", error=type(error).__name__)
        return False
    finally:
        connection.release()
    return True
