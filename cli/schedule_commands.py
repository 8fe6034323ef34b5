"""What `igny8 schedule plan` does: plan a site, and show the plan beside what happened."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cli.finding import find_integration, names_of
from cli.output import output
from ingress.schedule.view_fields import schedule_answer
from models.session import session_scope
from tasks.schedule.site_planning import plan_site
from tasks.schedule.view import view_schedule
from tasks.sites.settings import settings_in_zone

Row = Mapping[str, Any]


def show_plan(site: str, days: int) -> None:
    """Plan a site now and print what came of it, by its own clock."""
    with session_scope() as session:
        integration = find_integration(session, site)
        found = integration.site
        settings = settings_in_zone(session, found)
        plan_site(session, found.id)
        session.refresh(settings)
        plan = schedule_answer(view_schedule(session, found, settings, days))
        values = plan | names_of(integration)
    output().line(f"{values['url']}: {_queue(values)}; times of {values['time_zone']}")
    for caps in values["caps"]:
        output().line(f"integration {caps['site_integration_id']}: {_caps(caps)}")
    _show_happened(values["happened"])
    _show_planned(values["planned"])
    for warning in values["warnings"]:
        output().note(f"warning: {warning}")
    output().result(values)


def _queue(values: Row) -> str:
    counts = values["counts"]
    return f"{counts['waiting']} waiting, {counts['held']} held, {counts['taken']} taken"


def _caps(caps: Row) -> str:
    return ", ".join(
        f"{caps[period]['used']} of {caps[period]['limit']} this {period}"
        for period in ("day", "week", "month")
    )


def _show_happened(rows: list[Row]) -> None:
    if not rows:
        return
    output().line("Happened:")
    output().table(
        ("slot", "content", "title", "state", "published", "where"),
        [
            (
                _clock(row["local_at"]),
                row["content_id"],
                row["title"],
                row["publication_state"],
                _clock(row["published_at"], like=row["local_at"]),
                row["external_url"] or row["failure"],
            )
            for row in reversed(rows)
        ],
    )


def _show_planned(rows: list[Row]) -> None:
    output().line("Planned:" if rows else "Nothing is planned.")
    if rows:
        output().table(
            ("slot", "content", "title", "state", "why"),
            [
                (
                    _clock(row["local_at"]) or "none",
                    row["content_id"],
                    row["title"],
                    row["state"],
                    row["reason_words"],
                )
                for row in rows
            ],
        )


def _clock(written: str | None, like: str | None = None) -> str | None:
    """Return a time for people; in the zone of ``like`` where that is given."""
    if not written:
        return None
    moment = datetime.fromisoformat(written)
    if like:
        moment = moment.astimezone(datetime.fromisoformat(like).tzinfo)
    return moment.strftime("%a %Y-%m-%d %H:%M %z")
