"""Slots that a change of the calendar took away: what was accepted for one waits for another."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.clock import now
from models.integration import Integration
from models.publication import WAITS, Publication
from models.schedule_entry import EntryState, ScheduleEntry


def recall_accepted(session: Session, site_id: int) -> int:
    """Have what was accepted for a slot of a site and has not begun planned anew; return how many.

    The caller holds the site's settings and asks for the plan. Until that is made nothing of it is
    sent: its window counts as closed. What may be out already keeps its slot, until the site was
    asked about it: what is not out has missed that one.
    """
    entry = ScheduleEntry
    integrations = sa.select(Integration.id).where(Integration.site_id == site_id)
    found = session.execute(
        sa.select(entry.id, Publication.id, Publication.unclear)
        .join(Publication, Publication.id == entry.publication_id)
        .where(
            Publication.integration_id.in_(integrations),
            Publication.state.in_(WAITS),
            Publication.publish_until.is_not(None),
            entry.state == EntryState.TAKEN,
            entry.exact.is_(False),
        )
        .with_for_update(skip_locked=True, of=(entry, Publication))
    ).all()
    session.execute(
        sa.update(entry)
        .where(entry.id.in_([row[0] for row in found if not row.unclear]))
        .values(slot_at=None, slot_until=None, reason="not_planned")
        .execution_options(synchronize_session=False)
    )
    session.execute(
        sa.update(entry)
        .where(entry.id.in_([row[0] for row in found if row.unclear]))
        .values(slot_until=now())
        .execution_options(synchronize_session=False)
    )
    session.execute(
        sa.update(Publication)
        .where(Publication.id.in_([row[1] for row in found]), Publication.state.in_(WAITS))
        .values(publish_until=now())
        .execution_options(synchronize_session=False)
    )
    return len(found)
