"""`igny8 up`: the whole engine in the foreground."""

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exits import CommandError, Exit
from cli.output import output

if TYPE_CHECKING:
    from embedded.supervisor import Stack
    from settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("up")(up)


def up(
    *,
    logs: Annotated[bool, typer.Option("--logs", help="Show what the programs log.")] = False,
) -> None:
    """Start everything on this machine: broker, tables, workers, Flower, API, beat. Ctrl-C ends it.

    What is already there is used: a DATABASE_URL, a REDIS_URL. A program that dies is started
    again. Stopping lets work under way finish.
    """
    import settings
    from embedded.signals import as_interrupts
    from embedded.supervisor import Stack

    out = output()
    known = settings.current()
    _refuse_bad_keys(known)
    began = time.monotonic()
    with as_interrupts() as interrupts:
        stack = Stack(
            known,
            quiet=out.as_json,
            follow_logs=logs and not out.as_json,
            in_a_hurry=interrupts.in_a_hurry,
        )
        # Inside: once it runs, a signal is the way to end it, and no failure.
        with stack, contextlib.suppress(KeyboardInterrupt):
            _announce(known, stack, time.monotonic() - began)
            threading.Event().wait()


def _refuse_bad_keys(known: "Settings") -> None:
    """Say it here, in one line each, and not in the logs of every program that would refuse."""
    from models.encryption import key_faults, key_file_text

    # Without any the stack makes one.
    given = bool(known.secret_keys or key_file_text())
    if given and (faults := key_faults()):
        raise CommandError("\n".join(faults), Exit.BAD_INPUT)


def _announce(known: "Settings", stack: "Stack", seconds: float) -> None:
    from embedded.supervisor import flower_login

    out = output()
    flower = f"http://127.0.0.1:{known.flower_port}/"
    out.line(f"\nReady in {seconds:.1f} s.")
    out.line(f"  API     {known.base_url}/docs")
    out.line(f"  Flower  {flower}  ({flower_login(known)})")
    out.line(f"  Logs    {known.data_dir / 'log'}")
    out.line("Ctrl-C stops everything, in order.\n")
    out.result(
        {
            "seconds": round(seconds, 1),
            "url": known.base_url,
            "flower": flower,
            "data_dir": known.data_dir,
            "processes": stack.processes,
        }
    )
