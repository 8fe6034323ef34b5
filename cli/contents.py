"""`igny8 content`: articles come in from files, and what there is."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

content = typer.Typer(no_args_is_help=True, help="The articles we publish.")


class Status(StrEnum):
    """`models.ContentStatus`, without the weight of the models: `igny8 --help` must be quick."""

    DRAFT = "draft"
    REVIEW = "review"
    APPROVED = "approved"


StatusOption = Annotated[Status | None, typer.Option(help="What our people think of it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(content, name="content")


@content.command("import")
def import_content(
    path: Annotated[Path, typer.Argument(help="A file, or a folder with its subfolders.")],
    site: Annotated[str, typer.Option(help="The site they are for: its id or URL.")],
    status: StatusOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing, only say.")] = False,
) -> None:
    """Take in articles (Markdown, HTML, JSON lines) with the pictures beside them.

    Importing again changes only what has changed. Without --status an article has the status
    that it names itself, keeps the one it had, or is a draft.
    """
    from cli.content_import import Import, run_import

    run_import(Import(path, site, status.value if status else None, dry_run))


@content.command("list")
def list_contents(
    site: Annotated[str | None, typer.Option(help="Its id or URL.")] = None,
    status: StatusOption = None,
    after: Annotated[int, typer.Option(min=0, help="Go on behind this id.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 100,
) -> None:
    """Show contents by their ids; `next` is what --after takes to see the rest."""
    from cli.content_list import list_contents

    list_contents(site, status.value if status else None, after, limit)
