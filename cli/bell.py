"""Waking the workers from a command, which says itself what came of it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


def wake_workers() -> bool:
    """Ask for a dispatch now; False when the broker is away, and beat will find the rows."""
    from tasks.doorbell import ring

    with quiet_log():
        return ring()


def wake_readers() -> bool:
    """Ask for a look at the inbox now; as :func:`wake_workers`."""
    from tasks.doorbell import ring_inbox

    with quiet_log():
        return ring_inbox()


def wake_site_runs() -> bool:
    """Ask for a start of what is due about sites; as :func:`wake_workers`."""
    from tasks.doorbell import ring_site_runs

    with quiet_log():
        return ring_site_runs()


def wake_feeder() -> bool:
    """Ask for the next items of bulk jobs; as :func:`wake_workers`."""
    from tasks.doorbell import ring_bulk

    with quiet_log():
        return ring_bulk()


def wake_planner() -> bool:
    """Ask for new plans of the sites that want one; as :func:`wake_workers`."""
    from tasks.doorbell import ring_planning

    with quiet_log():
        return ring_planning()


def wake_schedule() -> bool:
    """Ask for a look at what is approved, and for plans; as :func:`wake_workers`."""
    from tasks.doorbell import ring_schedule

    with quiet_log():
        return ring_schedule()


@contextmanager
def quiet_log() -> Iterator[None]:
    """Keep warnings back: unconfigured, structlog prints on stdout, which is the answer's."""
    configured, before = structlog.is_configured(), structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        yield
    finally:
        if configured:
            structlog.configure(**before)
        else:
            structlog.reset_defaults()
