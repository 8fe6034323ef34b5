"""`igny8 inbox`: what the sites told us, and what could not be used of it."""

from typing import Annotated

import typer

from cli.row_ids import LARGEST_ID


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(help="Webhooks from the sites.", no_args_is_help=True)
    commands.command("list")(list_messages)
    commands.command("show")(show)
    commands.command("replay")(replay)
    app.add_typer(commands, name="inbox")


Site = Annotated[str | None, typer.Option(help="Its id or URL; all sites when left out.")]
Number = Annotated[int, typer.Argument(min=1, max=LARGEST_ID, help="As `igny8 inbox list` has it.")]


def list_messages(
    site: Site = None,
    state: Annotated[
        str | None, typer.Option(help="Only these: waiting, applied, dead, rejected and others.")
    ] = None,
    count: Annotated[int, typer.Option("-n", min=1, max=10_000, help="How many.")] = 20,
) -> None:
    """Show the newest webhooks, the newest at the end."""
    from cli.inbox_commands import show_list

    show_list(site, state, count)


def show(message: Number) -> None:
    """Show a webhook with its body, as it came."""
    from cli.inbox_commands import show_one

    show_one(message)


def replay(
    messages: Annotated[
        list[int] | None,
        typer.Argument(min=1, max=LARGEST_ID, help="Ids; without any, all dead ones."),
    ] = None,
    site: Site = None,
) -> None:
    """Read webhooks once more that have come to their end. Harmless: what is old says nothing."""
    from cli.inbox_commands import replay_messages

    replay_messages(messages, site)
