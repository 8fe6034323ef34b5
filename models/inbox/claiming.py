"""Who reads which messages: the claim of a site's, and what a lost worker held.

As in `models.publishing.claiming` each is one UPDATE that names the old state; a batch's id is
the token.
A site has one batch of messages at a time, so its messages are read in the order they came.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

import settings
from models.account import Account
from models.clock import now, now_plus
from models.inbox.batches import given_back
from models.inbox_message import DERIVED, IS_READ, IS_WAITING, InboxMessage, InboxState
from models.integration import Integration
from models.publication import Batch
from models.site import Site

PLATFORM = "wordpress"
"""Whose webhooks these are."""

AT_ONCE = 100
"""Messages of a batch."""

ALONE_AFTER = 2
"""A message that failed so often is read alone: what ends a worker takes no other along."""


@dataclass(frozen=True, slots=True)
class InboxClaim:
    """Messages that this process may read until the lease ends."""

    batch_id: int


def sites_with_messages(session: Session, room: int) -> list[Integration]:
    """Return the integrations whose messages may be read now, the longest waiting site first.

    At most ``room`` sites are read at once. A site's row is locked (PostgreSQL), against nothing
    but another sweep: new messages of it still come in.
    """
    other = aliased(InboxMessage)
    waiting = (
        sa.select(InboxMessage.site_id, sa.func.min(InboxMessage.id).label("first"))
        .where(InboxMessage.state == IS_WAITING, InboxMessage.due_at <= now())
        .group_by(InboxMessage.site_id)
        .cte("waiting_sites")
    )
    busy = sa.select(sa.func.count(sa.distinct(other.site_id))).where(other.state == IS_READ)
    left = max(room - (session.scalar(busy) or 0), 0)
    query = (
        sa.select(Integration)
        .join(waiting, waiting.c.site_id == Integration.site_id)
        .join(Site, Site.id == Integration.site_id)
        .join(Account, Account.id == Integration.account_id)
        .where(*_open(), ~_is_read(Integration.site_id))
        .order_by(waiting.c.first)
        .limit(left)
        .with_for_update(of=Site, key_share=True, skip_locked=True)
    )
    return list(session.scalars(query))


def _open() -> tuple[sa.ColumnElement[bool], ...]:
    """Its messages wait while it is switched off: nothing is lost, and nothing done."""
    return (
        Integration.platform == PLATFORM,
        Integration.is_active.is_(True),
        Site.is_active.is_(True),
        Account.suspended_at.is_(None),
    )


def _is_read(site_id: Any) -> sa.Exists:
    other = aliased(InboxMessage)
    return sa.exists().where(other.site_id == site_id, other.state == IS_READ)


def integrations_of(session: Session, site_ids: Collection[int]) -> list[Integration]:
    """Return the integrations that the webhooks of these sites are for."""
    wanted = Integration.site_id.in_(site_ids), Integration.platform == PLATFORM
    return list(session.scalars(sa.select(Integration).where(*wanted))) if site_ids else []


def end_orphans(session: Session) -> list[int]:
    """End the messages of sites that have no integration; return their ids.

    There is nothing for an event to stand at.
    """
    connected = sa.exists().where(
        Integration.site_id == InboxMessage.site_id, Integration.platform == PLATFORM
    )
    ended = session.execute(
        sa.update(InboxMessage)
        .where(InboxMessage.state == IS_WAITING, ~connected)
        .values(state=InboxState.IGNORED, reason="the site has no integration", finished_at=now())
        .returning(InboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    return list(ended.scalars())


def claim_messages(session: Session, integration: Integration, lease: float) -> InboxClaim | None:
    """Claim a site's next messages for ``lease`` seconds, or return None."""
    batch = Batch(integration_id=integration.id)
    session.add(batch)
    session.flush()
    due = _due(integration.site_id)
    claimed = session.execute(
        sa.update(InboxMessage)
        .where(InboxMessage.id.in_(sa.select(due.c.id)), InboxMessage.state == IS_WAITING)
        .values(
            state=InboxState.READING,
            fence=batch.id,
            leased_until=now_plus(lease),
            site_said=sa.null(),
            # From now on the same bytes are news again.
            message_id=sa.case(
                (InboxMessage.message_id.startswith(DERIVED), sa.null()),
                else_=InboxMessage.message_id,
            ),
        )
        .returning(InboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    if not claimed.scalars().all():
        session.delete(batch)
        return None
    return InboxClaim(batch.id)


def _due(site_id: int) -> sa.CTE:
    waits = (
        InboxMessage.site_id == site_id,
        InboxMessage.state == IS_WAITING,
        InboxMessage.due_at <= now(),
    )
    first = (
        sa.select(InboxMessage.id, InboxMessage.attempts)
        .where(*waits)
        .order_by(InboxMessage.id)
        .limit(1)
        .cte("first")
    )
    alone = sa.select(first.c.attempts >= ALONE_AFTER).scalar_subquery()
    is_first = InboxMessage.id == sa.select(first.c.id).scalar_subquery()
    together = sa.and_(~alone, InboxMessage.attempts < ALONE_AFTER)
    return (
        sa.select(InboxMessage.id)
        # A sweep that waited for the site's row chose it before the other one's batch was seen.
        .where(*waits, ~_is_read(site_id), sa.or_(is_first, together))
        .order_by(InboxMessage.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
        .cte("due")
    )


def rescue_messages(session: Session) -> list[InboxMessage]:
    """Give back what a lost worker read; return the messages, of which some may be dead now."""
    longest = 2 * settings.current().lease
    leased_until = InboxMessage.leased_until
    lost = sa.or_(leased_until < now(), leased_until.is_(None), leased_until > now_plus(longest))
    rescued = session.execute(
        sa.update(InboxMessage)
        .where(InboxMessage.state == IS_READ, lost)
        .values(
            **given_back(InboxMessage.attempts + 1),
            due_at=now(),
            reason="the worker that read it was lost",
        )
        .returning(InboxMessage)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return list(rescued.scalars())
