"""The links of a structure sync: ask the site, store what it says (S81, S103, C34)."""

from typing import Any

import structlog
from pydantic import ValidationError

import platforms
import settings
from models import SiteRun, SiteRunKind
from models.publishing.outcomes import suspend_site
from models.session import session_scope
from models.sites.run_ends import End, end_site_run
from models.sites.runs import accept_site_run, hold_site_run, postpone_site_run, write_progress
from models.sites.structures import DAY, Look, keep_structure, plan_fetch, take_due_structures
from pipeline.errors import (
    BridgeTooOld,
    PermanentError,
    PublishError,
    RateLimited,
    SiteError,
    TemporaryError,
)
from pipeline.structures import Structure

log = structlog.get_logger()

AGAIN_AFTER = 3600.0
"""Seconds until a site that was away is asked anew (C43)."""

SITES_PER_TICK = 20


def fetch_structure(run_id: str) -> None:
    """Ask the site, and leave what it says for the next link."""
    with session_scope() as session:
        run = hold_site_run(session, run_id, settings.current().lease)
    if run is None:
        return
    try:
        structure = _ask(run)
    except PublishError as error:
        _give_up(run, error)
        return
    with session_scope() as session:
        write_progress(session, run, {"structure": structure.model_dump(mode="json")})


def _ask(run: SiteRun) -> Structure:
    told = platforms.connect(platforms.target_of(run.integration)).structure()
    try:
        return Structure.model_validate(told)
    except ValidationError as error:
        where = ", ".join(".".join(map(str, each["loc"])) for each in error.errors()[:3])
        raise PermanentError(
            f"the site's structure can't be read: {where}", code="bad_structure"
        ) from None


def _give_up(run: SiteRun, error: PublishError) -> None:
    """Try again soon, or end the run and plan the next one."""
    known = settings.current()
    waits = (error.retry_after or 0.0) if isinstance(error, RateLimited) else 0.0
    pause = max(waits, known.retry_first_delay * 2.0 ** (run.attempts - 1))
    log.info("structure.not_fetched", integration=run.integration_id, code=error.code)
    with session_scope() as session:
        if isinstance(error, TemporaryError) and run.attempts < known.max_attempts:
            postpone_site_run(session, run, min(pause, known.retry_longest_delay))
            return
        if not end_site_run(session, run, End(False, str(error), error.code)):
            return
        temporary = isinstance(error, TemporaryError)
        plan_fetch(session, run.integration_id, AGAIN_AFTER if temporary else DAY)
        # An older plugin publishes well: it only has no structure to tell.
        if isinstance(error, SiteError) and not isinstance(error, BridgeTooOld):
            suspend_site(session, run.integration_id, error.code, str(error))


def store_structure(run_id: str) -> None:
    """Store what the site said, unless newer news came meanwhile."""
    with session_scope() as session:
        run = hold_site_run(session, run_id, settings.current().lease)
        if run is None or "structure" not in run.progress:
            return
        structure = Structure.model_validate(run.progress["structure"])
        kept = keep_structure(session, run.integration_id, look_of(structure, "fetch"))
        details: dict[str, Any] = {
            "post_types_count": kept.post_types,
            "taxonomies_count": kept.taxonomies,
            "partial": not kept.is_whole,
        }
        end = End(succeeded=True, details=details, is_partial=not kept.is_whole)
        end_site_run(session, run, end)
    log.info("structure.fetched", integration=run.integration_id, **details)


def look_of(structure: Structure, source: str) -> Look:
    """Return a structure as it is stored."""
    return Look(
        kinds=structure.kinds(),
        observed_at=structure.observed_at,
        source=source,
        plugin_connection_enabled=structure.plugin_connection_enabled,
        two_way_sync_enabled=structure.two_way_sync_enabled,
    )


def accept_due_structures() -> int:
    """Accept a run for sites whose structure is due; return how many."""
    with session_scope() as session:
        due = take_due_structures(session, platforms.ADAPTERS, SITES_PER_TICK)
        for integration in due:
            accept_site_run(session, integration, SiteRunKind.STRUCTURE_SYNC)
    return len(due)
