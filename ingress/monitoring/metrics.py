"""Prometheus metrics, read from the database when scraped: every process says the same.

What grows for ever is counted once a minute (`models.kept_numbers`).
"""

from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.orm import Session

from ingress.monitoring.schedule_metrics import bulk_metrics, schedule_metrics
from ingress.monitoring.site_metrics import site_metrics
from models import Attempt, Integration, Publication, PublicationState
from models.clock import now
from models.inbox.counting import count_messages
from models.kept_numbers import kept
from models.publication import ON_ITS_WAY, WAITING, WAITS
from models.session import session_scope
from models.sites.backlog import oldest_webhook_age
from models.sites.census import count_findings
from models.sites.standing import IN_SERVICE, NOT_TOO_LATE
from pipeline.census import Kind
from tasks.heartbeat import intervals, last_ticks

RECENT = 1000
"""Attempts looked at: enough for a rate, and as quick with a million rows as with none."""

RESULTS = ("2xx", "3xx", "4xx", "5xx", "none")


class DatabaseCollector(Collector):
    """Labels are states, results, our own tasks, and at most 50 sites: their number is bounded."""

    def collect(self) -> Iterator[Metric]:
        with session_scope(read_only=True) as session:
            yield _publications(session)
            yield from _waiting(session)
            yield from _attempts(session)
            yield from site_metrics(session)
            yield _census(session)
            yield from _inbox(session)
            yield from schedule_metrics(session)
            yield from bulk_metrics(session)
            yield from _heartbeats(session)


def _publications(session: Session) -> Metric:
    family = GaugeMetricFamily(
        "igny8_publications", "Publications by their state.", labels=["state"]
    )
    counts = ended_publications(session) | _open_publications(session)
    for state in PublicationState:
        family.add_metric([state.value], counts.get(state, 0))
    return family


@kept
def ended_publications(session: Session) -> dict[PublicationState, int]:
    """Count every state. Of the open ones it is too old: they are counted anew each time."""
    query = sa.select(Publication.state, sa.func.count()).group_by(Publication.state)
    return dict(session.execute(query).all())


def _open_publications(session: Session) -> dict[PublicationState, int]:
    """Count what waits and what is on its way: partial indexes have just these."""
    counts = dict.fromkeys((*WAITING, PublicationState.PUBLISHING), 0)
    for is_open in (Publication.state.in_(WAITS), Publication.state == ON_ITS_WAY):
        query = sa.select(Publication.state, sa.func.count()).where(is_open)
        counts |= dict(session.execute(query.group_by(Publication.state)).all())
    return counts


def _waiting(session: Session) -> Iterator[Metric]:
    is_due = sa.and_(Publication.state.in_(WAITS), Publication.due_at <= now(), NOT_TOO_LATE)
    due = sa.case((IN_SERVICE, Publication.due_at))
    query = (
        sa.select(sa.func.count(due), sa.func.min(due), sa.func.count(), now())
        .select_from(Publication)
        .join(Integration, Integration.id == Publication.integration_id)
        .where(is_due)
    )
    count, oldest, all_due, present = session.execute(query).one()
    age = (present - oldest).total_seconds() if oldest else 0.0
    yield GaugeMetricFamily("igny8_publications_due", "Due and not yet claimed.", value=count)
    yield GaugeMetricFamily(
        "igny8_oldest_due_age_seconds", "How long the oldest due one has waited.", value=max(age, 0)
    )
    yield GaugeMetricFamily(
        "igny8_publications_parked",
        "Due, but their site or account is suspended or switched off.",
        value=all_due - count,
    )


def _attempts(session: Session) -> Iterator[Metric]:
    newest = session.scalar(sa.select(sa.func.max(Attempt.id))) or 0
    # Ids only grow, also when history is pruned, and the highest is found without counting.
    yield CounterMetricFamily("igny8_attempts", "HTTP requests to sites, about.", value=newest)
    recent = sa.select(Attempt.status_code).order_by(Attempt.id.desc()).limit(RECENT).subquery()
    query = sa.select(recent.c.status_code, sa.func.count()).group_by(recent.c.status_code)
    counts = dict.fromkeys(RESULTS, 0)
    for status, count in session.execute(query):
        label = f"{status // 100}xx" if status else "none"
        counts[label if label in counts else "none"] += count
    family = GaugeMetricFamily(
        "igny8_recent_attempts",
        f"The newest {RECENT} requests to sites by their answer.",
        labels=["result"],
    )
    for label, count in counts.items():
        family.add_metric([label], count)
    yield family


def _census(session: Session) -> Metric:
    family = GaugeMetricFamily(
        "igny8_census_findings",
        "Differences that the last census of each site found.",
        labels=["kind"],
    )
    counts = count_findings(session)
    for kind in Kind:
        family.add_metric([kind.value], counts.get(kind.value, 0))
    return family


def _inbox(session: Session) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "igny8_inbox_messages",
        "Webhooks that are to be read, are being read, or ended so in the last day.",
        labels=["state"],
    )
    for state, count in count_messages(session).items():
        family.add_metric([state.value], count)
    yield family
    yield GaugeMetricFamily(
        "igny8_inbox_oldest_age_seconds",
        "How long the oldest unread webhook of a site that is well has waited.",
        value=oldest_webhook_age(session),
    )


def _heartbeats(session: Session) -> Iterator[Metric]:
    ages = GaugeMetricFamily(
        "igny8_heartbeat_age_seconds",
        "Since a periodic task last ran to its end.",
        labels=["task"],
    )
    expected = GaugeMetricFamily(
        "igny8_heartbeat_interval_seconds", "How often it runs.", labels=["task"]
    )
    seconds = intervals()
    for name, tick in last_ticks(session).items():
        expected.add_metric([name], seconds[name])
        if tick is not None:
            ages.add_metric([name], tick.age)
    yield from (ages, expected)
