"""The end of `igny8 publish`: a line for each content, a table, the counts, and the exit code."""

from collections import Counter
from typing import Any

import typer

from cli.exits import Exit
from cli.output import output
from cli.progress import Bar
from cli.run_watch import Outcome

SHOWN_AT_ONCE = 50
"""Rows of the final table on a terminal; what failed is always shown."""


def say_end(results: list[Outcome], facts: dict[str, Any]) -> None:
    """Print what became of everything, and end the command with what that means."""
    counts = Counter(kind(result) for result in results)
    _say_results(results, counts)
    names = ("published", "failed", "parked", "waiting")
    output().result(
        facts
        | {name: counts[name] for name in names}
        | {"results": [result.as_json() for result in results]}
    )
    if code := _exit_code(counts):
        raise typer.Exit(code)


def kind(outcome: Outcome) -> str:
    """Return which of the four counts of the summary it is in."""
    if outcome.state in {"published", "superseded"}:
        return "published"
    if outcome.state == "parked":
        return "parked"
    return "failed" if outcome.finished else "waiting"


def say_outcome(bar: Bar, outcome: Outcome) -> None:
    """Move the bar by one, or print its line."""
    bar.step(f"{outcome.content_id}\t{outcome.state}\t{outcome.url or outcome.reason or ''}")


def _say_results(results: list[Outcome], counts: Counter[str]) -> None:
    say = output()
    if say.is_terminal:
        good = [result for result in results if kind(result) == "published"]
        rest = [result for result in results if kind(result) != "published"]
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
