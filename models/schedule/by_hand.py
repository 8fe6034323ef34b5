"""What people do with a site's schedule: put a content in, move it, hold it, take it out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.content import Content
from models.integration import Integration
from models.plan_requests import ask_for_plan, ensure_settings
from models.publication import Publication, PublicationState
from models.schedule.missed_slots import NOT_APPROVED
from models.schedule_entry import EntrySource, EntryState, ScheduleEntry

CALLED_OFF = "called_off"
_CALLED_OFF = "it was called off before it began: its entry in the schedule was changed"

ENDED = {PublicationState.PUBLISHED, PublicationState.FAILED, PublicationState.WITHDRAWN}


class OnItsWay(Exception):
    """Its publish has begun: it can't be moved, held or taken back any more."""


class NotInSchedule(Exception):
    """The content has no entry there, or that was withdrawn, or has become a publish that ended."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants of an entry."""

    at: datetime | None = None
    """This moment, whatever the site's windows say; None: the planner finds one."""

    priority: int = 0
    post_status: str = "publish"
    override_status: bool = False


def schedule_by_hand(
    session: Session, content: Content, integration: Integration, wish: Wish
) -> ScheduleEntry:
    """Put a content into the schedule of ``integration``, or give its entry another wish.

    Raises:
        OnItsWay: its publish has begun.
    """
    ensure_settings(session, integration.site)
    ask_for_plan(session, [integration.site_id])
    entry = _ensure(session, content, integration)
    call_off(session, entry, anew=True)
    entry.state, entry.source = EntryState.WAITING, EntrySource.PERSON
    entry.post_status, entry.override_status = wish.post_status, wish.override_status
    _set_time(entry, wish.at)
    entry.priority = wish.priority
    session.flush()
    return entry


def move(session: Session, entry: ScheduleEntry, changes: dict[str, Any]) -> None:
    """Change an entry's time (``at``; None: the planner's choice), or its ``priority``.

    Raises:
        OnItsWay: its publish has begun.
    """
    # What no person holds back is held again by itself while its content is not approved.
    is_held = entry.state is EntryState.HELD and entry.reason != NOT_APPROVED
    call_off(session, entry)
    entry.state = EntryState.HELD if is_held else EntryState.WAITING
    if "at" in changes:
        _set_time(entry, changes["at"])
    elif not entry.exact:
        _set_time(entry, None)
    entry.priority = changes.get("priority", entry.priority)
    session.flush()


def hold(session: Session, entry: ScheduleEntry) -> None:
    """Keep an entry back until it is let go; a planned one gives its slot to the others.

    Raises:
        OnItsWay: its publish has begun.
    """
    call_off(session, entry)
    entry.state = EntryState.HELD
    _give_slot_back(entry, "held")
    session.flush()


def release(session: Session, entry: ScheduleEntry) -> None:
    """Let a held entry go: at its exact time, or at once where that has passed."""
    if entry.state is EntryState.HELD:
        entry.state = EntryState.WAITING
        _give_slot_back(entry, "not_planned")
        session.flush()


def withdraw(session: Session, entry: ScheduleEntry) -> None:
    """Take an entry out of the schedule; no sweep puts it in again.

    Raises:
        OnItsWay: its publish has begun.
    """
    call_off(session, entry)
    entry.state, entry.exact = EntryState.WITHDRAWN, False
    _give_slot_back(entry, "withdrawn")
    session.flush()


def entry_to_change(session: Session, content_id: int, integration_id: int) -> ScheduleEntry:
    """Return an entry, locked, with a new plan asked for.

    Raises:
        NotInSchedule: there is none to change.
    """
    wanted = {"content_id": content_id, "integration_id": integration_id}
    query = sa.select(ScheduleEntry).filter_by(**wanted)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotInSchedule
    ask_for_plan(session, [found.site_id])
    found = _locked(session, found.id)
    if found.state is EntryState.WITHDRAWN or _publication_state(session, found) in ENDED:
        raise NotInSchedule
    return found


def call_off(session: Session, entry: ScheduleEntry, *, anew: bool = False) -> None:
    """Call the accepted publish of a locked entry off, where it has not begun.

    What has come to its end may be put into the schedule again. ``anew``: it is put in, and
    replaces whatever was accepted for its content.

    Raises:
        OnItsWay: a worker has it, or the last request may have been carried out.
    """
    of_it = _publish_of(entry, anew=anew)
    called_off = session.execute(
        sa.update(Publication)
        .where(of_it, Publication.state == PublicationState.QUEUED)
        .values(state=PublicationState.WITHDRAWN, failure_code=CALLED_OFF, failure=_CALLED_OFF)
        .execution_options(synchronize_session=False)
    )
    if called_off.rowcount:  # type: ignore[attr-defined]
        return
    state = session.scalar(sa.select(Publication.state).where(of_it))
    if state is not None and state not in ENDED:
        raise OnItsWay


def _publish_of(entry: ScheduleEntry, *, anew: bool) -> sa.ColumnElement[bool]:
    """Return which publish is that of an entry: one by hand may not have seen that it waits."""
    if entry.state is EntryState.TAKEN:
        return Publication.id == entry.publication_id
    of_its_content = sa.and_(
        Publication.content_id == entry.content_id,
        Publication.integration_id == entry.integration_id,
    )
    # What was on the site before may be on its way because the site has lost it.
    return of_its_content if anew else sa.and_(of_its_content, Publication.external_id.is_(None))


def _publication_state(session: Session, entry: ScheduleEntry) -> PublicationState | None:
    """Return the state of what a taken entry has become; None for one that was not taken."""
    if entry.state is not EntryState.TAKEN:
        return None
    query = sa.select(Publication.state).where(Publication.id == entry.publication_id)
    return session.scalar(query)


def _ensure(session: Session, content: Content, integration: Integration) -> ScheduleEntry:
    wanted = {"content_id": content.id, "integration_id": integration.id}
    query = sa.select(ScheduleEntry.id).filter_by(**wanted)
    found = session.scalar(query)
    if found is None:
        added = ScheduleEntry(
            **wanted,
            account_id=content.account_id,
            site_id=integration.site_id,
            source=EntrySource.PERSON,
        )
        try:
            with session.begin_nested():
                session.add(added)
        except IntegrityError:  # another request was quicker
            pass
        found = session.scalars(query).one()
    return _locked(session, found)


def _locked(session: Session, entry_id: int) -> ScheduleEntry:
    return session.get_one(ScheduleEntry, entry_id, with_for_update=True, populate_existing=True)


def _set_time(entry: ScheduleEntry, at: datetime | None) -> None:
    entry.exact = at is not None
    entry.slot_at, entry.slot_until = at, None
    entry.reason = "not_planned" if at is None else "exact"


def _give_slot_back(entry: ScheduleEntry, reason: str) -> None:
    """An exact time is the person's own, and stays."""
    entry.reason = "exact" if entry.exact and reason == "not_planned" else reason
    if not entry.exact:
        entry.slot_at = entry.slot_until = None
