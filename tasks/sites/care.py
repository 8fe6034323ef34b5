"""A site's pace between the row and the decisions about it (`pipeline.pacing`)."""

from datetime import datetime
from typing import Any

import structlog

import settings
from models import Integration
from models.clock import now_plus
from models.plan_requests import suggest_plan
from models.publishing.outcomes import suspend_site
from models.session import session_scope
from models.sites.care import SiteNews, change_pace, tell_of_site
from pipeline import pacing
from pipeline.pacing import Pace, Signs

log = structlog.get_logger()

COUNTS = {
    "failures": "failures_in_a_row",
    "opens": "breaker_opens",
    "slowness": "slowness",
    "sends": "window_sends",
    "retries": "window_retries",
}
TIMES = {
    "open_for": "breaker_open_until",
    "next_in": "next_post_at",
    "window_left": "window_until",
}
"""A field of Pace, in seconds, and its column, a time by the database's clock."""


def limits() -> pacing.Limits:
    """Return the thresholds of this deployment."""
    known = settings.current()
    return pacing.Limits(
        failures=known.breaker_failures,
        pause=known.breaker_pause,
        slow_after=known.read_timeout / pacing.SLOW_SHARE,
    )


def pace_of(integration: Integration, present: datetime) -> Pace:
    """Return a site's pace as it was at ``present``, by the database's clock."""
    fields: dict[str, Any] = {
        field: getattr(integration, column) for field, column in COUNTS.items()
    }
    for field, column in TIMES.items():
        fields[field] = _seconds(getattr(integration, column), present)
    return Pace(**fields)


def _seconds(moment: datetime | None, present: datetime) -> float | None:
    return None if moment is None else (moment - present).total_seconds()


def record_signs(integration_id: int, pace: Pace, signs: Signs) -> None:
    """Write what a batch showed of its site; nothing, where that changes nothing."""
    found = pacing.after(pace, signs, limits())
    if found == pace:
        return
    seen = {COUNTS[field]: getattr(pace, field) for field in ("failures", "opens", "slowness")}
    with session_scope() as session:
        place = change_pace(session, integration_id, seen, _changes(pace, found))
        news = _news(pace, found, signs) if place else None
        if place and news:
            tell_of_site(session, place, news)
        # What waited for it is planned for now, or for its next try before it counts as missed.
        if place and found.opens != pace.opens:
            suggest_plan(session, place.site_id)
        if place and pacing.is_lost(found, signs):
            reason = f"{signs.trouble}, for about a day by now"
            suspend_site(session, integration_id, signs.away, reason)
    log.info(
        "site.pace",
        integration=integration_id,
        written=bool(place),
        opens=found.opens,
        slowness=found.slowness,
        failures=found.failures,
    )


def _changes(before: Pace, found: Pace) -> dict[str, Any]:
    values: dict[str, Any] = {column: getattr(found, field) for field, column in COUNTS.items()}
    for field, column in TIMES.items():
        seconds = getattr(found, field)
        if seconds != getattr(before, field):
            values[column] = None if seconds is None else now_plus(seconds)
    return values


def _news(before: Pace, found: Pace, signs: Signs) -> SiteNews | None:
    if found.opens and not before.opens:
        reason = f"{signs.failures} failures in a row, the last: {signs.trouble}"
        return SiteNews("breaker_opened", reason=reason)
    if before.opens and not found.opens:
        return SiteNews("breaker_closed")
    return None
