"""Plans a site: reads its settings, usage and queue, asks the planner, writes what has changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from models import PublishingSettings
from models.schedule.planning import (
    MOST_PLANNED,
    Candidate,
    Planned,
    candidates,
    leave_out,
    note_planned,
    settings_to_plan,
    write_slots,
)
from models.schedule.used_slots import used_slots
from models.schedule.zones import zone_is_awaited
from models.sites.standing import held_up_until
from pipeline.schedule import (
    HORIZON,
    Ledger,
    Plan,
    Queued,
    Reason,
    plan,
    rules_of,
    usage_since,
)
from pipeline.schedule.calendar import Opening, opening_at
from tasks.sites.settings import follow_wordpress


def plan_site(session: Session, site_id: int) -> int:
    """Plan a site's queue anew in the caller's transaction; return how many entries changed.

    Each of its integrations has its own caps. A site without settings has no queue either.
    """
    found = settings_to_plan(session, site_id)
    if found is None:
        return 0
    settings, present = found
    follow_wordpress(session, settings)
    queue = candidates(session, settings)
    by_integration: dict[int, list[Candidate]] = {}
    for each in queue:
        by_integration.setdefault(each.integration_id, []).append(each)
    back = _what_holds_all(session, settings)
    held_up = held_up_until(session, by_integration)
    planned = [
        one
        for integration_id, entries in by_integration.items()
        for one in _plan(
            session, settings, entries, _When(present, held_up.get(integration_id, present), back)
        )
    ]
    changed = write_slots(session, planned)
    if len(queue) >= MOST_PLANNED:
        leave_out(session, settings, Reason.HORIZON.value)
    note_planned(session, site_id, again=back is Reason.ZONE_AWAITED and bool(queue))
    return changed


@dataclass(frozen=True, slots=True)
class _When:
    """From when on an integration's entries may go."""

    present: datetime
    start: datetime
    """Later than the present while its site fails, or has asked us to wait."""

    never: Reason | None = None
    """What keeps all of them back."""

    @property
    def held_up(self) -> bool:
        return self.start > self.present


def _plan(
    session: Session, settings: PublishingSettings, entries: list[Candidate], when: _When
) -> Iterable[Planned]:
    rules = rules_of(settings)
    since = usage_since(rules, when.present)
    used = used_slots(session, entries[0].integration_id, since, {each.id for each in entries})
    queue = [_queued(each, when, automatic=settings.auto_publish_enabled) for each in entries]
    return _planned(entries, plan(rules, queue, used, when.start, when.present + HORIZON), when)


def _queued(entry: Candidate, when: _When, *, automatic: bool) -> Queued:
    blocked = when.never
    if not entry.publishable:
        blocked = Reason.NOT_APPROVED
    elif not (automatic or entry.by_person or entry.publication_id):
        blocked = Reason.AUTO_PUBLISH_OFF
    return Queued(
        entry_id=entry.id,
        approved_at=entry.approved_at,
        priority=entry.priority,
        # What is due now stays where it is, unless it can't go there.
        slot_at=None if when.held_up else entry.slot_at,
        late=entry.late,
        missed=entry.missed > 0,
        blocked=blocked,
    )


def _planned(entries: list[Candidate], made: Plan, when: _When) -> Iterable[Planned]:
    by_id = {each.id: each for each in entries}
    for slot in made.slots:
        waits = when.held_up and slot.reason is Reason.NOW
        reason = Reason.SITE_AWAY if waits else slot.reason
        yield Planned(by_id[slot.entry_id], slot.at, slot.until, reason.value)
    for refusal in made.refused:
        yield Planned(by_id[refusal.entry_id], None, None, refusal.reason.value)


def _what_holds_all(session: Session, settings: PublishingSettings) -> Reason | None:
    if not settings.site.is_active:
        return Reason.SITE_OFF
    return Reason.ZONE_AWAITED if zone_is_awaited(session, settings) else None


def window_now(session: Session, settings: PublishingSettings, present: datetime) -> Opening | None:
    """Return the window that is open by the settings as they are now; None: nothing may go.

    A slot was planned by those of some time ago.
    """
    if _what_holds_all(session, settings) is not None:
        return None
    return opening_at(rules_of(settings), present)


def limit_reached(
    session: Session, settings: PublishingSettings, integration_id: int, at: datetime
) -> Reason | None:
    """Return which cap has no room for one more on the day of ``at``, by what was taken so far."""
    rules = rules_of(settings)
    used = used_slots(session, integration_id, usage_since(rules, at))
    return Ledger(rules, used).full(at.astimezone(rules.zone).date())
