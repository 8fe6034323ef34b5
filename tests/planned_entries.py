"""Entries and settings for tests of the schedule, in transactions of their own."""

from datetime import UTC, datetime

import sqlalchemy as sa
from factories import make_content

from models import EntrySource, Integration, ScheduleEntry, Site
from models.clock import now
from models.plan_requests import ensure_settings
from models.session import session_scope

ALL_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def every_hour(**values):
    """Settings by which a window is open for hours, whatever the time: noon is just over."""
    behind = 12 - datetime.now(UTC).hour
    return {
        "time_zone": f"{'-' if behind < 0 else '+'}{abs(behind):02d}:00",
        "time_zone_source": "person",
        "auto_publish_enabled": True,
        "publish_days": ALL_DAYS,
        "publish_time_slots": [{"start": "00:00", "end": "24:00"}],
        "jitter_minutes": 0,
        "daily_publish_limit": 100,
        "weekly_publish_limit": 500,
        "monthly_publish_limit": 1000,
        **values,
    }


def settings_for(session, site, **values):
    found = ensure_settings(session, site)
    for name, value in values.items():
        setattr(found, name, value)
    session.flush()
    return found


def change(row, **values):
    """Write columns of a row as something else would have."""
    with session_scope() as session:
        kind = type(row)
        key = sa.inspect(kind).primary_key[0]
        session.execute(sa.update(kind).where(key == sa.inspect(row).identity[0]).values(**values))


def now_of():
    """Return the database's present time."""
    with session_scope(read_only=True) as session:
        return session.scalar(sa.select(now()))


def add_entry(site, **values):
    """Put new, approved content into the schedule of a site's only integration."""
    content = {name: values.pop(name) for name in ("status", "images") if name in values}
    with session_scope() as session:
        ours = session.get_one(Site, site.id)
        integration = session.scalars(sa.select(Integration).filter_by(site_id=site.id)).one()
        entry = ScheduleEntry(
            account_id=ours.account_id,
            site_id=ours.id,
            integration_id=integration.id,
            content_id=make_content(session, ours, **content).id,
            source=values.pop("source", EntrySource.APPROVAL),
            **values,
        )
        session.add(entry)
        session.flush()
        session.refresh(entry)
        return entry
