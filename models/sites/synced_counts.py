"""How much of a site's content is ours: counted at once where it is little, else as last counted.

The plugin tells all types together; of these only `post`, `category` and `post_tag` are published.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.clock import UtcDateTime, now, now_plus
from models.content import Term, TermType, content_terms
from models.integration import Integration
from models.publication import Publication, PublicationState
from models.structure import SiteStructure

COUNTED_AT_ONCE = 2000
"""Publications: with five terms each this takes some 5 ms, and a page may take 20."""

COUNTED_EVERY, FRESH = 600.0, 1200.0
"""Seconds: how often a larger site is counted, and how long that is believed without a look."""

TAXONOMIES = {TermType.CATEGORY: "category", TermType.TAG: "post_tag"}
"""WordPress's names."""

SHOWN: sa.BindParameter[Any] = sa.bindparam(
    "shown", PublicationState.PUBLISHED, literal_execute=True
)
"""Written out in the statement: else SQLite does not see that the partial index fits."""


@dataclass(frozen=True, slots=True)
class Synced:
    counts: Mapping[str, Mapping[str, int]]
    """By kind, `post_types` and `taxonomies`, and by name."""

    at: datetime | None
    """When that was so; None: now."""


def published_count(session: Session, integration_id: int, most: int | None = None) -> int:
    """Return how many publications the site shows; no more than ``most`` are counted."""
    rows = sa.select(Publication.content_id).where(*_shown_by(integration_id))
    if most is not None:
        rows = rows.limit(most)
    return session.scalar(sa.select(sa.func.count()).select_from(rows.subquery())) or 0


def _shown_by(integration_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (Publication.integration_id == integration_id, Publication.state == SHOWN)


def synced_counts(session: Session, integration: Integration, known: SiteStructure) -> Synced:
    """Return the counts of a site, in a time that does not grow with its contents."""
    fresh = sa.select(sa.literal(known.synced_at, UtcDateTime()) > now_plus(-FRESH))
    if known.synced is not None and known.synced_at is not None and session.scalar(fresh):
        return Synced(known.synced, known.synced_at)
    few = published_count(session, integration.id, COUNTED_AT_ONCE + 1) <= COUNTED_AT_ONCE
    if few or known.synced is None:
        bound = None if few else COUNTED_AT_ONCE
        return Synced(count_synced(session, integration, bound), None)
    return Synced(known.synced, known.synced_at)


@dataclass(frozen=True, slots=True)
class LastCount:
    """What was counted of a site last."""

    counts: Mapping[str, Mapping[str, int]] | None
    fresh: bool | None


_OF = SiteStructure.integration_id == sa.bindparam("integration_id", type_=sa.Integer)

LAST_COUNT = (
    sa.select(SiteStructure.synced).where(_OF).scalar_subquery(),
    sa.select(SiteStructure.synced_at > now_plus(-FRESH)).where(_OF).scalar_subquery(),
)
"""The two columns of `LastCount`, for a statement that reads other things of the site too."""


def posts_synced(session: Session, integration_id: int, last: LastCount) -> int:
    """Return how many posts of ours a site shows; of a large site as they were counted last."""
    if last.counts is None:
        return published_count(session, integration_id)
    posts = last.counts["post_types"]["post"]
    if last.fresh:
        return posts
    counted = published_count(session, integration_id, COUNTED_AT_ONCE + 1)
    return counted if counted <= COUNTED_AT_ONCE else posts


def count_synced(
    session: Session, integration: Integration, most: int | None = None
) -> dict[str, dict[str, int]]:
    """Count a site's posts and the terms that they carry; of the first ``most`` posts only."""
    shown = sa.select(Publication.content_id).where(*_shown_by(integration.id))
    if most is not None:
        shown = shown.order_by(Publication.content_id).limit(most)
    of_posts = shown.subquery("shown")
    used = (
        sa.select(content_terms.c.term_id)
        .join(of_posts, of_posts.c.content_id == content_terms.c.content_id)
        .distinct()
        .subquery("used")
    )
    terms = session.execute(
        sa.select(Term.type, sa.func.count())
        .join(used, used.c.term_id == Term.id)
        .group_by(Term.type)
    )
    found = {row[0]: row[1] for row in terms}
    posts = published_count(session, integration.id, most)
    return {
        "post_types": {"post": posts},
        "taxonomies": {name: found.get(kind, 0) for kind, name in TAXONOMIES.items()},
    }


def recount(session: Session, integration: Integration) -> None:
    """Count a large site anew, and keep that for `synced_counts`."""
    counts = count_synced(session, integration)
    session.execute(
        sa.update(SiteStructure)
        .where(SiteStructure.integration_id == integration.id)
        .values(synced=counts, synced_at=now())
        .execution_options(synchronize_session=False)
    )


def stale_counts(session: Session, limit: int) -> list[int]:
    """Return large sites that are to be counted again: the never counted ones, then the oldest."""
    many = (
        sa.select(Publication.id)
        .where(
            Publication.integration_id == SiteStructure.integration_id, Publication.state == SHOWN
        )
        .correlate(SiteStructure)
        .offset(COUNTED_AT_ONCE)
        .limit(1)
        .exists()
    )
    query = (
        sa.select(SiteStructure.integration_id)
        .where(
            sa.or_(
                SiteStructure.synced_at.is_(None),
                SiteStructure.synced_at < now_plus(-COUNTED_EVERY),
            ),
            many,
        )
        .order_by(SiteStructure.synced_at.asc().nulls_first())
        .limit(limit)
    )
    return list(session.scalars(query))
