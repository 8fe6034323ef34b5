"""`igny8 keys`: the keys that encrypt what is secret in the database."""

from typing import Annotated

import typer

from cli.exits import Exit
from cli.output import output


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(help="Keys that encrypt the database.", no_args_is_help=True)
    commands.command("rotate")(rotate)
    app.add_typer(commands, name="keys")


def rotate(
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Secrets in a transaction.")] = 200,
) -> None:
    """Encrypt every stored secret with the first key of IGNY8_SECRET_KEYS.

    Put a new key in front of the ring and restart everything first. Stopped in its middle, it
    goes on where it was when it is called again. Keep the ring's last key: tokens and site keys
    are looked up by a digest that is keyed with it.
    """
    from models.reencrypting import PLACES, renew_batch
    from models.session import session_scope

    totals = {"written": 0, "current": 0}
    damaged: list[str] = []
    for place in PLACES:
        after: int | None = None
        while after != 0:
            with session_scope() as session:
                done = renew_batch(session, place, after or 0, batch)
            totals["written"] += done.written
            totals["current"] += done.current
            damaged += done.damaged
            after = done.last_id
    out = output()
    out.line(f"re-encrypted {totals['written']}, with the first key already {totals['current']}")
    for which in damaged:
        out.error(f"{which}: no key of IGNY8_SECRET_KEYS opens it; enter that secret again")
    out.result({**totals, "unreadable": damaged})
    if damaged:
        raise typer.Exit(Exit.FAILED)
