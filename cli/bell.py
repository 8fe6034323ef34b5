"""Waking the workers from a command, which says itself what came of it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


def wake_workers() -> bool:
    """Ask for a dispatch now; False when the broker is away, and beat will find the rows."""
    from tasks.doorbell import ring

    with _quiet_log():
        return ring()


@contextmanager
def _quiet_log() -> Iterator[None]:
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
