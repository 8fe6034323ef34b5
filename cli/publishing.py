"""`igny8 publish`, `igny8 status`, `igny8 events`: contents on their way, and how it goes."""

from enum import StrEnum
from typing import Annotated

import typer

from cli.exits import CommandError, Exit

SiteOption = Annotated[str | None, typer.Option(help="Its id or URL.")]
AccountOption = Annotated[str | None, typer.Option(help="Only its sites: a name, or an id.")]
ProblemOption = Annotated[
    bool, typer.Option("--problem", help="Only what is not well, or where nothing goes out.")
]
AfterOption = Annotated[int, typer.Option(min=0, help="Go on behind this id.")]
LimitOption = Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("publish")(publish)
    app.command("status")(status)
    app.command("events")(events)


def publish(  # noqa: PLR0913, PLR0917 - a command's options
    site: Annotated[str, typer.Option(help="Its id or URL.")],
    ids: Annotated[list[int] | None, typer.Argument(help="Contents, by their ids.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All contents of the site.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until all are finished.")] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to stay at most.")] = 600.0,
    draft: Annotated[bool, typer.Option("--draft", help="As drafts on the site.")] = False,
    restore: Annotated[
        bool, typer.Option("--restore", help="Bring back what was trashed on the site.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Also what has not changed.")] = False,
    override_status: Annotated[
        bool, typer.Option("--override-status", help="Also what is not approved.")
    ] = False,
) -> None:
    """Put contents on a site, each once, however often it is asked for."""
    from cli.bulk_publish import publish_all
    from cli.publish_command import Asked, publish
    from models.publishing.accepting import Wanted

    if bool(ids) == everything:
        raise CommandError("name contents by their ids, or take --all", Exit.USAGE)
    wanted = Wanted("draft" if draft else "publish", restore=restore, force=force)
    if everything:
        publish_all(site, wanted, any_status=override_status, wait=wait, timeout=timeout)
    else:
        publish(Asked(site, ids or [], wanted, override_status, wait, timeout))


def status(  # noqa: PLR0913, PLR0917 - a command's options
    site: SiteOption = None,
    content: Annotated[int | None, typer.Option(help="Tell this content's whole story.")] = None,
    account: AccountOption = None,
    problem: ProblemOption = False,
    after: AfterOption = 0,
    limit: LimitOption = 1000,
) -> None:
    """Show sites' publications by state, and what holds them up; `next` is what --after takes."""
    from cli.overview import status, tell
    from cli.site_pages import Asked

    if content is not None:
        tell(content)
    else:
        status(Asked(site, account, problem, after, limit))


class EventStatus(StrEnum):
    """`models.EventStatus`, without the weight of the models: `igny8 --help` must be quick."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"


def events(
    site: SiteOption = None,
    action: Annotated[
        str | None, typer.Option(help="Only these: slot_missed, plugin_outdated and others.")
    ] = None,
    status: Annotated[EventStatus | None, typer.Option(help="Only what ended so.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what comes.")] = False,
) -> None:
    """Show what happened last, the newest at the end."""
    from cli.event_list import Chosen, events

    events(Chosen(site, action, status and status.value), limit, follow=follow)
