"""The planner: rules, queue and usage in, slots out. The same values give the same plan.

Entries are taken in their order, each gets the first instant that its windows, the caps and the
gap leave free. A slot hangs on its window and on what is before it, not on the time of planning,
so that planning again moves nothing that need not move.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import blake2b

from pipeline.schedule.calendar import Opening, local_day, openings
from pipeline.schedule.caps import Ledger, periods_of
from pipeline.schedule.reasons import LIMITS, WORDS, Reason
from pipeline.schedule.rules import PublishingRules

HORIZON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Queued:
    """An entry that wants a slot."""

    entry_id: int
    approved_at: datetime
    priority: int = 0
    slot_at: datetime | None = None
    """The slot it has: one that is due now stays where it is."""

    late: bool = False
    """Whether that slot has passed without it."""

    missed: bool = False
    """Whether it has missed an earlier one."""

    blocked: Reason | None = None
    """What keeps it out, whatever is free."""


@dataclass(frozen=True, slots=True)
class Slot:
    """When an entry goes out: not before ``at``, and not from ``until`` on, both in UTC."""

    entry_id: int
    at: datetime
    until: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry that gets no slot, and why."""

    entry_id: int
    reason: Reason

    @property
    def words(self) -> str:
        return WORDS[self.reason]


@dataclass(frozen=True, slots=True)
class Warned:
    """A limit that people have exceeded: they may, and are told."""

    reason: Reason
    day: date
    count: int
    limit: int

    @property
    def words(self) -> str:
        return f"{self.reason.value} is {self.limit}, and {self.count} go out about {self.day}"


@dataclass(frozen=True, slots=True)
class Plan:
    slots: list[Slot] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)


def plan(
    rules: PublishingRules,
    queue: Iterable[Queued],
    used: Sequence[datetime],
    start: datetime,
    end: datetime,
) -> Plan:
    """Return a slot between ``start`` and ``end`` for every queued entry, or why it has none.

    ``used`` is what counts for the caps and the gap since `caps.usage_since`: what went out, and
    what people have fixed for later. All times are aware; those of the plan are in UTC.
    """
    ledger = Ledger(rules, used)
    made = Plan(warnings=exceeded(rules, ledger, used, start))
    walk = _Walk(rules, ledger, start, end)
    for entry in in_order(rules, queue):
        if entry.blocked is not None:
            made.refused.append(Refusal(entry.entry_id, entry.blocked))
        elif slot := walk.next_slot(entry):
            made.slots.append(slot)
        else:
            made.refused.append(Refusal(entry.entry_id, walk.why_none()))
    return made


def in_order(rules: PublishingRules, queue: Iterable[Queued]) -> list[Queued]:
    """Return the queue with the first one first."""

    def key(entry: Queued) -> tuple[int, datetime, int]:
        return (-entry.priority if rules.by_priority else 0, entry.approved_at, entry.entry_id)

    return sorted(queue, key=key)


class _Walk:
    """Goes through the openings once: what comes later in the queue never goes before."""

    def __init__(
        self, rules: PublishingRules, ledger: Ledger, start: datetime, end: datetime
    ) -> None:
        self._rules, self._ledger, self._start, self._end = rules, ledger, start, end
        self._openings = openings(rules, start, end)
        self._opening = next(self._openings, None)
        self._any = self._opening is not None
        self._last: datetime | None = None
        self._cause = Reason.WINDOW

    def next_slot(self, entry: Queued) -> Slot | None:
        while (opening := self._opening) is not None:
            full = self._ledger.full(opening.day)
            at = None if full else self._instant(entry, opening)
            if at is not None:
                return self._taken(entry, opening, at)
            self._cause = full or Reason.WINDOW
            self._opening = next(self._openings, None)
        return None

    def why_none(self) -> Reason:
        if not self._any:
            return Reason.NO_WINDOW
        return self._cause if self._cause in LIMITS else Reason.HORIZON

    def _instant(self, entry: Queued, opening: Opening) -> datetime | None:
        """Return the entry's instant in an opening; None when it has no room left."""
        at = self._jittered(entry, opening, self._base(opening))
        if at < self._start:
            at = self._present(entry, opening) or self._ledger.clear(self._start)
        return at if at <= min(opening.latest, self._end) else None

    def _base(self, opening: Opening) -> datetime:
        """Return the first instant of an opening that is free, be it past by now."""
        after = opening.start
        if self._last is not None:
            after = max(after, self._last + self._rules.gap)
        return self._ledger.clear(after)

    def _present(self, entry: Queued, opening: Opening) -> datetime | None:
        """Return the slot it has where that is due now and still right."""
        present = entry.slot_at
        if present is None or entry.late or not self._base(opening) <= present <= self._start:
            return None
        return present if self._ledger.clear(present) == present else None

    def _jittered(self, entry: Queued, opening: Opening, base: datetime) -> datetime:
        bounds = [base + jitter(entry.entry_id, opening.day, self._rules.jitter), opening.latest]
        if (until := self._ledger.clear_until(base)) is not None:
            bounds.append(until)
        return max(base, min(bounds))

    def _taken(self, entry: Queued, opening: Opening, at: datetime) -> Slot:
        reason = self._reason(entry, opening, at)
        self._last, self._cause = at, Reason.WINDOW
        self._ledger.add(opening.day)
        return Slot(entry.entry_id, at, opening.end, reason)

    def _reason(self, entry: Queued, opening: Opening, at: datetime) -> Reason:
        if entry.late or entry.missed:
            return Reason.MISSED
        if at <= self._start:
            return Reason.NOW
        free = max(opening.start, self._start)
        kept = self._base(opening) > opening.start or self._ledger.clear(free) > free
        return Reason.GAP if kept else self._cause


def jitter(entry_id: int, day: date, most: timedelta) -> timedelta:
    """Return up to ``most``, in seconds: like dice, but the same for an entry on the same day."""
    seconds = int(most.total_seconds())
    if seconds <= 0:
        return timedelta()
    digest = blake2b(f"{entry_id} {day.toordinal()}".encode(), digest_size=8).digest()
    return timedelta(seconds=int.from_bytes(digest, "big") % (seconds + 1))


def exceeded(
    rules: PublishingRules, ledger: Ledger, used: Iterable[datetime], start: datetime
) -> list[Warned]:
    """Return the limits that what is ``used`` exceeds from the day of ``start`` on, each once."""
    today = local_day(start, rules.zone)
    days = sorted({day for moment in used if (day := local_day(moment, rules.zone)) >= today})
    found: dict[tuple[Reason, int], Warned] = {}
    for day in days:
        numbers = dict(periods_of(day))
        for reason, count, limit in ledger.over(day):
            found.setdefault((reason, numbers[reason]), Warned(reason, day, count, limit))
    return list(found.values())
