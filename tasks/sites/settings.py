"""A site's settings, in the zone its WordPress tells until a person chooses one (defect 11)."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Integration, PublishingSettings, Site, SiteRunKind
from models.clock import now
from models.plan_requests import ensure_settings
from models.schedule.recalled_slots import recall_accepted
from models.schedule.zones import take_zone, zone_told
from models.sites.runs import accept_site_run
from pipeline.schedule import zone_from_wordpress


def settings_in_zone(session: Session, site: Site) -> PublishingSettings:
    """Return a site's settings, made where it has none, in the zone that its WordPress tells."""
    settings = ensure_settings(session, site)
    follow_wordpress(session, settings)
    return settings


def write_settings(session: Session, site: Site, values: Mapping[str, Any]) -> PublishingSettings:
    """Write columns of a site's settings and ask for a plan by them; return all that holds then."""
    settings = ensure_settings(session, site)
    moved = any(values.get(name, known) != known for name, known in _calendar(settings))
    session.execute(
        sa.update(PublishingSettings)
        .where(PublishingSettings.site_id == site.id)
        .values(**values, plan_due=True, updated_at=now())
        .execution_options(synchronize_session=False)
    )
    session.refresh(settings)
    if moved:
        recall_accepted(session, site.id)
    follow_wordpress(session, settings)
    if settings.auto_publish_enabled and settings.time_zone_source == "default":
        _ask_for_zone(session, site)
    return settings


def _calendar(settings: PublishingSettings) -> list[tuple[str, object]]:
    """Return what says when a window is open, with its present values."""
    names = ("publish_days", "publish_time_slots", "blackout_dates", "time_zone")
    return [(name, getattr(settings, name)) for name in names]


def _ask_for_zone(session: Session, site: Site) -> None:
    """Have the site tested: what goes out by itself should keep to the hours of its people."""
    query = sa.select(Integration).filter_by(site_id=site.id, is_active=True)
    for integration in session.scalars(query):
        accept_site_run(session, integration, SiteRunKind.CONNECTION_TEST)


def follow_wordpress(session: Session, settings: PublishingSettings) -> None:
    """Take the zone of the newest probe where nobody has taken or chosen one so far."""
    if settings.time_zone_source == "default":
        note_zone(session, settings.site_id, *zone_told(session, settings.site_id))


def note_zone(
    session: Session, site_id: int, timezone_string: str | None, gmt_offset: float | None
) -> None:
    """Take what a probe has just found; a zone that we don't know changes nothing."""
    if zone := zone_from_wordpress(timezone_string, gmt_offset):
        take_zone(session, site_id, zone)
