"""Looking at suspended sites: what healed by itself goes on without anybody's help."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog

import platforms
from models import Integration
from models.clock import now_plus
from models.publishing.outcomes import resume_site
from models.session import session_scope
from models.sites.care import due_looks, plan_look, unscheduled_looks
from pipeline.errors import PublishError, SiteError
from pipeline.looking import look_pause
from platforms.trying_out import try_out

log = structlog.get_logger()

LOOKS, LOOKS_AT_ONCE = 16, 8
"""In one run: with the longest pause an hour, enough for a thousand suspended sites."""


def look_at_suspended() -> int:
    """Look at the sites whose time has come; return how many are well and go on."""
    with session_scope() as session:
        for integration_id, code in unscheduled_looks(session):
            if (pause := look_pause(code, 0)) is not None:
                plan_look(session, integration_id, {"next_look_at": now_plus(pause)})
        due = due_looks(session, LOOKS)
    if not due:
        return 0
    with ThreadPoolExecutor(LOOKS_AT_ONCE) as threads:
        return sum(threads.map(_look, due))


def _look(integration: Integration) -> bool:
    """Ask one site for all that a publish asks of it; True when it is well."""
    try:
        try_out(platforms.connect(platforms.target_of(integration)))
    except PublishError as error:
        log.info("site.still_ill", integration=integration.id, code=error.code)
        with session_scope() as session:
            plan_look(session, integration.id, _next(integration, error))
        return False
    log.info("site.resumed", integration=integration.id)
    with session_scope() as session:
        resume_site(session, integration.id)
    return True


def _next(integration: Integration, error: PublishError) -> dict[str, Any]:
    values: dict[str, Any] = {}
    code = integration.suspended_code
    # A site that is merely away says nothing new about why it was suspended.
    if isinstance(error, SiteError):
        code = error.code
        values |= {
            "suspended_code": code,
            "suspended_reason": str(error),
            "sync_error": f"{code}: {error}",
        }
    pause = look_pause(code, integration.looks)
    return values | {"next_look_at": None if pause is None else now_plus(pause)}
