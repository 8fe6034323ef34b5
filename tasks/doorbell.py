"""Ringing: tell the workers to look. The row is committed before; a lost ring costs one tick."""

import structlog

from tasks.app import app

log = structlog.get_logger()


def ring() -> bool:
    """Ask for a dispatch now; False when the broker is away (then beat's tick does it).

    Never raises and never waits long: the caller has already promised the work.
    """
    return _send("dispatch")


def ring_inbox() -> bool:
    """Ask for a look at the inbox now; as :func:`ring`."""
    return _send("inbox.sweep")


def ring_site_runs() -> bool:
    """Ask for a start of what is due about sites now; as :func:`ring`."""
    return _send("start_site_runs")


def ring_bulk() -> bool:
    """Ask for the next items of bulk jobs now; as :func:`ring`."""
    return _send("feed_bulk_jobs")


def ring_planning() -> bool:
    """Ask for new plans of the sites that want one now; as :func:`ring`."""
    return _send("plan_slots")


def ring_schedule() -> bool:
    """Ask for a look at what is approved, and for new plans; as :func:`ring`."""
    return _send("schedule_approved") and ring_planning()


def ring_media(publication_ids: list[int]) -> bool:
    """Ask for the pictures of these publications now; False: they ask again at their next try."""
    return _send("publish.prepare_pictures", publication_ids)


def _send(task: str, *args: list[int]) -> bool:
    try:
        app.send_task(task, args, expires=60)
    except Exception as error:  # noqa: BLE001 - whatever the broker's client raises, the row stays
        log.warning("doorbell.unreachable", error=type(error).__name__)
        return False
    return True
