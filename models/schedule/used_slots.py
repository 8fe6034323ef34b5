"""What counts for a site's caps: each publication once, at its slot, else when it was accepted."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.publication import WITHOUT_EFFECT, Publication
from models.schedule_entry import EntryState, ScheduleEntry


def used_slots(
    session: Session,
    integration_id: int,
    since: datetime,
    queue: Collection[int] | None = None,
) -> list[datetime]:
    """Return what counts on an integration from ``since`` on, also what is fixed for later.

    Without a ``queue`` these are the slots that were taken and those that people have chosen.
    With it, those of all other waiting entries, too: somebody may be taking one just now.
    """
    entries = (
        sa.select(ScheduleEntry.id, ScheduleEntry.slot_at)
        .outerjoin(Publication, Publication.id == ScheduleEntry.publication_id)
        .where(
            ScheduleEntry.integration_id == integration_id,
            ScheduleEntry.slot_at >= since,
            ScheduleEntry.state.in_([EntryState.WAITING, EntryState.TAKEN]),
            sa.or_(Publication.id.is_(None), ~WITHOUT_EFFECT),
        )
    )
    if queue is None:
        is_fixed = sa.or_(ScheduleEntry.exact, ScheduleEntry.state == EntryState.TAKEN)
        entries = entries.where(is_fixed)
    has_entry = sa.exists().where(
        ScheduleEntry.publication_id == Publication.id,
        ScheduleEntry.state == EntryState.TAKEN,
    )
    others = sa.select(Publication.created_at).where(
        Publication.integration_id == integration_id,
        Publication.created_at >= since,
        ~WITHOUT_EFFECT,
        ~has_entry,
    )
    planned = frozenset(queue or ())
    found = session.execute(entries)
    scheduled = [at for id_, at in found if at is not None and id_ not in planned]
    return scheduled + list(session.scalars(others))
