"""What waits for a site: how much, and for how long. Reads only, from partial indexes.

With it comes what was last counted of the site: a page that shows both pays one round trip.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.clock import now
from models.inbox_message import IS_WAITING, InboxMessage
from models.integration import Integration
from models.publication import ON_ITS_WAY, WAITS, Publication
from models.sites.standing import IN_SERVICE, STRUGGLES
from models.sites.synced_counts import LAST_COUNT, LastCount


@dataclass(frozen=True, slots=True)
class Backlog:
    """Publications and webhooks; ages in seconds, 0 where nothing waits."""

    waiting: int
    publishing: int
    oldest_due_seconds: float
    webhooks: int
    oldest_webhook_seconds: float
    last_count: LastCount

    @property
    def lag_seconds(self) -> float:
        """How far behind the slower direction is."""
        return max(self.oldest_due_seconds, self.oldest_webhook_seconds)


def _everything() -> sa.Select[*tuple[Any, ...]]:
    ours = Publication.integration_id == sa.bindparam("integration_id", type_=sa.Integer)
    due = sa.case((Publication.due_at <= now(), Publication.due_at))
    waits = (ours, Publication.state.in_(WAITS))
    site = InboxMessage.site_id == sa.bindparam("site_id", type_=sa.Integer)
    messages = (site, InboxMessage.state == IS_WAITING)
    parts = (
        sa.select(sa.func.count(Publication.id)).where(*waits),
        sa.select(sa.func.min(due)).where(*waits),
        sa.select(sa.func.count(Publication.id)).where(ours, Publication.state == ON_ITS_WAY),
        sa.select(sa.func.count(InboxMessage.id)).where(*messages),
        sa.select(sa.func.min(InboxMessage.received_at)).where(*messages),
    )
    return sa.select(*(part.scalar_subquery() for part in parts), now(), *LAST_COUNT)


# Built once: to put it together and find its cached form costs more than to run it.
_EVERYTHING = _everything()


def backlog_of(session: Session, integration: Integration) -> Backlog:
    """Return what waits for a site at this moment."""
    of = {"integration_id": integration.id, "site_id": integration.site_id}
    found = session.execute(_EVERYTHING, of).one()
    waiting, oldest, publishing, webhooks, first, present, *last_count = found
    return Backlog(
        waiting,
        publishing,
        max((present - oldest).total_seconds(), 0.0) if oldest else 0.0,
        webhooks,
        max((present - first).total_seconds(), 0.0) if first else 0.0,
        LastCount(*last_count),
    )


def oldest_webhook_age(session: Session) -> float:
    """Return the seconds since the oldest webhook came that waits at a site that is well.

    A site that is out of service or away keeps its own: that they wait is no fault of ours.
    """
    is_well = sa.exists().where(Integration.site_id == InboxMessage.site_id, IN_SERVICE, ~STRUGGLES)
    query = sa.select(sa.func.min(InboxMessage.received_at), now()).where(
        InboxMessage.state == IS_WAITING, is_well
    )
    oldest, present = session.execute(query).one()
    return max((present - oldest).total_seconds(), 0.0) if oldest else 0.0
