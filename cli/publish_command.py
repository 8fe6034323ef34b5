"""What `igny8 publish` does: record the wish, wake the workers, and follow what becomes of it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import typer

from cli.bell import wake_workers
from cli.exits import CommandError, Exit
from cli.finding import find_integration
from cli.interrupts import Pause, held_back
from cli.output import output
from cli.progress import Bar, progress
from cli.publish_requests import Request, chosen_contents, request_publish
from cli.run_watch import Outcome, watch
from models.accepting import Wanted
from models.session import session_scope

SHOWN_AT_ONCE = 50
"""Rows of the final table on a terminal; what failed is always shown."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of `igny8 publish`."""

    site: str
    ids: list[int] | None
    """None: all contents of the site."""

    wanted: Wanted
    any_status: bool
    wait: bool
    timeout: float


def publish(asked: Asked) -> None:
    """Record that contents shall be on a site; with ``wait``, stay until they are."""
    with session_scope(read_only=True) as session:
        integration = find_integration(session, asked.site)
        if not integration.is_active:
            raise CommandError(f"{integration.site.url} is switched off", Exit.BAD_INPUT)
        content_ids = chosen_contents(session, integration, asked.ids)
    url = integration.site.url
    with held_back() as pause:
        request = request_publish(
            integration.id, content_ids, asked.wanted, any_status=asked.any_status
        )
        broker_there = wake_workers() if request.accepted else True
        _say_accepted(request, site=url, broker_there=broker_there)
        facts = {
            "site": url,
            "accepted": request.accepted,
            "unchanged": request.unchanged,
            "left_out": request.left_out,
            "broker_reachable": broker_there,
        }
        if asked.wait and request.run_ids:
            _wait(request, asked.timeout, facts, pause)
        else:
            output().result(facts | {"runs": request.run_ids})


def _say_accepted(request: Request, *, site: str, broker_there: bool) -> None:
    say = output()
    say.line(f"accepted {request.accepted}, unchanged {request.unchanged} for {site}")
    if request.left_out:
        say.note(
            f"left out {request.left_out} that are not approved; --override-status takes them too"
        )
    if not broker_there:
        say.note("the broker is away: the work is stored, and starts when the broker is back")


def _wait(request: Request, timeout: float, facts: dict[str, Any], pause: Pause) -> None:
    try:
        with progress("publishing", len(request.run_ids)) as bar:
            results = watch(
                request.run_ids, timeout, lambda outcome: _say_outcome(bar, outcome), pause
            )
    except KeyboardInterrupt:
        words = f"the work goes on; `igny8 status --site {facts['site']}` shows it"
        raise CommandError(words, Exit.INTERRUPTED) from None
    counts = Counter(_kind(result) for result in results)
    _say_results(results, counts)
    names = ("published", "failed", "parked", "waiting")
    output().result(
        facts
        | {name: counts[name] for name in names}
        | {"results": [result.as_json() for result in results]}
    )
    if code := _exit_code(counts):
        raise typer.Exit(code)


def _kind(outcome: Outcome) -> str:
    if outcome.state in {"published", "superseded"}:
        return "published"
    if outcome.state == "parked":
        return "parked"
    return "failed" if outcome.finished else "waiting"


def _say_outcome(bar: Bar, outcome: Outcome) -> None:
    bar.step(f"{outcome.content_id}\t{outcome.state}\t{outcome.url or outcome.reason or ''}")


def _say_results(results: list[Outcome], counts: Counter[str]) -> None:
    say = output()
    if say.is_terminal:
        good = [result for result in results if _kind(result) == "published"]
        rest = [result for result in results if _kind(result) != "published"]
        say.table(
            ("Id", "Title", "State", "Where, or why not"),
            [
                (shown.content_id, shown.title, shown.state, shown.reason or shown.url)
                for shown in (*good[:SHOWN_AT_ONCE], *rest)
            ],
        )
        if len(good) > SHOWN_AT_ONCE:
            say.line(f"… and {len(good) - SHOWN_AT_ONCE} more published")
    summary = ", ".join(f"{name} {counts[name]}" for name in ("published", "failed", "parked"))
    say.line(f"{summary}, still waiting {counts['waiting']}" if counts["waiting"] else summary)


def _exit_code(counts: Counter[str]) -> Exit:
    if counts["published"] == counts.total():
        return Exit.OK
    if not counts["published"] and not counts["failed"]:
        return Exit.UNREACHABLE  # neither a worker nor the site answered
    return Exit.FAILED
