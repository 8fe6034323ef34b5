"""One log line per request: what was asked, what was answered, how long it took. No more."""

import re
import time
import uuid

import structlog
from flask import Flask, Response, g, request

log = structlog.get_logger()

HEADER = "X-Request-ID"
ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by machines."""

PATH_SHOWN = 200
"""Characters."""


def _start() -> None:
    g.started = time.perf_counter()
    given = request.headers.get(HEADER, "")
    g.request_id = given if ACCEPTABLE.fullmatch(given) else str(uuid.uuid4())
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _finish(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    write = log.debug if request.path.rstrip("/") in QUIET else log.info
    # The path without its query: people put keys there. No header and no body, ever.
    write(
        "request",
        request_id=g.request_id,
        method=request.method,
        path=request.path[:PATH_SHOWN],
        status=response.status_code,
        ms=round((time.perf_counter() - g.started) * 1000, 1),
        account_id=g.get("account_id"),
    )
    return response


def log_requests(app: Flask) -> None:
    """Give every request an id and a line in the log. Call it before other hooks are added."""
    app.before_request(_start)
    app.after_request(_finish)
