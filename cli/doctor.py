"""`igny8 doctor`: what is well, what is not, and what to do about it."""

import typer

from cli.exits import Exit
from cli.output import output

MARKS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor() -> None:
    """Look at everything the engine stands on; status 1 when something is broken."""
    from cli.checks import run_checks, tick_times

    out = output()
    findings = run_checks()
    for finding in findings:
        out.line(f"{MARKS[finding.grade]}  {finding.subject:<14} {finding.said}")
        if finding.advice:
            out.line(f"{'':22}{finding.advice}")
    broken = sum(finding.grade == "fail" for finding in findings)
    out.result(
        {
            "ok": not broken,
            "checks": [finding.as_json() for finding in findings],
            "last_tick_at": tick_times(),
        }
    )
    if broken:
        raise typer.Exit(Exit.FAILED)
