"""`igny8 schedule`: when contents go out by themselves, as a site's settings want it."""

from typing import Annotated

import typer

from cli.schedule_entries import register_entries

MOST_DAYS = 90


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(help="What goes out by itself, and when.", no_args_is_help=True)
    commands.command("plan")(plan)
    commands.command("settings")(settings)
    register_entries(commands)
    app.add_typer(commands, name="schedule")


Site = Annotated[str, typer.Argument(metavar="SITE", help="Its id or URL.")]


def plan(
    site: Site,
    days: Annotated[
        int, typer.Option(min=1, max=MOST_DAYS, help="How far to look ahead and back.")
    ] = 30,
) -> None:
    """Plan a site now, and show the plan beside what happened."""
    from cli.schedule_commands import show_plan

    show_plan(site, days)


def settings(  # noqa: PLR0913, PLR0917 - a command's options
    site: Site,
    auto_publish: Annotated[
        bool | None, typer.Option(help="Whether approved contents go out by themselves.")
    ] = None,
    auto_approval: Annotated[
        bool | None, typer.Option(help="Whether contents in review count as approved.")
    ] = None,
    daily_limit: Annotated[int | None, typer.Option(help="At most so many a day.")] = None,
    weekly_limit: Annotated[int | None, typer.Option(help="A week, from Monday on.")] = None,
    monthly_limit: Annotated[int | None, typer.Option(help="A calendar month.")] = None,
    days: Annotated[str | None, typer.Option(help="Like mon,wed,fri.")] = None,
    window: Annotated[
        list[str] | None, typer.Option(help="Like 09:00-17:00; may be given again.")
    ] = None,
    blackout: Annotated[
        list[str] | None,
        typer.Option(help="Like 2026-12-24 or 2026-12-24/2026-12-31, again; `none` for none."),
    ] = None,
    gap: Annotated[int | None, typer.Option(help="Minutes between two.")] = None,
    jitter: Annotated[int | None, typer.Option(help="Up to so many minutes later.")] = None,
    order: Annotated[str | None, typer.Option(help="oldest_approved or priority.")] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Like Europe/Berlin or +05:30; `wordpress`: as it tells.")
    ] = None,
) -> None:
    """Show when and how much a site gets by itself; with options, change that."""
    from cli.schedule_settings import change_settings

    change_settings(
        site,
        {
            "auto_publish_enabled": auto_publish,
            "auto_approval_enabled": auto_approval,
            "daily_publish_limit": daily_limit,
            "weekly_publish_limit": weekly_limit,
            "monthly_publish_limit": monthly_limit,
            "publish_days": days,
            "publish_time_slots": window,
            "blackout_dates": blackout,
            "minimum_gap_minutes": gap,
            "jitter_minutes": jitter,
            "publish_order": order,
            "time_zone": time_zone,
        },
    )
