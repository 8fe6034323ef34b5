"""A site's calendar: when its windows are open, as instants in UTC, through every change of clock.

A local time that a clock skips means the first instant after the skip; one that comes twice means
the first of the two. A window ends when the site's clock says so, however long that takes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from pipeline.schedule.rules import MINUTES_A_DAY, PublishingRules, Window

ROOM = timedelta(minutes=2)
"""A slot stands at least this long before its window's end, so that a tick can still take it."""

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Opening:
    """A stretch in which a site takes posts; it lies within one day of the site's calendar."""

    day: date
    start: datetime
    end: datetime

    @property
    def latest(self) -> datetime:
        """The last instant for a slot; in a short window its middle."""
        return self.end - min(ROOM, (self.end - self.start) / 2)


def instant(day: date, minutes: int, zone: tzinfo) -> datetime:
    """Return when a site's clock shows ``minutes`` after the midnight of ``day``, in UTC."""
    naive = datetime.combine(day, time()) + timedelta(minutes=minutes)
    local = naive.replace(tzinfo=zone)
    # Where the clock skips, the two folds have the offsets before and after (PEP 495).
    before, after = local.utcoffset(), local.replace(fold=1).utcoffset()
    if before is None or after is None or before >= after:
        return local.astimezone(UTC)
    return _change(zone, (naive - after).replace(tzinfo=UTC), (naive - before).replace(tzinfo=UTC))


def _change(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """Return the instant between two at which the zone's offset changes."""
    old = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == old:
            before = max(middle, before + _SECOND)
        else:
            after = middle
    return after


def local_day(moment: datetime, zone: tzinfo) -> date:
    return moment.astimezone(zone).date()


def openings(rules: PublishingRules, start: datetime, end: datetime) -> Iterator[Opening]:
    """Yield when a site takes posts between two instants, in their order.

    What of a window lies after midnight is an opening of the next day: there it counts. On a
    blackout day nothing is open, and none of its windows goes on after it.
    """
    day, last = local_day(start, rules.zone), local_day(end, rules.zone)
    overnight = tuple(window for window in rules.windows if window.end > MINUTES_A_DAY)
    while day <= last:
        yesterday = day - _DAY
        parts = [
            Window(0, window.end - MINUTES_A_DAY)
            for window in (overnight if rules.opens_on(yesterday) else ())
        ]
        if rules.opens_on(day):
            parts += [Window(each.start, min(each.end, MINUTES_A_DAY)) for each in rules.windows]
        if parts and not rules.is_blackout(day):
            yield from (each for each in _of_day(day, parts, rules.zone) if each.end > start)
        day += _DAY


def opening_at(rules: PublishingRules, moment: datetime) -> Opening | None:
    """Return the opening that a moment lies in; None while the site takes no posts."""
    around = openings(rules, moment, moment)
    return next((each for each in around if each.start <= moment < each.end), None)


def _of_day(day: date, parts: list[Window], zone: tzinfo) -> Iterator[Opening]:
    found: list[tuple[datetime, datetime]] = []
    for part in sorted(parts):
        start, end = instant(day, part.start, zone), instant(day, part.end, zone)
        if end <= start:  # all of it was skipped: it is as long as it would have been
            end = start + timedelta(minutes=part.end - part.start)
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    yield from (Opening(day, start, end) for start, end in found)
