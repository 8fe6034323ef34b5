"""A publish by hand of a content that waits in the schedule: its entry has got what it was for."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.clock import now
from models.content import Content
from models.integration import Integration
from models.publication import WITHOUT_EFFECT, Publication
from models.schedule_entry import EntryState, ScheduleEntry

BY_HAND = "by_hand"


def take_by_hand(session: Session, content: Content, integration: Integration) -> int | None:
    """Take the entry that waits for this publish, before its publication's row is locked."""
    entry = ScheduleEntry
    waits = entry.state.in_([EntryState.WAITING, EntryState.HELD])
    missed = sa.and_(
        entry.state == EntryState.TAKEN, sa.or_(entry.slot_at.is_(None), entry.slot_at > now())
    )
    # Its slot let nothing out: this publish counts for the day on which it is wanted.
    ended = sa.exists().where(Publication.id == entry.publication_id, WITHOUT_EFFECT)
    in_vain = sa.and_(entry.state == EntryState.TAKEN, ended)
    return session.scalar(
        sa.update(entry)
        .where(
            entry.content_id == content.id,
            entry.integration_id == integration.id,
            sa.or_(waits, missed, in_vain),
        )
        .values(
            state=EntryState.TAKEN,
            slot_at=now(),
            slot_until=None,
            taken_at=now(),
            reason=BY_HAND,
        )
        .returning(entry.id)
        .execution_options(synchronize_session=False)
    )


def link_entry(session: Session, entry_id: int, publication: Publication) -> None:
    """Note which publish an entry has become."""
    session.execute(
        sa.update(ScheduleEntry)
        .where(ScheduleEntry.id == entry_id)
        .values(publication_id=publication.id)
        .execution_options(synchronize_session=False)
    )
