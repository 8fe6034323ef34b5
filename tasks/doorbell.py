"""Ringing: tell the workers to look. The row is committed before; a lost ring costs one tick."""

import structlog

from tasks.app import app

log = structlog.get_logger()


def ring() -> bool:
    """Ask for a dispatch now; False when the broker is away (then beat's tick does it).

    Never raises and never waits long: the caller has already promised the work.
    """
    try:
        app.send_task("dispatch", expires=60)
    except Exception as error:  # noqa: BLE001 - whatever the broker's client raises, the row stays
        log.warning("doorbell.unreachable", error=type(error).__name__)
        return False
    return True
