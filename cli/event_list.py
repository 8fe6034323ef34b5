"""What `igny8 events` shows: what has happened, the newest at the end."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cli.finding import WHERE_IT_IS, find_integration
from cli.interrupts import held_back
from cli.output import output
from cli.standing import event_values
from models import EventStatus, Site, SyncEvent
from models.session import session_scope

PAUSE = 1.0
"""Seconds between two looks for new events."""

OVERLAP = 200
"""Ids to look at again: a lower one may be committed after a higher one."""

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which events are meant; None: whichever."""

    site: str | None
    action: str | None
    status: str | None


def events(chosen: Chosen, limit: int, *, follow: bool) -> None:
    """Show what happened last, the newest at the end."""
    with session_scope(read_only=True) as session:
        query = _query(session, chosen)
        newest = session.execute(query.order_by(SyncEvent.id.desc()).limit(limit))
        rows = [_values(event, url) for event, url in reversed(newest.all())]
    if not follow:
        for row in rows:
            output().line(event_line(row))
        output().result({"events": rows})
        return
    _follow(rows, query)


def _query(session: Session, chosen: Chosen) -> sa.Select[SyncEvent, str]:
    query = sa.select(SyncEvent, WHERE_IT_IS).join(Site, Site.id == SyncEvent.site_id)
    if chosen.site is not None:
        query = query.where(SyncEvent.site_id == find_integration(session, chosen.site).site_id)
    if chosen.action is not None:
        query = query.where(SyncEvent.action == chosen.action)
    if chosen.status is not None:
        query = query.where(SyncEvent.status == EventStatus(chosen.status))
    return query


def _values(event: SyncEvent, url: str) -> Values:
    return event_values(event) | {"site": url, "site_id": event.site_id, "url": url}


def _follow(rows: list[Values], query: sa.Select[SyncEvent, str]) -> None:
    """Print events as they come; under --json one object a line."""
    seen: set[int] = set()
    before = rows[0]["id"] - 1 if rows else 0
    last = before
    with held_back() as pause:
        while True:
            for row in rows:
                if row["id"] not in seen:
                    output().line(event_line(row))
                    output().result(row)
            seen = {number for number in seen if number > last - OVERLAP}
            seen.update(row["id"] for row in rows)
            last = max(seen, default=last)
            pause(PAUSE)
            rows = _after(query, max(before, last - OVERLAP))


def _after(query: sa.Select[SyncEvent, str], event_id: int) -> list[Values]:
    query = query.where(SyncEvent.id > event_id).order_by(SyncEvent.id).limit(1000)
    with session_scope(read_only=True) as session:
        return [_values(event, url) for event, url in session.execute(query)]


def event_line(event: Values) -> str:
    """Return an event as a line for people."""
    about = f" content {event['content_id']}" if event["content_id"] else ""
    why = f": {event['error_message']}" if event["error_message"] else ""
    where = f" {event['site']}" if "site" in event else ""
    what = f"{event['status']} {event['action']}"
    return f"{event['at']} {what}{where}{about} {event['description']}{why}"
