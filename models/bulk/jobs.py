"""Making bulk jobs, and what people do to them: each one statement that names the old state."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.bulk.feeding import NOT_APPROVED, SKIP_WORDS, wait_for_feeder
from models.bulk.progress import settle_items
from models.bulk_job import ITEM_WAITS, OPEN_JOBS, BulkItem, BulkItemState, BulkJob, BulkState
from models.clock import now
from models.content import Content, ContentStatus
from models.integration import Integration
from models.publication import Publication, PublicationState
from models.sites.standing import inactive_sites

IDS_AT_ONCE = 1000
"""PostgreSQL and SQLite bound the values of one statement."""

COLUMNS = ("job_id", "content_id", "integration_id", "state", "code", "reason")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which contents of an account are meant; ``content_ids`` or the rest."""

    content_ids: Sequence[int] | None = None
    site_id: int | None = None
    status: ContentStatus | None = None
    unpublished: bool = False
    """Only those that no site has, and that are not on their way to one."""

    def as_json(self) -> dict[str, Any]:
        """Return it for people, who need no list of thousands."""
        if self.content_ids is not None:
            return {"content_ids": len(self.content_ids)}
        status = None if self.status is None else self.status.value
        return {"site_id": self.site_id, "status": status, "unpublished": self.unpublished}


def make_bulk_job(
    session: Session,
    account_id: int,
    selection: Selection,
    options: Mapping[str, Any],
    integration: Integration | None = None,
) -> BulkJob:
    """Keep a job with an item for each content; the caller commits, then rings.

    An item that can't go anywhere is there as well, skipped, with its reason. ``integration``:
    else each goes to the only active one of its site.
    """
    job = BulkJob(account_id=account_id, selection=selection.as_json(), options=dict(options))
    session.add(job)
    session.flush()
    for ids in _groups(selection.content_ids):
        chosen = _chosen(account_id, selection, ids)
        found = _with_place(job, chosen, integration)
        session.execute(sa.insert(BulkItem).from_select(COLUMNS, found, include_defaults=False))
    return job


def has_more_than(session: Session, account_id: int, selection: Selection, most: int) -> bool:
    """Whether a filter finds more contents than ``most``; it stops counting there."""
    chosen = _chosen(account_id, selection, None)
    some = sa.select(Content.id).where(*chosen).limit(most + 1).subquery()
    return (session.scalar(sa.select(sa.func.count()).select_from(some)) or 0) > most


def unknown_contents(session: Session, account_id: int, ids: Sequence[int]) -> list[int]:
    """Return those of ``ids`` that are no content of the account."""
    known: set[int] = set()
    for group in _groups(ids):
        query = sa.select(Content.id).where(
            Content.account_id == account_id, Content.id.in_(group or ())
        )
        known.update(session.scalars(query))
    return [number for number in ids if number not in known]


def _groups(ids: Sequence[int] | None) -> Iterator[Sequence[int] | None]:
    if ids is None:
        yield None
        return
    for start in range(0, len(ids), IDS_AT_ONCE):
        yield ids[start : start + IDS_AT_ONCE]


def _chosen(
    account_id: int, selection: Selection, ids: Sequence[int] | None
) -> tuple[sa.ColumnElement[bool], ...]:
    conditions: list[sa.ColumnElement[bool]] = [Content.account_id == account_id]
    if ids is not None:
        conditions.append(Content.id.in_(ids))
    if selection.site_id is not None:
        conditions.append(Content.site_id == selection.site_id)
    if selection.status is not None:
        conditions.append(Content.status == selection.status)
    if selection.unpublished:
        has_one = sa.exists().where(
            Publication.content_id == Content.id,
            Publication.state.not_in((PublicationState.FAILED, PublicationState.WITHDRAWN)),
        )
        conditions.append(~has_one)
    return tuple(conditions)


