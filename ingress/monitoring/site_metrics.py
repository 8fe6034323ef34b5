"""Metrics of sites: what becomes of their publishes, and what holds them up."""

from collections import Counter
from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy.orm import Session

from models import EventStatus, Integration, SyncEvent
from models.clock import now, now_plus
from models.kept_numbers import kept
from models.sites.standing import SWITCHED_ON
from tasks.sites.releases import outdated_sites

EVENTS = 20_000
"""Of the newest, looked at for the last hour: as quick with a million rows as with none."""

SITES = 50
"""That have a label of their own, the ones with most failures first: a label for each of ten
thousand sites would cost the one who stores them more than they tell."""

OTHERS = "others"
HOUR = 3600.0
RESULTS = {EventStatus.SUCCESS: "published", EventStatus.FAILED: "failed"}


def site_metrics(session: Session) -> Iterator[Metric]:
    """Read what the sites do at this moment."""
    yield _publishes(session)
    yield _breakers(session)
    yield from _held_up(session)
    yield GaugeMetricFamily(
        "igny8_plugins_outdated",
        "Connected sites whose plugin is older than the one that comes with this engine.",
        value=_outdated(session),
    )


_outdated = kept(outdated_sites)


def _publishes(session: Session) -> Metric:
    family = GaugeMetricFamily(
        "igny8_publishes_last_hour",
        f"Publishes by their result; of the {SITES} sites with most failures by site, too.",
        # The id, not the address: this page asks for no password, and whose sites there are
        # is nobody's business. `igny8 site list` has both.
        labels=["site", "result"],
    )
    for (site, result), count in _by_site(session).items():
        family.add_metric([site, result], count)
    return family


def _by_site(session: Session) -> Counter[tuple[str, str]]:
    newest = (
        sa.select(
            SyncEvent.site_id, SyncEvent.action, SyncEvent.status, SyncEvent.created_at.label("at")
        )
        .order_by(SyncEvent.id.desc())
        .limit(EVENTS)
        .subquery()
    )
    query = (
        sa.select(newest.c.site_id, newest.c.status, sa.func.count())
        .where(
            newest.c.action == "content_publish",
            newest.c.status.in_(list(RESULTS)),
            newest.c.at > now_plus(-HOUR),
        )
        .group_by(newest.c.site_id, newest.c.status)
    )
    rows = session.execute(query).all()
    failures = Counter({site: n for site, status, n in rows if status is EventStatus.FAILED})
    busy = Counter({site: n for site, _, n in rows})
    shown = {site for site, _ in (failures + Counter()).most_common(SITES)}
    shown |= {site for site, _ in busy.most_common(SITES - len(shown))}
    counts: Counter[tuple[str, str]] = Counter({(OTHERS, each): 0 for each in RESULTS.values()})
    for site, status, number in rows:
        counts[str(site) if site in shown else OTHERS, RESULTS[status]] += number
    return counts


def _breakers(session: Session) -> Metric:
    state = sa.case(
        (Integration.breaker_opens == 0, "closed"),
        (Integration.breaker_open_until > now(), "open"),
        else_="half_open",
    )
    each = sa.select(state.label("state")).where(Integration.is_active).subquery()
    query = sa.select(each.c.state, sa.func.count()).group_by(each.c.state)
    counts = dict.fromkeys(("closed", "open", "half_open"), 0) | dict(session.execute(query).all())
    family = GaugeMetricFamily(
        "igny8_breakers", "Sites by what their breaker lets through.", labels=["state"]
    )
    for name, count in counts.items():
        family.add_metric([name], count)
    return family


def _held_up(session: Session) -> Iterator[Metric]:
    kinds = {
        "igny8_suspended_integrations": (
            "Sites that get nothing until they are repaired.",
            sa.and_(SWITCHED_ON, Integration.suspended_at.is_not(None)),
        ),
        "igny8_suspended_for_an_hour": (
            "Those of them that have been so for an hour.",
            sa.and_(SWITCHED_ON, Integration.suspended_at <= now_plus(-HOUR)),
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
