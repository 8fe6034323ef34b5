"""Requests about a site on their way: accepted once, claimed under a lease, found when lost.

Each is one statement that names the old state and the fence, as in `models.publishing.claiming`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, joinedload

from models.account import suspended_accounts
from models.clock import now, now_plus
from models.integration import Integration
from models.site_run import IS_OPEN, SiteRun, SiteRunKind, SiteRunState

MOST_CLAIMS = 8
"""Claims of one run that a link began with: after that its workers were lost again and again."""

MUST_SETTLE = "switch_sent"
"""A run's argument: the site may have another key by now, and no run ends before it says so."""

MOST_SETTLING_CLAIMS = 64
"""Of such a run, which is claimed for every time that the site is asked."""

BEGUN = "begun"
"""A run's argument: the fence of the claim that a link began with last."""


@dataclass(frozen=True, slots=True)
class SiteRunClaim:
    """A run that this process may start until its lease ends."""

    run_id: str
    kind: SiteRunKind
    fence: int


def accept_site_run(
    session: Session,
    integration: Integration,
    kind: SiteRunKind,
    *,
    subject: str = "",
    arguments: Mapping[str, Any] | None = None,
) -> tuple[SiteRun, bool]:
    """Return the open run of this kind and subject, and whether it was made now.

    Asking twice is one run; the partial unique index keeps it so when two ask at once.
    """
    insert = postgresql.insert if _is_postgresql(session) else sqlite.insert
    run = SiteRun(integration_id=integration.id, kind=kind, subject=subject)
    adding = insert(SiteRun).values(
        account_id=integration.account_id,
        integration_id=integration.id,
        kind=kind,
        subject=subject,
        arguments=dict(arguments or {}),
    )
    while True:
        made = session.scalar(adding.on_conflict_do_nothing().returning(SiteRun.id))
        if made is not None:
            _note_status(session, [integration.id], kind, _ACCEPTED)
            return session.get_one(SiteRun, made), True
        found = session.scalars(_open_run(run)).one_or_none()
        if found is not None:  # else it ended between the two statements
            return found, False


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _open_run(like: SiteRun) -> sa.Select[SiteRun]:
    return sa.select(SiteRun).where(
        SiteRun.integration_id == like.integration_id,
        SiteRun.kind == like.kind,
        SiteRun.subject == like.subject,
        IS_OPEN,
    )


_ACCEPTED: Mapping[SiteRunKind, dict[str, Any]] = {
    SiteRunKind.CONNECTION_TEST: {
        "connection_status": sa.case(
            (Integration.connection_status == "not_connected", "authenticating"),
            else_=Integration.connection_status,
        )
    },
    SiteRunKind.STRUCTURE_SYNC: {"sync_status": "pending"},
}
_CLAIMED: Mapping[SiteRunKind, dict[str, Any]] = {
    SiteRunKind.STRUCTURE_SYNC: {"sync_status": "syncing"}
}


def _note_status(
    session: Session,
    integration_ids: Collection[int],
    kind: SiteRunKind,
    changes: Mapping[SiteRunKind, dict[str, Any]],
) -> None:
    """Keep connection_status (C41) and sync_status (C12) in step with the runs."""
    if values := changes.get(kind):
        session.execute(
            sa.update(Integration)
            .where(Integration.id.in_(list(integration_ids)))
            .values(**values)
            .execution_options(synchronize_session="fetch")
        )


