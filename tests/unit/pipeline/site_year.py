"""A year of one site, hour by hour where something happens: plans, ticks, people, stopped ticks.

Nothing of the product is copied here but the loop of its two ticks: the plan after a change, and
the taking of what is due. What came of it is judged by the tests.
"""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pipeline.schedule import HORIZON, PublishingRules, Queued, Slot, plan, usage_since

TICK, LATE_AFTER = timedelta(seconds=5), timedelta(seconds=120)
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


@dataclass
class Year:
    """What a site has gone through."""

    rules: PublishingRules
    dice: random.Random
    waiting: dict[int, datetime] = field(default_factory=dict)
    slots: dict[int, Slot] = field(default_factory=dict)
    used: list[datetime] = field(default_factory=list)
    published: list[tuple[Slot, datetime, PublishingRules]] = field(default_factory=list)
    by_hand: list[datetime] = field(default_factory=list)
    missed: set[int] = field(default_factory=set)
    accepted: int = 0

    def live(self, stops, lowered):
        """Go through the year; no tick runs during ``stops``, ``lowered`` rules hold from July."""
        now = BEGIN
        while now < END:
            after = now + timedelta(minutes=self.dice.randrange(12 * 60, 36 * 60))
            if now < datetime(2026, 7, 1, tzinfo=UTC) <= after:
                self.rules = lowered
            self._happen(now)
            self._plan(now)
            for begins, ends in stops:
                if now < begins < after:
                    self._tick(begins)
                    now = ends
                    self._plan(now)
            now = max(after, now)
            self._tick(now)
        return self

    def _happen(self, now):
        for _ in range(self.dice.choice((0, 0, 1, 2, 4))):
            self.waiting[self.accepted] = now
            self.accepted += 1
        if self.dice.random() < 0.1:
            self.by_hand.append(now)
            self.used.append(now)

    def _plan(self, now):
        since = usage_since(self.rules, now)
        self.used = [at for at in self.used if at >= since]
        queue = [self._queued(number, at, now) for number, at in self.waiting.items()]
        made = plan(self.rules, queue, self.used, now, now + HORIZON)
        assert len(made.slots) + len(made.refused) == len(queue)
        self.slots = {slot.entry_id: slot for slot in made.slots}

    def _queued(self, number, approved_at, now):
        slot = self.slots.get(number)
        late = slot is not None and (slot.at <= now - LATE_AFTER or slot.until <= now)
        if late:
            self.missed.add(number)
        return Queued(
            number, approved_at, 0, slot.at if slot else None, late, number in self.missed
        )

    def _tick(self, until):
        """Take what comes due up to a time, each at the first tick after its slot."""
        due = sorted((s for s in self.slots.values() if s.at < until), key=lambda slot: slot.at)
        for slot in due:
            ticks = -(-(slot.at - BEGIN) // TICK)
            self._take(slot, BEGIN + ticks * TICK)

    def _take(self, slot, at):
        if at >= slot.until:
            return
        del self.waiting[slot.entry_id], self.slots[slot.entry_id]
        self.used.append(slot.at)
        self.published.append((slot, at, self.rules))
