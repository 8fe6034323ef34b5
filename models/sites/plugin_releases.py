"""Sites whose plugin is behind the one that comes with this engine: counted, and told once."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.history import EventStatus, SyncEvent
from models.installation import Installation
from models.integration import Integration
from models.sites.standing import inactive_sites

RELEASES_LOCK = 0x706C7567
"""Any number of our own, the same in every process."""

ACTION = "plugin_outdated"

_CONNECTED = (
    Integration.platform == "wordpress",
    Integration.is_active.is_(True),
    Integration.site_id.not_in(inactive_sites()),
)


def versions_in_use(session: Session) -> dict[str, int]:
    """Return how many connected sites have registered each version."""
    query = (
        sa.select(Installation.version, sa.func.count())
        .join(Integration, Integration.site_id == Installation.site_id)
        .where(*_CONNECTED)
        .group_by(Installation.version)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def tell_outdated(session: Session, older: Collection[str], shipped: str, limit: int) -> int:
    """Write an event for up to ``limit`` sites that have an ``older`` version; return how many.

    Each site is told once of a version: what it was told of is its event, while history is kept.
    """
    _wait_for_turn(session)
    description = f"Version {shipped} of the plugin is out; the site has an older one"
    told = sa.exists().where(
        SyncEvent.integration_id == Integration.id,
        SyncEvent.action == ACTION,
        SyncEvent.description == description,
    )
    query = (
        sa.select(Integration.account_id, Integration.site_id, Integration.id, Installation.version)
        .join(Installation, Installation.site_id == Integration.site_id)
        .where(*_CONNECTED, Installation.version.in_(list(older)), ~told)
        .order_by(Integration.id)
        .limit(limit)
    )
    events = [
        {
            "account_id": account_id,
            "site_id": site_id,
            "integration_id": integration_id,
            "event_type": "sync",
            "action": ACTION,
            "status": EventStatus.PENDING,
            "description": description,
            "details": {"installed": installed, "shipped": shipped},
        }
        for account_id, site_id, integration_id, installed in session.execute(query)
    ]
    if events:
        by_nobody = {"direction": sa.null(), "content_type": sa.null()}
        session.execute(sa.insert(SyncEvent).values(**by_nobody), events)
    return len(events)


def _wait_for_turn(session: Session) -> None:
    """Let one at a time look: two would both tell. SQLite has one writer at a time anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(RELEASES_LOCK)))
