"""Who works on what: the claim of due rows, and their leases (docs/decisions/0001).

Each is one UPDATE that names the old state; on SQLite under BEGIN IMMEDIATE. Never a SELECT and
then an UPDATE: SQLite drops FOR UPDATE in silence, and two workers would take the same row.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, defer

from models.clock import now, now_plus
from models.integration import Integration
from models.publication import ON_ITS_WAY, WAITS, Batch, Publication, PublicationState
from models.publishing.suspects import is_suspect
from models.sites.standing import IN_SERVICE, MAY_POST, NOT_TOO_LATE

DISPATCH_LOCK = 0x69676E7A
"""Any number of our own, the same in every process."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch that this process may work on until the lease ends."""

    batch_id: int
    publication_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Room:
    """How many batches may be on their way at the same time."""

    batches: int
    per_account: int
    """Of these, for one account where there are others."""


def wait_for_turn(session: Session) -> None:
    """Let one dispatcher at a time count what is on its way: two would both fill the same room.

    SQLite has one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(DISPATCH_LOCK)))


def sites_with_work(session: Session, room: Room) -> list[tuple[Integration, datetime]]:
    """Return the integrations that get a batch now, in their order, each with the present time.

    They have due work and no batch on the way, and nothing holds them up. The next one is always
    of the account that would have the fewest batches on their way, and there the one that has
    waited longest: neither many sites nor many items make another account wait.

    The integration's row is locked (PostgreSQL), so two dispatchers at once can't both start a
    batch for it: what keeps a site at its limit of requests.
    """
    places = _places()
    query = (
        sa.select(Integration, now())
        .join(places, places.c.id == Integration.id)
        .where(
            *_open_for_work(),
            sa.or_(places.c.turn <= room.per_account, ~_other_accounts()),
            places.c.place <= room.batches - places.c.running,
        )
        .order_by(places.c.place)
        .options(defer(Integration.credentials))  # one that can't be read must not stop the others
        .with_for_update(skip_locked=True, of=Integration)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def _other_accounts() -> sa.Exists:
    other = aliased(Integration)
    return sa.exists().where(other.is_active, other.account_id != Integration.account_id)


def _open_for_work() -> tuple[sa.ColumnElement[bool], ...]:
    breaker = Integration.breaker_open_until
    return (IN_SERVICE, MAY_POST, sa.or_(breaker.is_(None), breaker <= now()))


def _places() -> sa.Subquery:
    """Return who would be next if there were room for all.

    ``turn``: which batch of its account it would be; ``running``: how many there are of all.
    """
    sites = _sites()
    waits = sites.c.waiting.is_not(None)
    waiting_first = sa.case((waits, 0), else_=1)
    running = sa.func.sum(sites.c.busy)
    turns = sa.select(
        sites.c.id,
        sites.c.waiting,
        running.over().label("running"),
        (
            running.over(partition_by=sites.c.account_id)
            + sa.func.row_number().over(
                partition_by=(sites.c.account_id, waiting_first),
                order_by=(sites.c.waiting, sites.c.id),
            )
        ).label("turn"),
    ).subquery("turns")
    order = (turns.c.turn, turns.c.waiting, turns.c.id)
    place = sa.func.row_number().over(order_by=order).label("place")
    return sa.select(turns, place).where(turns.c.waiting.is_not(None)).subquery("places")


def _sites() -> sa.Subquery:
    """Return all integrations: whether a batch is on its way, else since when work waits."""
    publishing = (
        sa.select(Publication.integration_id)
        .where(Publication.state == ON_ITS_WAY)
        .distinct()
        .subquery("publishing")
    )
    waiting = (
        sa.select(sa.func.min(Publication.due_at))
        .where(
            Publication.integration_id == Integration.id,
            Publication.state.in_(WAITS),
            Publication.due_at <= now(),
            NOT_TOO_LATE,
        )
        .correlate(Integration)
        .scalar_subquery()
    )
    idle = publishing.c.integration_id.is_(None)
    return (
        sa.select(
            Integration.id,
            Integration.account_id,
            sa.case((idle, 0), else_=1).label("busy"),
            sa.case((sa.and_(idle, *_open_for_work()), waiting)).label("waiting"),
        )
        .outerjoin(publishing, publishing.c.integration_id == Integration.id)
        .subquery("sites")
    )


def claim_batch(session: Session, integration_id: int, size: int, lease: float) -> Claim | None:
    """Claim up to ``size`` due publications of one site for ``lease`` seconds, or return None."""
    batch = Batch(integration_id=integration_id)
    session.add(batch)
    session.flush()
    due = _due(integration_id, size)
    claimed = session.execute(
        sa.update(Publication)
        .where(Publication.id.in_(sa.select(due.c.id)), Publication.state.in_(WAITS))
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


def _due(integration_id: int, size: int) -> sa.CTE:
    """Return what a site's next batch is made of: the longest due, and others up to ``size``.

    What has lost workers or was refused before goes alone (see `models.publishing.suspects`).
    """
    # A dispatcher that waited for the site's row chose it before the other one's batch was seen.
    other = aliased(Publication)
    busy = sa.exists().where(other.integration_id == integration_id, other.state == ON_ITS_WAY)
    waits = (
        Publication.integration_id == integration_id,
        Publication.state.in_(WAITS),
        Publication.due_at <= now(),
        NOT_TOO_LATE,
    )
    order = (Publication.due_at, Publication.id)
    first = (
        sa.select(Publication.id, is_suspect().label("suspect"))
        .where(*waits)
        .order_by(*order)
        .limit(1)
        .cte("first")
    )
    alone = sa.select(first.c.suspect).scalar_subquery()
    is_first = Publication.id == sa.select(first.c.id).scalar_subquery()
    together = sa.and_(~alone, ~is_suspect())
    return (
        sa.select(Publication.id)
        .where(*waits, ~busy, sa.or_(is_first, together))
        .order_by(*order)
        .limit(size)
        .with_for_update(skip_locked=True)
        # As a subquery PostgreSQL may run it once per row, and its LIMIT bounds nothing.
        .cte("due")
    )


def renew_lease(session: Session, batch_id: int, lease: float) -> bool:
    """Prolong the lease of a batch; False when it was lost and the work must stop."""
    renewed = session.execute(
        sa.update(Publication)
        .where(Publication.batch_id == batch_id, Publication.state == ON_ITS_WAY)
        .values(leased_until=now_plus(lease))
        .execution_options(synchronize_session=False)
    )
    return bool(renewed.rowcount)  # type: ignore[attr-defined]
