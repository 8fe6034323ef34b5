"""Prometheus metrics, read from the database when scraped: every process says the same."""

from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.orm import Session

from models import WAITING, Attempt, Heartbeat, Integration, Publication, PublicationState
from models.census import count_findings
from models.clock import now
from models.inbox_counting import count_messages, oldest_age
from models.session import session_scope
from pipeline.census import Kind
from tasks.heartbeat import intervals

RECENT = 1000
"""Attempts looked at: enough for a rate, and as quick with a million rows as with none."""

RESULTS = ("2xx", "3xx", "4xx", "5xx", "none")


class DatabaseCollector(Collector):
    """Labels are states, results and our own tasks: their number never grows."""

    def collect(self) -> Iterator[Metric]:
        with session_scope(read_only=True) as session:
            yield _publications(session)
            yield from _waiting(session)
            yield from _attempts(session)
            yield from _cared_for(session)
            yield _census(session)
            yield from _inbox(session)
            yield _heartbeats(session)


def _publications(session: Session) -> Metric:
    family = GaugeMetricFamily(
        "igny8_publications", "Publications by their state.", labels=["state"]
    )
    query = sa.select(Publication.state, sa.func.count()).group_by(Publication.state)
    counts = dict(session.execute(query).all())
    for state in PublicationState:
        family.add_metric([state.value], counts.get(state, 0))
    return family


def _waiting(session: Session) -> Iterator[Metric]:
    query = sa.select(sa.func.count(), sa.func.min(Publication.due_at), now()).where(
        Publication.state.in_(WAITING), Publication.due_at <= now()
    )
    count, oldest, present = session.execute(query).one()
    age = (present - oldest).total_seconds() if oldest else 0.0
    yield GaugeMetricFamily("igny8_publications_due", "Due and not yet claimed.", value=count)
    yield GaugeMetricFamily(
        "igny8_oldest_due_age_seconds", "How long the oldest due one has waited.", value=max(age, 0)
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


def _cared_for(session: Session) -> Iterator[Metric]:
    kinds = {
        "igny8_suspended_integrations": (
            "Sites that get nothing until they are repaired.",
            Integration.suspended_at.is_not(None),
        ),
        "igny8_breaker_open": (
            "Sites that keep failing: left alone, or tried with one post.",
            Integration.breaker_opens > 0,
        ),
        "igny8_sites_slowed": (
            "Sites that get less at once, because they answer slowly or ask us to.",
            Integration.slowness > 0,
        ),
    }
    counts = (sa.func.count(sa.case((condition, 1))) for _, condition in kinds.values())
    for (name, (words, _)), count in zip(
        kinds.items(), session.execute(sa.select(*counts)).one(), strict=True
    ):
        yield GaugeMetricFamily(name, words, value=count)


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
        "How long the oldest unread webhook has waited.",
        value=oldest_age(session),
    )


def _heartbeats(session: Session) -> Metric:
    family = GaugeMetricFamily(
        "igny8_heartbeat_age_seconds",
        "Since a periodic task last ran to its end.",
        labels=["task"],
    )
    query = sa.select(Heartbeat.name, Heartbeat.at, now()).where(Heartbeat.name.in_(intervals()))
    for name, at, present in session.execute(query):
        family.add_metric([name], (present - at).total_seconds())
    return family
