"""Metrics of the schedule and of bulk jobs: what waits, how late it is, what missed its slot."""

from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy.orm import Session

from models import (
    BulkItem,
    BulkJob,
    Content,
    EntryState,
    Integration,
    PublishingSettings,
    ScheduleEntry,
)
from models.bulk_job import ITEM_ACCEPTED, ITEM_WAITS, OPEN_JOBS
from models.clock import now
from models.kept_numbers import kept
from models.schedule.due_slots import BY_ITSELF
from models.schedule.planning import IS_HELD, IS_WAITING, PUBLISHABLE
from models.sites.standing import IN_SERVICE, MAY_POST, STRUGGLES


def schedule_metrics(session: Session) -> Iterator[Metric]:
    """Read what the schedule holds at this moment."""
    yield from _entries(session)
    yield _slot_lag(session)
    to_plan = sa.select(sa.func.count()).where(PublishingSettings.plan_due)
    yield GaugeMetricFamily(
        "igny8_sites_to_plan",
        "Sites whose plan is to be made anew.",
        value=session.scalar(to_plan) or 0,
    )


def _entries(session: Session) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "igny8_schedule_entries",
        "Entries by their state; of those that wait, `planned` have a slot.",
        labels=["state"],
    )
    ended, missed = ended_entries(session)
    for name, count in (ended | _open_entries(session)).items():
        family.add_metric([name], count)
    yield family
    # A gauge: what is removed takes its slots along, and a counter never falls.
    yield GaugeMetricFamily(
        "igny8_slots_missed", "Slots that passed without their publish, of all entries.", missed
    )


@kept
def ended_entries(session: Session) -> tuple[dict[str, int], int]:
    """Count all entries by their state, and the slots that they have missed."""
    entry = ScheduleEntry
    query = sa.select(entry.state, sa.func.count(), sa.func.sum(entry.missed))
    rows = session.execute(query.group_by(entry.state)).all()
    counts = {state.value: 0 for state in EntryState}
    counts |= {state.value: count for state, count, _ in rows}
    return counts, sum(missed or 0 for *_, missed in rows)


def _open_entries(session: Session) -> dict[str, int]:
    """Count what waits and what is held: partial indexes have just these."""
    has_slot = sa.func.count(ScheduleEntry.slot_at)
    query = sa.select(sa.func.count(), has_slot).select_from(ScheduleEntry)
    waiting, planned = session.execute(query.where(IS_WAITING)).one()
    held, _ = session.execute(query.where(IS_HELD)).one()
    return {"waiting": waiting - planned, "planned": planned, "held": held}


def _slot_lag(session: Session) -> Metric:
    query = (
        sa.select(sa.func.min(ScheduleEntry.slot_at), now())
        .join(PublishingSettings, PublishingSettings.site_id == ScheduleEntry.site_id)
        .join(Integration, Integration.id == ScheduleEntry.integration_id)
        .join(Content, Content.id == ScheduleEntry.content_id)
        # Also what is late by now and waits for its next slot: a tick that stands still clears
        # nothing, and shall not look well.
        .where(IS_WAITING, ScheduleEntry.slot_at <= now())
        .where(PUBLISHABLE, BY_ITSELF, IN_SERVICE, MAY_POST, ~STRUGGLES)
    )
    oldest, present = session.execute(query).one()
    return GaugeMetricFamily(
        "igny8_slot_lag_seconds",
        "How long the oldest slot that has come, and that nothing holds up, has waited.",
        value=max((present - oldest).total_seconds(), 0.0) if oldest else 0.0,
    )


def bulk_metrics(session: Session) -> Iterator[Metric]:
    """Count the jobs and items that are open; what has ended is not looked at."""
    jobs = GaugeMetricFamily("igny8_bulk_jobs", "Bulk jobs that have not ended.", labels=["state"])
    query = sa.select(BulkJob.state, sa.func.count()).where(BulkJob.state.in_(OPEN_JOBS))
    counts = dict.fromkeys(OPEN_JOBS, 0) | dict(
        session.execute(query.group_by(BulkJob.state)).all()
    )
    for state, count in counts.items():
        jobs.add_metric([state.value], count)
    yield jobs
    items = GaugeMetricFamily(
        "igny8_bulk_items", "Items of bulk jobs that have not ended.", labels=["state"]
    )
    for name, is_state in (("waiting", ITEM_WAITS), ("accepted", ITEM_ACCEPTED)):
        open_items = sa.select(sa.func.count()).where(BulkItem.state == is_state)
        items.add_metric([name], session.scalar(open_items) or 0)
    yield items
