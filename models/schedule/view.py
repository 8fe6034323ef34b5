"""A site's schedule as people look at it: what is to come, and what became of what has come."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, defer, joinedload

from models.integration import Integration
from models.schedule_entry import EntryState, ScheduleEntry

MOST_SHOWN = 1000
"""Entries of each kind; the counts say how many there are."""

_QUEUED = (EntryState.WAITING, EntryState.HELD)


def integrations_of(session: Session, site_id: int) -> list[Integration]:
    """Return a site's integrations, without what is secret of them."""
    query = sa.select(Integration).filter_by(site_id=site_id).order_by(Integration.id)
    return list(session.scalars(query.options(defer(Integration.credentials))))


def to_come(
    session: Session, integration_ids: Collection[int], until: datetime
) -> list[ScheduleEntry]:
    """Return what waits or is held, up to a time, the next one first; at the end what has no slot.

    They have their contents.
    """
    query = (
        sa.select(ScheduleEntry)
        .where(
            ScheduleEntry.integration_id.in_(integration_ids),
            ScheduleEntry.state.in_(_QUEUED),
            sa.or_(ScheduleEntry.slot_at.is_(None), ScheduleEntry.slot_at < until),
        )
        .order_by(
            ScheduleEntry.slot_at.asc().nulls_last(),
            ScheduleEntry.approved_at,
            ScheduleEntry.id,
        )
        .options(joinedload(ScheduleEntry.content, innerjoin=True))
        .limit(MOST_SHOWN)
    )
    return list(session.scalars(query))


def happened(
    session: Session, integration_ids: Collection[int], since: datetime
) -> list[ScheduleEntry]:
    """Return what was taken since a time, the newest first, with contents and publications."""
    query = (
        sa.select(ScheduleEntry)
        .where(
            ScheduleEntry.integration_id.in_(integration_ids),
            ScheduleEntry.state == EntryState.TAKEN,
            sa.or_(ScheduleEntry.slot_at.is_(None), ScheduleEntry.slot_at >= since),
        )
        .order_by(ScheduleEntry.slot_at.desc().nulls_first(), ScheduleEntry.id.desc())
        .options(
            joinedload(ScheduleEntry.content, innerjoin=True),
            joinedload(ScheduleEntry.publication),
        )
        .limit(MOST_SHOWN)
    )
    return list(session.scalars(query))


def count_entries(session: Session, integration_ids: Collection[int]) -> dict[str, int]:
    """Return how many entries are in each state."""
    query = (
        sa.select(ScheduleEntry.state, sa.func.count())
        .where(ScheduleEntry.integration_id.in_(integration_ids))
        .group_by(ScheduleEntry.state)
    )
    found = {state.value: number for state, number in session.execute(query)}
    return {state.value: found.get(state.value, 0) for state in EntryState}