def claim_site_runs(
    session: Session, kinds: Collection[SiteRunKind], lease: float, limit: int
) -> list[SiteRunClaim]:
    """Claim up to ``limit`` due runs of these kinds for ``lease`` seconds.

    Those of a suspended account wait until it is let in again.
    """
    due = (
        sa.select(SiteRun.id)
        .where(
            IS_OPEN,
            SiteRun.state == SiteRunState.QUEUED,
            SiteRun.due_at <= now(),
            SiteRun.kind.in_(list(kinds)),
            SiteRun.account_id.not_in(suspended_accounts()),
        )
        .order_by(SiteRun.due_at, SiteRun.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    return _claim(session, SiteRun.id.in_(sa.select(due.c.id)), lease)


def claim_site_run(session: Session, run_id: str, lease: float) -> SiteRunClaim | None:
    """Claim this run, due or not; None when somebody has it or it has ended."""
    return next(iter(_claim(session, SiteRun.id == run_id, lease)), None)


def _claim(session: Session, which: sa.ColumnElement[bool], lease: float) -> list[SiteRunClaim]:
    claimed = session.execute(
        sa.update(SiteRun)
        .where(which, SiteRun.state == SiteRunState.QUEUED)
        .values(
            state=SiteRunState.RUNNING,
            fence=SiteRun.fence + 1,
            leased_until=now_plus(lease),
        )
        .returning(SiteRun.id, SiteRun.kind, SiteRun.fence, SiteRun.integration_id)
        .execution_options(synchronize_session=False)
    ).all()
    for kind in {row.kind for row in claimed}:
        ids = [row.integration_id for row in claimed if row.kind is kind]
        _note_status(session, ids, kind, _CLAIMED)
    return [SiteRunClaim(row.id, row.kind, row.fence) for row in claimed]


def hold_site_run(session: Session, run_id: str, lease: float) -> SiteRun | None:
    """Prolong a run's lease and return it with its integration and site; None when it is over.

    The first link of a claim counts the attempt: while its chain waits in a queue that nobody
    serves, the lease ends as well, and no worker was lost with it.
    """
    held = session.execute(
        sa.update(SiteRun)
        .where(SiteRun.id == run_id, SiteRun.state == SiteRunState.RUNNING)
        .values(leased_until=now_plus(lease))
        .execution_options(synchronize_session=False)
    )
    if not held.rowcount:  # type: ignore[attr-defined]
        return None
    whole = joinedload(SiteRun.integration, innerjoin=True).joinedload(
        Integration.site, innerjoin=True
    )
    run = session.scalars(sa.select(SiteRun).filter_by(id=run_id).options(whole)).one()
    if run.arguments.get(BEGUN) != run.fence:
        run.arguments = {**run.arguments, BEGUN: run.fence}
        run.attempts += 1
        session.flush()
    return run


def write_progress(session: Session, run: SiteRun, progress: Mapping[str, Any]) -> bool:
    """Leave ``progress`` for the next link; False when the run was claimed anew meanwhile."""
    return _write(session, run, {"progress": dict(progress)})


def note_argument(session: Session, run: SiteRun, name: str, value: object) -> bool:
    """Keep a fact with a run that outlasts its tries; False when it was claimed anew meanwhile."""
    run.arguments = {**run.arguments, name: value}
    return _write(session, run, {"arguments": run.arguments})


def postpone_site_run(session: Session, run: SiteRun, seconds: float) -> bool:
    """Give a run back, to be tried again in ``seconds``."""
    waits: dict[str, Any] = {
        "state": SiteRunState.QUEUED,
        "due_at": now_plus(seconds),
        "leased_until": None,
        "progress": {},
    }
    if written := _write(session, run, waits):
        _note_status(session, [run.integration_id], run.kind, _ACCEPTED)
    return written


def _write(session: Session, run: SiteRun, values: Mapping[str, Any]) -> bool:
    written = session.execute(
        sa.update(SiteRun)
        .where(
            SiteRun.id == run.id,
            SiteRun.fence == run.fence,
            SiteRun.state == SiteRunState.RUNNING,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(written.rowcount)  # type: ignore[attr-defined]


def release_site_run(session: Session, claim: SiteRunClaim) -> None:
    """Give a run back that was never started."""
    session.execute(
        sa.update(SiteRun)
        .where(
            SiteRun.id == claim.run_id,
            SiteRun.fence == claim.fence,
            SiteRun.state == SiteRunState.RUNNING,
        )
        .values(state=SiteRunState.QUEUED, leased_until=None)
        .execution_options(synchronize_session=False)
    )


def give_back_lost(session: Session, longest_lease: float) -> list[str]:
    """Queue the runs that nobody works on any more; return their ids.

    A lease that is missing, or longer than any we give, was not written by us.
    """
    given_back = session.execute(
        sa.update(SiteRun)
        .where(_is_lost(longest_lease), SiteRun.attempts < _most_claims())
        .values(state=SiteRunState.QUEUED, due_at=now(), leased_until=None, progress={})
        .returning(SiteRun.id)
        .execution_options(synchronize_session=False)
    )
    return list(given_back.scalars())


def used_up(session: Session, longest_lease: float) -> list[SiteRun]:
    """Return the lost runs that have lost too many workers to be tried again."""
    query = sa.select(SiteRun).where(_is_lost(longest_lease), SiteRun.attempts >= _most_claims())
    return list(session.scalars(query))


def _most_claims() -> sa.ColumnElement[int]:
    settles = SiteRun.arguments[MUST_SETTLE].as_boolean()
    return sa.case((settles, MOST_SETTLING_CLAIMS), else_=MOST_CLAIMS)


def _is_lost(longest_lease: float) -> sa.ColumnElement[bool]:
    leased_until = SiteRun.leased_until
    return sa.and_(
        IS_OPEN,
        SiteRun.state == SiteRunState.RUNNING,
        sa.or_(
            leased_until < now(), leased_until.is_(None), leased_until > now_plus(longest_lease)
        ),
    )
