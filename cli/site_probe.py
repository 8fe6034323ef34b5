"""What `igny8 site test` and `igny8 site structure` do: run a chain here, and say what came of it.

They need no worker: who looks for a fault may have none.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import typer

import settings
from cli.bell import quiet_log
from cli.exits import Exit
from cli.finding import find_integration, names_of
from cli.output import output
from models import SiteRun, SiteRunKind, SiteRunState, SiteStructure
from models.session import session_scope
from models.site_run import OPEN
from models.sites.runs import accept_site_run, claim_site_run
from tasks.sites import connecting, structure

Links = Sequence[Callable[[str], None]]
Names = dict[str, Any]

TEST_LINKS: Links = (
    connecting.probe_network,
    connecting.probe_wordpress,
    connecting.probe_bridge,
    connecting.write_capabilities,
)
STRUCTURE_LINKS: Links = (structure.fetch_structure, structure.store_structure)

PAUSE = 0.2
"""Seconds between two looks at a run that a worker has."""


def test_site(chosen: str) -> None:
    """Test a site layer by layer; exit 3 where one fails."""
    run, names = _run(chosen, SiteRunKind.CONNECTION_TEST, TEST_LINKS)
    url = names["url"]
    told = run.result or {}
    rows = [(each["layer"], _mark(each), each["message"]) for each in told.get("layers") or ()]
    output().table(("Layer", "State", "What"), rows)
    for each in told.get("layers") or ():
        if each["ok"] and each["what_to_do"]:
            output().note(f"{each['layer']}: {each['what_to_do']}")
    output().result({**names, "run_id": run.id, **told})
    if run.state is SiteRunState.SUCCEEDED:
        output().line(f"{url}: well")
        return
    layer = told.get("failing_layer")
    output().error(f"{url}: {f'{layer}: ' if layer else ''}{told.get('reason') or 'no answer yet'}")
    raise typer.Exit(Exit.UNREACHABLE)


def _mark(layer: dict[str, Any]) -> str:
    if layer["skipped"]:
        return "-"
    if not layer["ok"]:
        return f"fails ({layer['whose']})"
    return "ok, but" if layer["what_to_do"] else "ok"


def show_structure(chosen: str) -> None:
    """Fetch a site's types and taxonomies now, and show them; exit 3 where that fails."""
    run, names = _run(chosen, SiteRunKind.STRUCTURE_SYNC, STRUCTURE_LINKS)
    if run.state is not SiteRunState.SUCCEEDED:
        reason = (run.result or {}).get("reason") or "it is tried again by the workers"
        output().error(f"{names['url']}: {reason}", run_id=run.id)
        raise typer.Exit(Exit.UNREACHABLE)
    with session_scope(read_only=True) as session:
        known = session.get_one(SiteStructure, run.integration_id)
    kinds = {"type": known.post_types, "taxonomy": known.taxonomies}
    output().table(
        ("Kind", "Name", "Label", "Count", "Wanted"),
        [
            (kind, name, each["label"], each["count"], "yes" if each["enabled"] else "no")
            for kind, entries in kinds.items()
            for name, each in entries.items()
        ],
    )
    output().result(names | {"post_types": known.post_types, "taxonomies": known.taxonomies})


def _run(chosen: str, kind: SiteRunKind, links: Links) -> tuple[SiteRun, Names]:
    """Return the run when it has come to its end here, or in the worker that has it."""
    lease = settings.current().lease
    with session_scope() as session:
        integration = find_integration(session, chosen)
        run, _ = accept_site_run(session, integration, kind)
        ours = claim_site_run(session, run.id, lease)
        names = names_of(integration)
    if ours is not None:
        with quiet_log():
            for link in links:
                link(run.id)
        return _read(run.id), names
    deadline = time.monotonic() + lease
    while (found := _read(run.id)).state in OPEN and time.monotonic() < deadline:
        time.sleep(PAUSE)
    return found, names


def _read(run_id: str) -> SiteRun:
    with session_scope(read_only=True) as session:
        return session.get_one(SiteRun, run_id)
