"""`igny8 census`: compare sites with what is known of them, now."""

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("census")(census)


def census(
    site: Annotated[
        str | None, typer.Option(help="Its id or URL; all sites when left out.")
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Send again what is lost, however much it is.")
    ] = False,
) -> None:
    """Compare what sites show with what we know, both ways; repair what can be repaired.

    When much of a site is lost at once, nothing is sent again without --repair.
    """
    from cli.census_command import take

    take(site, approved=repair)
