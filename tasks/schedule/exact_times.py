"""Times that people choose: in the database's present, and what they exceed."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import PublishingSettings, ScheduleEntry
from models.clock import now
from models.schedule.used_slots import used_slots
from pipeline.schedule import Ledger, rules_of, usage_since
from pipeline.schedule.calendar import local_day
from pipeline.schedule.moments import exact_moment


def chosen_time(session: Session, wanted: datetime | None) -> tuple[datetime | None, list[str]]:
    """Return when something wanted for a time goes out, and notes on that; None stays None.

    Raises:
        BadMoment: it is too far ahead.
    """
    if wanted is None:
        return None, []
    present: datetime = session.execute(sa.select(now())).scalar_one()
    return exact_moment(wanted, present)


def exceeded_limits(session: Session, entry: ScheduleEntry) -> list[str]:
    """Return which caps an exact time exceeds, in words: it may, and its person is told."""
    if not entry.exact or entry.slot_at is None:
        return []
    rules = rules_of(session.get_one(PublishingSettings, entry.site_id))
    used = used_slots(session, entry.integration_id, usage_since(rules, entry.slot_at))
    over = Ledger(rules, used).over(local_day(entry.slot_at, rules.zone))
    return [
        f"{reason.value} is {limit}, and with this one {count}" for reason, count, limit in over
    ]
