"""PublishingRules: what a site's settings mean for the planner, as plain values (S47–S56)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta, tzinfo

from models.publishing_settings import PublishingSettings
from pipeline.schedule.zones import UnknownZone, zone_of

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Minutes after the midnight its day begins with; an end above 1440 is on the next day."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PublishingRules:
    """When a site takes posts, and how many at most."""

    zone: tzinfo = UTC
    days: frozenset[int] = frozenset(range(5))
    """0 is Monday; a window belongs to the day it starts on."""

    windows: tuple[Window, ...] = (Window(9 * 60, 17 * 60),)
    blackouts: tuple[tuple[date, date], ...] = ()
    """First and last days without publishing."""

    daily: int = 5
    weekly: int = 20
    monthly: int = 60
    gap: timedelta = timedelta(minutes=30)
    jitter: timedelta = timedelta(minutes=10)
    by_priority: bool = False

    def is_blackout(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.blackouts)

    def opens_on(self, day: date) -> bool:
        return day.weekday() in self.days and not self.is_blackout(day)


def rules_of(settings: PublishingSettings) -> PublishingRules:
    """Return a site's settings as rules; a zone that this machine does not know counts as UTC."""
    try:
        zone = zone_of(settings.time_zone)
    except UnknownZone:
        zone = UTC
    return PublishingRules(
        zone=zone,
        days=frozenset(DAYS.index(day) for day in settings.publish_days if day in DAYS),
        windows=merged(window_of(each) for each in settings.publish_time_slots),
        blackouts=tuple(
            (date.fromisoformat(each["from"]), date.fromisoformat(each["to"]))
            for each in settings.blackout_dates
        ),
        daily=settings.daily_publish_limit,
        weekly=settings.weekly_publish_limit,
        monthly=settings.monthly_publish_limit,
        gap=timedelta(minutes=settings.minimum_gap_minutes),
        jitter=timedelta(minutes=settings.jitter_minutes),
        by_priority=settings.publish_order == "priority",
    )


def window_of(slot: Mapping[str, str]) -> Window:
    """Return a `{"start": "09:00", "end": "17:00"}` as minutes; over midnight where it ends first.

    Raises:
        ValueError: one of them is no time of day; `24:00` is one, as an end.
    """
    start, end = minutes_of(slot["start"]), minutes_of(slot["end"])
    return Window(start, end if end > start else end + MINUTES_A_DAY)


def minutes_of(written: str) -> int:
    """Return `HH:MM` as minutes after midnight.

    Raises:
        ValueError: it is none.
    """
    hours, colon, minutes = written.partition(":")
    digits = hours + minutes
    if not (colon and len(hours) == len(minutes) == 2 and digits.isascii() and digits.isdigit()):  # noqa: PLR2004 - two digits each
        raise ValueError("a time of day is written HH:MM")
    found = int(hours) * 60 + int(minutes)
    if int(minutes) >= 60 or found > MINUTES_A_DAY:  # noqa: PLR2004 - minutes an hour
        raise ValueError("a day goes from 00:00 to 24:00")
    return found


def merged(windows: Iterable[Window]) -> tuple[Window, ...]:
    """Return windows in their order, those that overlap or touch as one."""
    found: list[Window] = []
    for window in sorted(windows):
        if found and window.start <= found[-1].end:
            found[-1] = Window(found[-1].start, max(found[-1].end, window.end))
        else:
            found.append(window)
    return tuple(found)
