"""What `igny8 site rotate-key` does: ask for a new key, and wait for what becomes of it."""

import time
from typing import Any

import typer

from cli.bell import wake_site_runs
from cli.exits import CommandError, Exit
from cli.finding import find_integration, names_of
from cli.output import output
from models import SiteRun, SiteRunKind, SiteRunState
from models.session import session_scope
from models.site_run import OPEN
from models.sites.runs import accept_site_run

PAUSE = 0.2
"""Seconds between two looks."""


def rotate_key(chosen: str, overlap_hours: int, wait: float) -> None:
    """Accept the change, ring, and say how it ended."""
    with session_scope() as session:
        integration = find_integration(session, chosen)
        if integration.site.wp_api_key_digest is None:
            raise CommandError(f"{integration.site_url} has no key yet", Exit.BAD_INPUT)
        run, _ = accept_site_run(
            session,
            integration,
            SiteRunKind.KEY_ROTATION,
            arguments={"overlap_hours": overlap_hours},
        )
        names = names_of(integration)
    woken = wake_site_runs()
    if wait:
        run = _ended(run.id, time.monotonic() + wait)
    _say(run, names, woken=woken)


def _ended(run_id: str, deadline: float) -> SiteRun:
    """Return the run when it has ended, or as it is at the deadline."""
    while True:
        with session_scope(read_only=True) as session:
            run = session.get_one(SiteRun, run_id)
        if run.state not in OPEN or time.monotonic() >= deadline:
            return run
        time.sleep(PAUSE)


def _say(run: SiteRun, names: dict[str, Any], *, woken: bool) -> None:
    told, url = run.result or {}, names["url"]
    output().result({**names, "run_id": run.id, "state": run.state.value, **told})
    if run.state is SiteRunState.SUCCEEDED:
        output().line(f"{url} has its new key, {told.get('masked_api_key')}")
    elif run.state is SiteRunState.FAILED:
        output().error(f"{url} keeps its old key: {told.get('reason')}")
        raise typer.Exit(Exit.FAILED)
    else:
        output().line(f"Accepted as {run.id}; the old key works until it is done")
        if not woken:
            output().note("the broker does not answer: it starts with the next tick")
