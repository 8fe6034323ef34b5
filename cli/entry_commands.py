"""What `igny8 schedule set`, `move`, `cancel`, `hold` and `release` do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cli.bell import wake_planner
from cli.exits import CommandError, Exit
from cli.finding import NotFound, find_integration, names_of, refuse_switched_off
from cli.output import output
from models import Content, ContentStatus, EntryState, Integration, ScheduleEntry
from models.schedule import by_hand
from models.session import session_scope
from pipeline.schedule.moments import BadMoment, moment_of
from pipeline.schedule.reasons import WORDS
from tasks.schedule.exact_times import chosen_time, exceeded_limits

FIELDS = ("id", "content_id", "site_id", "state", "exact", "slot_at", "slot_until", "reason")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which content, and when it shall go out."""

    content: int
    site: str | None
    at: str | None = None
    priority: int | None = None


def set_entry(asked: Asked, *, draft: bool, override_status: bool) -> None:
    """Put a content into the schedule, or give its entry another wish."""
    with _expected(), session_scope() as session:
        content, integration = _found(session, asked.content, asked.site)
        if content.status is not ContentStatus.APPROVED and not override_status:
            raise CommandError(
                f"content {content.id} is {content.status.value}; --override-status takes it too",
                Exit.BAD_INPUT,
            )
        at, notes = _time(session, asked.at)
        status = "draft" if draft else "publish"
        wish = by_hand.Wish(at, asked.priority or 0, status, override_status)
        entry = by_hand.schedule_by_hand(session, content, integration, wish)
        told = _told(session, entry, notes)
    _say(told)


def move(asked: Asked, *, planned: bool) -> None:
    """Give an entry another time or priority; ``planned``: the planner finds the time."""
    with _expected(), session_scope() as session:
        entry = _entry(session, asked.content, asked.site)
        at, notes = _time(session, asked.at)
        changes: dict[str, Any] = {"at": at} if planned or at is not None else {}
        if asked.priority is not None:
            changes["priority"] = asked.priority
        by_hand.move(session, entry, changes)
        told = _told(session, entry, notes)
    _say(told)


def change_entry(
    content_id: int, site: str | None, change: Literal["withdraw", "hold", "release"]
) -> None:
    """Withdraw, hold or release a content's entry."""
    with _expected(), session_scope() as session:
        entry = _entry(session, content_id, site)
        getattr(by_hand, change)(session, entry)
        told = _told(session, entry, [])
    _say(told)


@contextmanager
def _expected() -> Iterator[None]:
    try:
        yield
    except by_hand.OnItsWay:
        raise CommandError("its publish has begun: wait for its end") from None
    except by_hand.NotInSchedule:
        raise NotFound("it is not in the schedule of that site") from None


def _named(
    session: Session, content_id: int, site: str | None
) -> tuple[Content, Integration | None]:
    content = session.get(Content, content_id)
    if content is None:
        raise NotFound(f"there is no content {content_id}; `igny8 content list` shows them all")
    named = find_integration(session, site) if site else None
    if named is not None and named.account_id != content.account_id:
        raise NotFound(f"content {content_id} is of another account than that site")
    return content, named


def _found(session: Session, content_id: int, site: str | None) -> tuple[Content, Integration]:
    content, named = _named(session, content_id, site)
    query = sa.select(Integration).filter_by(site_id=content.site_id, is_active=True)
    active = [named] if named else list(session.scalars(query.order_by(Integration.id)))
    if len(active) != 1 or not active[0].is_active:
        words = "the site has no active connection, or several: name one by --site"
        raise CommandError(words, Exit.BAD_INPUT)
    refuse_switched_off(active[0])
    return content, active[0]


def _entry(session: Session, content_id: int, site: str | None) -> ScheduleEntry:
    """Return the entry that is meant, wherever it is: what is switched off keeps its entries."""
    content, named = _named(session, content_id, site)
    query = sa.select(ScheduleEntry).where(
        ScheduleEntry.content_id == content.id, ScheduleEntry.state != EntryState.WITHDRAWN
    )
    if named is not None:
        query = query.filter_by(site_id=named.site_id)
    found = session.scalars(query.order_by(ScheduleEntry.site_id)).all()
    if len(found) > 1:
        sites = " or ".join(f"--site {entry.site_id}" for entry in found)
        words = f"it is in the schedule of several sites: say which by {sites}"
        raise CommandError(words, Exit.BAD_INPUT)
    if not found:
        raise by_hand.NotInSchedule
    return by_hand.entry_to_change(session, content.id, found[0].integration_id)


def _time(session: Session, written: str | None) -> tuple[datetime | None, list[str]]:
    try:
        return chosen_time(session, moment_of(written) if written else None)
    except BadMoment as error:
        raise CommandError(f"--at: {error}", Exit.BAD_INPUT) from None


def _told(session: Session, entry: ScheduleEntry, notes: list[str]) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in FIELDS} | {"state": entry.state.value}
    values |= names_of(session.get_one(Integration, entry.integration_id))
    return values | {"notes": notes, "warnings": exceeded_limits(session, entry)}


def _say(told: dict[str, Any]) -> None:
    planned = wake_planner()
    when = told["slot_at"] or WORDS.get(told["reason"], told["reason"])
    output().line(f"content {told['content_id']}: {told['state']}, {when}")
    for words in (*told["notes"], *told["warnings"]):
        output().note(words)
    if not planned:
        output().note("the broker is away: it is planned when the broker is back")
    output().result(told | {"broker_reachable": planned})
