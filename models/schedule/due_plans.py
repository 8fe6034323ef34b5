"""Which sites want a plan: what the planner's ticks look for."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.clock import now, now_plus
from models.integration import Integration
from models.publication import Publication
from models.publishing_settings import PublishingSettings
from models.schedule.planning import HAS_MISSED, IS_WAITING
from models.schedule_entry import ScheduleEntry

DAY = 24 * 3600.0


def ask_for_daily(session: Session) -> int:
    """Ask for a plan of every site whose newest is a day old, because its horizon moves.

    Of those that have something to plan: what waits, and what was accepted and missed its window.
    """
    waits = sa.exists().where(IS_WAITING, ScheduleEntry.site_id == PublishingSettings.site_id)
    missed = sa.exists().where(
        HAS_MISSED,
        ScheduleEntry.publication_id == Publication.id,
        ScheduleEntry.integration_id == Integration.id,
        Integration.site_id == PublishingSettings.site_id,
    )
    asked = session.execute(
        sa.update(PublishingSettings)
        .where(
            PublishingSettings.plan_due.is_(False),
            PublishingSettings.planned_at <= now_plus(-DAY),
            sa.or_(waits, missed),
        )
        .values(plan_due=True)
        .execution_options(synchronize_session=False)
    )
    return int(asked.rowcount)  # type: ignore[attr-defined]


def sites_to_plan(session: Session, limit: int) -> list[int]:
    """Return sites that want a plan, the one with the oldest first, made or tried."""
    query = (
        sa.select(PublishingSettings.site_id)
        .where(PublishingSettings.plan_due == sa.true())
        .order_by(PublishingSettings.planned_at.asc().nulls_first(), PublishingSettings.site_id)
        .limit(limit)
    )
    return list(session.scalars(query))


def note_failed_plan(session: Session, site_id: int) -> None:
    """Put a site that could not be planned behind those that wait; it still wants its plan.

    Whoever holds its row meanwhile is not waited for.
    """
    row = sa.select(PublishingSettings.site_id).where(PublishingSettings.site_id == site_id)
    session.execute(
        sa.update(PublishingSettings)
        .where(PublishingSettings.site_id.in_(row.with_for_update(skip_locked=True)))
        .values(planned_at=now())
        .execution_options(synchronize_session=False)
    )
