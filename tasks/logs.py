"""Log lines: JSON, one event each, with every key masked."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

import settings

QUIET = (
    # A line per task received and per task done is Flower's job.
    "celery.worker.strategy",
    "celery.app.trace",
    # Of ticks that piled up while nobody worked one is run, the others expire: a line for each.
    "celery.worker.request",
    # Which dialect it takes the database for.
    "alembic.runtime.migration",
)
"""Loggers whose lines below a warning say nothing to an operator."""

SECRETS = re.compile(r"(igny8_(?:live|api)_|whsec_|Bearer\s+)[\w.~+/=-]{4,}")


def mask_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace whatever looks like a key in a log event's texts."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = SECRETS.sub(r"\1***", value)
    return event


def configure_logging() -> None:
    """Send the process's log, ours and the libraries', to stderr as JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared[:3], structlog.stdlib.ExtraAdder(), *shared[3:]],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                mask_secrets,
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.current().log_level)
    for name in QUIET:
        logging.getLogger(name).setLevel("WARNING")
