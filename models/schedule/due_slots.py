"""The slots that have come: which entries go out now, fairly for all accounts."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from models.clock import now, now_plus
from models.content import Content
from models.integration import Integration
from models.publishing.accepting import Wanted, accept_publish
from models.publishing_settings import PublishingSettings
from models.schedule.planning import IS_WAITING, LATE_AFTER, PUBLISHABLE
from models.schedule_entry import EntrySource, EntryState, ScheduleEntry
from models.sites.standing import IN_SERVICE, MAY_POST, STRUGGLES, has_probe

BY_ITSELF = sa.or_(
    PublishingSettings.auto_publish_enabled, ScheduleEntry.source == EntrySource.PERSON
)


def has_come() -> sa.Subquery:
    """Return the ids of the waiting entries whose slot has come.

    Two halves, each with a range that one index answers: asked for all that is past, PostgreSQL
    expects most of the table, which was published long ago, and reads every waiting row.
    """
    entry = ScheduleEntry
    planned = sa.select(entry.id).where(
        IS_WAITING,
        entry.exact.is_(False),
        entry.slot_at <= now(),
        # Later than that it is planned anew: what stood still must not go out in a burst.
        entry.slot_at > now_plus(-LATE_AFTER),
        sa.or_(entry.slot_until.is_(None), entry.slot_until > now()),
    )
    exact = sa.select(entry.id).where(IS_WAITING, entry.exact, entry.slot_at <= now())
    return sa.union_all(planned, exact).subquery("has_come")


def lock_due(session: Session, limit: int) -> list[tuple[ScheduleEntry, PublishingSettings]]:
    """Return up to ``limit`` entries whose slot has come, with their sites' settings; both locked.

    Round the accounts, and in each the longest due. What another tick has locked is left out. A
    site that struggles gets one, and only while nothing else shows whether it is well again: all
    that it was late for would go out at once when it is.
    """
    turns = _turns()
    order = (turns.c.turn, turns.c.slot_at, turns.c.id)
    goes = sa.or_(~turns.c.struggles, turns.c.of_site == 1)
    chosen = sa.select(turns.c.id).where(goes).order_by(*order).limit(limit)
    query = (
        sa.select(ScheduleEntry, PublishingSettings)
        .join(PublishingSettings, PublishingSettings.site_id == ScheduleEntry.site_id)
        .where(ScheduleEntry.id.in_(chosen), IS_WAITING, ScheduleEntry.slot_at <= now())
        .order_by(ScheduleEntry.slot_at, ScheduleEntry.id)
        .options(
            joinedload(ScheduleEntry.content, innerjoin=True),
            # A key that can't be read must not stop the others.
            joinedload(ScheduleEntry.integration, innerjoin=True).defer(Integration.credentials),
        )
        .with_for_update(skip_locked=True, of=[ScheduleEntry, PublishingSettings])
        .execution_options(populate_existing=True)
    )
    due = [(row[0], row[1]) for row in session.execute(query)]
    publishable = _lock_publishable(session, [entry.id for entry, _ in due])
    return [(entry, settings) for entry, settings in due if entry.id in publishable]


def _lock_publishable(session: Session, ids: Collection[int]) -> set[int]:
    """Return which of these entries may go out, their contents locked against changes.

    What somebody is changing at this moment waits for the next tick: by then it is approved, with
    its new text, or it is not.
    """
    query = (
        sa.select(ScheduleEntry.id)
        .join(Content, Content.id == ScheduleEntry.content_id)
        .where(ScheduleEntry.id.in_(ids), PUBLISHABLE)
        .order_by(Content.id)
        .with_for_update(read=True, skip_locked=True, of=Content)
    )
    return set(session.scalars(query))


def _turns() -> sa.Subquery:
    order = (ScheduleEntry.slot_at, ScheduleEntry.id)
    number = sa.func.row_number()
    turn = number.over(partition_by=ScheduleEntry.account_id, order_by=order)
    of_site = number.over(partition_by=ScheduleEntry.integration_id, order_by=order)
    # What a person has timed exactly is waited for by nobody else, and never missed.
    struggles = sa.and_(STRUGGLES, ScheduleEntry.exact.is_(False))
    come = has_come()
    return (
        sa.select(
            ScheduleEntry.id,
            ScheduleEntry.slot_at,
            turn.label("turn"),
            of_site.label("of_site"),
            struggles.label("struggles"),
        )
        .join(come, come.c.id == ScheduleEntry.id)
        .join(PublishingSettings, PublishingSettings.site_id == ScheduleEntry.site_id)
        .join(Integration, Integration.id == ScheduleEntry.integration_id)
        .join(Content, Content.id == ScheduleEntry.content_id)
        .where(PUBLISHABLE, BY_ITSELF, IN_SERVICE)
        .where(sa.or_(ScheduleEntry.exact, sa.and_(MAY_POST, ~sa.and_(STRUGGLES, has_probe()))))
        .subquery("turns")
    )


def take(session: Session, entry: ScheduleEntry) -> None:
    """Accept the publish of a locked entry: the newest text, for the rest of its window."""
    entry.state, entry.taken_at = EntryState.TAKEN, now()
    session.flush()
    wanted = Wanted(post_status=entry.post_status, until=entry.slot_until, scheduled=True)
    accepted = accept_publish(session, entry.content, entry.integration, wanted)
    entry.publication_id = accepted.publication.id


def refuse(entry: ScheduleEntry, reason: str) -> None:
    """Take the slot of a locked entry away; the next plan finds it another one."""
    entry.slot_at = entry.slot_until = None
    entry.reason = reason
