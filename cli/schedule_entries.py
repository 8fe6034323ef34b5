"""`igny8 schedule set`, `move`, `cancel`, `hold`, `release`: what people do with one content."""

from typing import Annotated

import typer

from cli.exits import CommandError, Exit
from cli.row_ids import LARGEST_ID

Content = Annotated[int, typer.Argument(min=1, max=LARGEST_ID, help="A content, by its id.")]
Site = Annotated[
    str | None, typer.Option(help="Which site's connection, by id or URL; its own when left out.")
]
At = Annotated[
    str | None, typer.Option(help="Then exactly, like 2026-03-29T09:30+02:00; past means now.")
]
Next = Annotated[bool, typer.Option("--next", help="In the next free slot of its site.")]
Priority = Annotated[
    int | None, typer.Option(min=-1000, max=1000, help="The higher one goes first.")
]


def register_entries(app: typer.Typer) -> None:
    """Add the commands to `igny8 schedule`."""
    app.command("set")(set_entry)
    app.command("move")(move)
    app.command("cancel")(cancel)
    app.command("hold")(hold)
    app.command("release")(release)


def set_entry(  # noqa: PLR0913, PLR0917 - a command's options
    content: Content,
    at: At = None,
    next_slot: Next = False,
    priority: Priority = None,
    site: Site = None,
    draft: Annotated[bool, typer.Option("--draft", help="As a draft on the site.")] = False,
    override_status: Annotated[
        bool, typer.Option("--override-status", help="Though it is not approved.")
    ] = False,
) -> None:
    """Schedule a content: for a time, or for the next free slot. Again: the newer wish holds."""
    from cli.entry_commands import Asked, set_entry

    _one_of(at, next_slot)
    asked = Asked(content, site, at, priority or 0)
    set_entry(asked, draft=draft, override_status=override_status)


def move(
    content: Content,
    at: At = None,
    next_slot: Next = False,
    priority: Priority = None,
    site: Site = None,
) -> None:
    """Move a content to another time, or change its priority."""
    from cli.entry_commands import Asked, move

    if priority is None or next_slot:
        _one_of(at, next_slot)
    move(Asked(content, site, at, priority), planned=next_slot)


def cancel(content: Content, site: Site = None) -> None:
    """Take a content out of the schedule; nothing puts it in again by itself."""
    from cli.entry_commands import change_entry

    change_entry(content, site, "withdraw")


def hold(content: Content, site: Site = None) -> None:
    """Hold a content back until it is released."""
    from cli.entry_commands import change_entry

    change_entry(content, site, "hold")


def release(content: Content, site: Site = None) -> None:
    """Let a held content go."""
    from cli.entry_commands import change_entry

    change_entry(content, site, "release")


def _one_of(at: str | None, next_slot: bool) -> None:
    if (at is None) is not next_slot:
        raise CommandError("say when: --at TIME or --next", Exit.USAGE)
