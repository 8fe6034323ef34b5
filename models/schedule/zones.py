"""The time zone of a site's schedule: what its WordPress tells, unless a person has chosen one."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.capability import Capability
from models.integration import Integration
from models.publishing_settings import PublishingSettings
from models.schedule.recalled_slots import recall_accepted
from models.site_run import IS_OPEN, SiteRun, SiteRunKind


def zone_told(session: Session, site_id: int) -> tuple[str | None, float | None]:
    """Return `timezone_string` and `gmt_offset` as a site's newest probe found them."""
    query = (
        sa.select(Capability.timezone, Capability.gmt_offset)
        .join(Integration, Integration.id == Capability.integration_id)
        .where(Integration.site_id == site_id)
        .order_by(Capability.observed_at.desc())
    )
    found = session.execute(query.limit(1)).first()
    return (found[0], found[1]) if found else (None, None)


def take_zone(session: Session, site_id: int, zone: str) -> bool:
    """Keep the zone that WordPress tells, and plan by it; a person's choice stays."""
    taken = session.execute(
        sa.update(PublishingSettings)
        .where(
            PublishingSettings.site_id == site_id,
            PublishingSettings.time_zone_source != "person",
            sa.or_(
                PublishingSettings.time_zone != zone,
                PublishingSettings.time_zone_source != "wordpress",
            ),
        )
        .values(time_zone=zone, time_zone_source="wordpress", plan_due=True)
        .execution_options(synchronize_session="fetch")
    )
    if taken.rowcount:  # type: ignore[attr-defined]
        recall_accepted(session, site_id)
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def zone_is_awaited(session: Session, settings: PublishingSettings) -> bool:
    """Return whether a site has told no zone so far, and a test that will hear it has not ended."""
    if settings.time_zone_source != "default":
        return False
    query = (
        sa.select(SiteRun.id)
        .join(Integration, Integration.id == SiteRun.integration_id)
        .where(
            Integration.site_id == settings.site_id,
            SiteRun.kind == SiteRunKind.CONNECTION_TEST,
            IS_OPEN,
        )
    )
    return session.scalar(query.limit(1)) is not None