def _with_place(
    job: BulkJob, chosen: tuple[sa.ColumnElement[bool], ...], integration: Integration | None
) -> sa.Select[Any]:
    active = (
        sa.select(
            Integration.site_id,
            sa.func.min(Integration.id).label("id"),
            sa.func.count().label("number"),
        )
        .where(Integration.account_id == job.account_id, Integration.is_active)
        .group_by(Integration.site_id)
        .subquery("active")
    )
    cases: list[tuple[sa.ColumnElement[bool], str]] = []
    if not job.options.get("override_status"):
        cases.append((Content.status != ContentStatus.APPROVED, NOT_APPROVED))
    cases.append((Content.site_id.in_(inactive_sites()), "site_inactive"))
    if integration is None:
        cases += [(active.c.id.is_(None), "no_integration"), (active.c.number > 1, "several")]
        place: sa.ColumnElement[Any] = active.c.id
    else:
        cases.append((Content.site_id != integration.site_id, "other_site"))
        place = sa.literal(integration.id)
    code = _case(cases, {code: code for _, code in cases}, sa.null())
    return (
        sa.select(
            sa.literal(job.id),
            Content.id,
            place,
            _case(cases, dict.fromkeys(SKIP_WORDS, "skipped"), sa.literal("waiting")),
            code,
            _case(cases, SKIP_WORDS, sa.null()),
        )
        .outerjoin(active, active.c.site_id == Content.site_id)
        .where(*chosen)
        .order_by(Content.id)
    )


def _case(
    cases: Sequence[tuple[sa.ColumnElement[bool], str]], words: Mapping[str, str], otherwise: Any
) -> sa.ColumnElement[Any]:
    if not cases:
        return sa.cast(otherwise, sa.String)
    return sa.case(*((when, words[code]) for when, code in cases), else_=otherwise)


def pause_job(session: Session, job_id: str) -> bool:
    """Accept nothing more of a job; False when it does not run."""
    return _move(session, job_id, (BulkState.RUNNING,), state=BulkState.PAUSED)


def resume_job(session: Session, job_id: str) -> bool:
    """Go on with a paused job; False when it is not paused."""
    return _move(session, job_id, (BulkState.PAUSED,), state=BulkState.RUNNING)


def cancel_job(session: Session, job_id: str) -> bool:
    """End a job: what waits is cancelled, what was accepted goes on; False when it has ended."""
    if not _move(session, job_id, OPEN_JOBS, state=BulkState.CANCELLED, finished_at=now()):
        return False
    session.execute(
        sa.update(BulkItem)
        .where(BulkItem.job_id == job_id, BulkItem.state == ITEM_WAITS)
        .values(state=BulkItemState.CANCELLED, code="cancelled", reason=SKIP_WORDS["cancelled"])
        .execution_options(synchronize_session=False)
    )
    return True


def retry_failed(session: Session, job_id: str) -> int | None:
    """Let a job's failed items wait again; return how many, None when it was cancelled.

    A finished job runs again for them; a paused one stays so.
    """
    while settle_items(session):
        pass
    paused = (BulkJob.state == BulkState.PAUSED, BulkState.PAUSED.value)
    goes_on = sa.case(paused, else_=BulkState.RUNNING.value)
    not_cancelled = (*OPEN_JOBS, BulkState.FINISHED)
    if not _move(session, job_id, not_cancelled, state=goes_on, finished_at=None):
        return None
    waiting = session.execute(
        sa.update(BulkItem)
        .where(BulkItem.job_id == job_id, BulkItem.state == BulkItemState.FAILED)
        .values(state=BulkItemState.WAITING, code=None, reason=None, publication_id=None)
        .execution_options(synchronize_session=False)
    )
    return int(waiting.rowcount)  # type: ignore[attr-defined]


def _move(session: Session, job_id: str, old: Sequence[BulkState], **values: Any) -> bool:
    wait_for_feeder(session)
    moved = session.execute(
        sa.update(BulkJob)
        .where(BulkJob.id == job_id, BulkJob.state.in_(old))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(moved.rowcount)  # type: ignore[attr-defined]
