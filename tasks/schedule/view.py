"""A site's plan beside what happened, put together for the API and the command line."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Integration, PublishingSettings, ScheduleEntry, Site
from models.clock import now
from models.schedule.used_slots import used_slots
from models.schedule.view import count_entries, happened, integrations_of, to_come
from models.schedule.zones import zone_is_awaited
from pipeline.schedule import Ledger, PublishingRules, rules_of, usage_since
from pipeline.schedule.advice import warnings
from pipeline.schedule.calendar import local_day
from pipeline.schedule.planner import exceeded


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """What is to come and what has been, as it stands in the database at ``present``."""

    settings: PublishingSettings
    zone: tzinfo
    present: datetime
    until: datetime
    to_come: list[ScheduleEntry]
    happened: list[ScheduleEntry]
    counts: dict[str, int]
    caps: list[dict[str, Any]]
    warnings: list[str]


def view_schedule(
    session: Session, site: Site, settings: PublishingSettings, days: int
) -> ScheduleView:
    """Return ``days`` days of a site's plan, and as many days of what happened."""
    present = session.execute(sa.select(now())).scalar_one()
    span, rules = timedelta(days=days), rules_of(settings)
    integrations = integrations_of(session, site.id)
    ids = [each.id for each in integrations]
    caps, exceeding = [], []
    for each in integrations:
        used = used_slots(session, each.id, usage_since(rules, present))
        ledger = Ledger(rules, used)
        caps.append({"site_integration_id": each.id} | _caps(rules, ledger, present))
        exceeding += [warned.words for warned in exceeded(rules, ledger, used, present)]
    return ScheduleView(
        settings,
        rules.zone,
        present,
        present + span,
        to_come(session, ids, present + span),
        happened(session, ids, present - span),
        count_entries(session, ids),
        caps,
        [*_standing(session, site, settings, integrations), *_of_settings(rules), *exceeding],
    )


def _caps(rules: PublishingRules, ledger: Ledger, present: datetime) -> dict[str, Any]:
    used = ledger.used(local_day(present, rules.zone))
    limits = {"day": rules.daily, "week": rules.weekly, "month": rules.monthly}
    return {name: {"used": used[name], "limit": limit} for name, limit in limits.items()}


def _of_settings(rules: PublishingRules) -> Iterator[str]:
    yield from (f"{field}: {words}" for field, words in warnings(rules))


def _without_zone(session: Session, settings: PublishingSettings) -> str:
    if zone_is_awaited(session, settings):
        return "the site is being asked for its time zone: nothing goes out before it answers"
    return "the site has told no time zone: its hours are those of UTC, unless time_zone says more"


def _standing(
    session: Session, site: Site, settings: PublishingSettings, integrations: list[Integration]
) -> Iterator[str]:
    """Yield what keeps everything back, whatever the plan says."""
    if not settings.auto_publish_enabled:
        yield "auto_publish_enabled is off: only what people schedule goes out"
    if settings.time_zone_source == "default":
        yield _without_zone(session, settings)
    if not site.is_active:
        yield "the site is switched off: nothing goes out"
    if not integrations:
        yield "the site has no integration: there is nowhere to publish to"
    for each in integrations:
        if not each.is_active:
            yield f"integration {each.id} is switched off: nothing goes out there"
        elif each.suspended_at is not None:
            yield f"integration {each.id} is suspended ({each.suspended_reason}): its work waits"
