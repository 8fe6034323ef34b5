"""What is left of an integration that is removed: its queue, for the one that comes after it."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.content import Content
from models.publication import Publication, PublicationState
from models.schedule.missed_slots import NOT_APPROVED
from models.schedule_entry import EntryState, ScheduleEntry

_UNSENT = sa.and_(
    Publication.external_id.is_(None),
    Publication.state.in_([PublicationState.QUEUED, PublicationState.FAILED]),
    Publication.unclear.is_(False),
)


def sweep_again(session: Session, integration_id: int) -> None:
    """Let the sweep see anew to what waited in the schedule of an integration, before its end.

    Not to what people have withdrawn, held back, or timed exactly: by itself none of it may go,
    and none of it at another time.
    """
    entry = ScheduleEntry
    waits = sa.or_(
        entry.state == EntryState.WAITING,
        sa.and_(entry.state == EntryState.HELD, entry.reason == NOT_APPROVED),
        sa.and_(entry.state == EntryState.TAKEN, _UNSENT),
    )
    queue = (
        sa.select(entry.content_id)
        .outerjoin(Publication, Publication.id == entry.publication_id)
        .where(entry.integration_id == integration_id, entry.exact.is_(False), waits)
    )
    session.execute(
        sa.update(Content)
        .where(Content.id.in_(queue))
        .values(swept=False)
        .execution_options(synchronize_session=False)
    )
