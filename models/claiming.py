"""Who works on what: the claim of due rows, leases, and their rescue (ARCHITECTURE decision 2).

Each is one UPDATE that names the old state; on SQLite under BEGIN IMMEDIATE. Never a SELECT and
then an UPDATE: SQLite drops FOR UPDATE in silence, and two workers would take the same row.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from models.clock import now, now_plus
from models.integration import Integration
from models.publication import WAITING, Batch, Publication, PublicationState


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch that this process may work on until the lease ends."""

    batch_id: int
    publication_ids: tuple[int, ...]


def sites_with_work(session: Session, limit: int) -> list[int]:
    """Return integrations that have due work and no batch on the way, longest waiting first.

    The integration's row is locked (PostgreSQL), so two dispatchers at once can't both start a
    batch for it: what keeps a site at its limit of requests.
    """
    waiting = (
        sa.select(sa.func.min(Publication.due_at))
        .where(
            Publication.integration_id == Integration.id,
            Publication.state.in_(WAITING),
            Publication.due_at <= now(),
        )
        .correlate(Integration)
        .scalar_subquery()
    )
    busy = sa.exists().where(
        Publication.integration_id == Integration.id,
        Publication.state == PublicationState.PUBLISHING,
    )
    query = (
        sa.select(Integration.id)
        .where(
            Integration.is_active,
            Integration.suspended_at.is_(None),
            waiting.is_not(None),
            ~busy,
        )
        .order_by(waiting)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Integration)
    )
    return list(session.scalars(query))


def claim_batch(session: Session, integration_id: int, size: int, lease: float) -> Claim | None:
    """Claim up to ``size`` due publications of one site for ``lease`` seconds, or return None."""
    batch = Batch(integration_id=integration_id)
    session.add(batch)
    session.flush()
    # A dispatcher that waited for the site's row chose it before the other one's batch was seen.
    other = aliased(Publication)
    busy = sa.exists().where(
        other.integration_id == integration_id, other.state == PublicationState.PUBLISHING
    )
    due = (
        sa.select(Publication.id)
        .where(
            Publication.integration_id == integration_id,
            Publication.state.in_(WAITING),
            Publication.due_at <= now(),
            ~busy,
        )
        .order_by(Publication.due_at, Publication.id)
        .limit(size)
        .with_for_update(skip_locked=True)
        # As a subquery PostgreSQL may run it once per row, and its LIMIT bounds nothing.
        .cte("due")
    )
    claimed = session.execute(
        sa.update(Publication)
        .where(Publication.id.in_(sa.select(due.c.id)), Publication.state.in_(WAITING))
        .values(
            state=PublicationState.PUBLISHING,
            batch_id=batch.id,
            fence=Publication.fence + 1,
            leased_until=now_plus(lease),
        )
        .returning(Publication.id)
        .execution_options(synchronize_session=False)
    )
    ids = tuple(claimed.scalars())
    if not ids:
        session.delete(batch)
        return None
    return Claim(batch.id, ids)


def renew_lease(session: Session, batch_id: int, lease: float) -> bool:
    """Prolong the lease of a batch; False when it was lost and the work must stop."""
    renewed = session.execute(
        sa.update(Publication)
        .where(Publication.batch_id == batch_id, Publication.state == PublicationState.PUBLISHING)
        .values(leased_until=now_plus(lease))
        .execution_options(synchronize_session=False)
    )
    return bool(renewed.rowcount)  # type: ignore[attr-defined]


def rescue_expired(session: Session) -> list[int]:
    """Give back what nobody works on any more; its next step asks the site first.

    Whether the lost worker had sent anything is unknown, so every item comes back unclear.
    """
    rescued = session.execute(
        sa.update(Publication)
        .where(Publication.state == PublicationState.PUBLISHING, Publication.leased_until < now())
        .values(
            state=PublicationState.UNCONFIRMED,
            unclear=True,
            batch_id=None,
            leased_until=None,
            due_at=now(),
        )
        .returning(Publication.id)
        .execution_options(synchronize_session=False)
    )
    return list(rescued.scalars())
