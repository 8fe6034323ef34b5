"""`igny8 bulk`: jobs that publish many contents."""

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(help="Jobs that publish many contents.", no_args_is_help=True)
    commands.command("list")(list_jobs)
    commands.command("show")(show)
    commands.command("pause")(pause)
    commands.command("resume")(resume)
    commands.command("cancel")(cancel)
    commands.command("retry")(retry)
    app.add_typer(commands, name="bulk")


Job = Annotated[str, typer.Argument(help="Its id, or the beginning of it.")]


def list_jobs(
    count: Annotated[int, typer.Option("-n", min=1, max=1000, help="How many.")] = 20,
) -> None:
    """Show the newest jobs, the newest at the end."""
    from cli.bulk_commands import show_list

    show_list(count)


def show(
    job: Job,
    state: Annotated[
        str | None, typer.Option(help="These items, too: failed, skipped, parked and others.")
    ] = None,
    after: Annotated[int, typer.Option(min=0, help="Go on behind this item.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Items at most.")] = 1000,
) -> None:
    """Show how far a job is, and why what failed or was skipped did not go.

    `next` is what --after takes to see the rest of the items.
    """
    from cli.bulk_commands import show_one

    show_one(job, state, after, limit)


def pause(job: Job) -> None:
    """Accept nothing more of it for now; what was accepted goes on."""
    from cli.bulk_commands import change

    change(job, "pause")


def resume(job: Job) -> None:
    """Go on with a paused job."""
    from cli.bulk_commands import change

    change(job, "resume")


def cancel(job: Job) -> None:
    """Take back what waits; what was accepted goes on."""
    from cli.bulk_commands import change

    change(job, "cancel")


def retry(job: Job) -> None:
    """Try its failed items again."""
    from cli.bulk_commands import retry_items

    retry_items(job)
