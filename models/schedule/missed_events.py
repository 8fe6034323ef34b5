"""A slot that passed without its publish is told to people, once for each time."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.history import EventStatus, SyncEvent
from models.schedule_entry import ScheduleEntry

DESCRIPTION = "The slot passed without its publish; it gets another one"


def tell_missed(session: Session, entry_ids: Collection[int]) -> None:
    """Write the event of each entry's miss. Called only by who has counted it, so it is told once.

    It has no direction: nothing was sent, and no site's health is judged by it.
    """
    query = sa.select(
        ScheduleEntry.account_id,
        ScheduleEntry.site_id,
        ScheduleEntry.integration_id,
        ScheduleEntry.content_id,
        ScheduleEntry.missed,
    ).where(ScheduleEntry.id.in_(list(entry_ids)))
    events = [_event(row) for row in session.execute(query)]
    if events:
        session.execute(sa.insert(SyncEvent).values(direction=sa.null()), events)


def _event(row: sa.Row[int, int, int, int, int]) -> dict[str, object]:
    return {
        "account_id": row.account_id,
        "site_id": row.site_id,
        "integration_id": row.integration_id,
        "event_type": "publish",
        "action": "slot_missed",
        "status": EventStatus.SKIPPED,
        "description": DESCRIPTION,
        "content_id": row.content_id,
        "details": {"missed": row.missed},
    }
