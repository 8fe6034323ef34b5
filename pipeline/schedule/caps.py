"""What of a site's caps is used up, and how near other posts are: calendar days, weeks, months."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from pipeline.schedule.calendar import instant, local_day
from pipeline.schedule.reasons import LIMITS, Reason
from pipeline.schedule.rules import PublishingRules


def usage_since(rules: PublishingRules, start: datetime) -> datetime:
    """Return from when on what was published counts at ``start``: its month, week and gap."""
    today = local_day(start, rules.zone)
    monday = today - timedelta(days=today.weekday())
    begins = instant(min(monday, today.replace(day=1)), 0, rules.zone)
    return min(begins, start - rules.gap)


class Ledger:
    """Counts publishes by the day, week (from Monday) and month of the site's calendar."""

    def __init__(self, rules: PublishingRules, used: Iterable[datetime]) -> None:
        self._rules = rules
        self._used = sorted(used)
        self._counts: Counter[tuple[Reason, int]] = Counter()
        for moment in self._used:
            self.add(local_day(moment, rules.zone))

    def add(self, day: date) -> None:
        """Count one more on ``day``."""
        for period in periods_of(day):
            self._counts[period] += 1

    def full(self, day: date) -> Reason | None:
        """Return the widest limit that ``day`` has reached, or None: one more may go."""
        rules = self._rules
        limits = (rules.monthly, rules.weekly, rules.daily)
        for period, limit in zip(periods_of(day), limits, strict=True):
            if self._counts[period] >= limit:
                return period[0]
        return None

    def over(self, day: date) -> list[tuple[Reason, int, int]]:
        """Return the limits that are exceeded on ``day``: which, how many there are, the limit."""
        rules = self._rules
        limits = (rules.monthly, rules.weekly, rules.daily)
        counted = ((period, self._counts[period]) for period in periods_of(day))
        return [
            (period[0], count, limit)
            for (period, count), limit in zip(counted, limits, strict=True)
            if count > limit
        ]

    def used(self, day: date) -> dict[str, int]:
        """Return how many count on ``day``, in its week and in its month."""
        month, week, today = (self._counts[period] for period in periods_of(day))
        return {"day": today, "week": week, "month": month}

    def clear(self, moment: datetime) -> datetime:
        """Return the first instant from ``moment`` on that keeps the gap from what counts."""
        gap = self._rules.gap
        at = bisect_right(self._used, moment - gap)
        while at < len(self._used) and self._used[at] < moment + gap:
            moment = max(moment, self._used[at] + gap)
            at += 1
        return moment

    def clear_until(self, moment: datetime) -> datetime | None:
        """Return the last instant that keeps the gap from what comes after ``moment``."""
        at = bisect_right(self._used, moment)
        return self._used[at] - self._rules.gap if at < len(self._used) else None


def periods_of(day: date) -> tuple[tuple[Reason, int], ...]:
    """Return the numbers of a day's month, week and day, each with the limit it counts for."""
    ordinal = day.toordinal()
    # Day 1 of the proleptic calendar is a Monday.
    numbers = (day.year * 12 + day.month, (ordinal - 1) // 7, ordinal)
    return tuple(zip(LIMITS, numbers, strict=True))
