"""Publishing many contents at once: a job to look at, pause, resume, cancel and repeat (C28)."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from sqlalchemy.orm import Session

from ingress.answers import public_url
from ingress.auth import account_id, require_token
from ingress.broker import ring_bulk
from ingress.contents.bulk_fields import (
    BulkAccepted,
    BulkAnswer,
    BulkItemPage,
    BulkItemQuery,
    BulkList,
    BulkPath,
    BulkQuery,
    BulkRequest,
    RetryAnswer,
)
from ingress.errors import Problem, not_found, problem_responses, refused_field
from ingress.idempotency import IdempotentHeaders, idempotent, remembered
from ingress.paging import cursor_after, cursor_of, id_of, uuid_of
from ingress.tenancy import own_integration, own_site, refuse_inactive
from models import (
    BulkItem,
    BulkItemState,
    BulkJob,
    BulkState,
    Content,
    ContentStatus,
    Integration,
    Publication,
)
from models.bulk.jobs import (
    Selection,
    cancel_job,
    has_more_than,
    make_bulk_job,
    pause_job,
    resume_job,
    retry_failed,
    unknown_contents,
)
from models.bulk.progress import CODE, REASON, STATE, counts, items, settled_counts
from models.session import session_scope

MOST_ITEMS = 100_000
"""Written in one statement, some seconds long."""

LISTED = 10
"""Unknown ids that an answer names."""

READING = problem_responses("invalid_fields", "unauthenticated", "not_found", "unavailable")
WRITING = READING | problem_responses(
    "length_required",
    "too_large",
    "unsupported_media_type",
    "idempotency_key_reused",
    "integration_inactive",
    "site_inactive",
)
CHANGING = READING | problem_responses("bulk_job_ended")

bp = APIBlueprint(
    "bulk_publishing",
    __name__,
    url_prefix="/api/v1/writer/bulk-publish",
    abp_tags=[Tag(name="bulk publishing", description="Many contents at once")],
    abp_security=[{"bearer": []}],
)
bp.before_request(require_token)


@bp.post("/", responses={202: BulkAccepted, **WRITING}, operation_id="create_bulk_publish")
@idempotent
def create(header: IdempotentHeaders, body: BulkRequest) -> Any:
    """Accept many contents for their sites, a few of each site at a time.

    What can't go is an item as well, skipped, with its reason.
    """
    with session_scope() as session:
        integration = _place(session, body)
        job = make_bulk_job(
            session, account_id(), _selection(session, body), body.options(), integration
        )
        session.refresh(job)
        answer = _answer(job, counts(session, job.id))
        if not answer["total"]:
            raise refused_field("filter", "no content of yours is like this")
        location = {"Location": answer["status_url"]}
        answered = remembered(session, answer, HTTPStatus.ACCEPTED, location)
    ring_bulk()
    return answered


@bp.get("/", responses={200: BulkList, **READING}, operation_id="bulk_publishes")
def list_jobs(query: BulkQuery) -> Any:
    """List bulk jobs, the newest first; follow `next_cursor` until it is null."""
    statement = (
        sa.select(BulkJob)
        .where(BulkJob.account_id == account_id())
        .order_by(BulkJob.created_at.desc(), BulkJob.id.desc())
        .limit(query.limit + 1)
    )
    if query.state is not None:
        statement = statement.where(BulkJob.state == query.state)
    if query.cursor is not None:
        statement = statement.where(_older_than(uuid_of(query.cursor)))
    with session_scope(read_only=True) as session:
        found = list(session.scalars(statement))
        jobs = found[: query.limit]
        told = settled_counts(session, [job.id for job in jobs])
    more = len(found) > len(jobs)
    return {
        "results": [_answer(job, told[job.id]) for job in jobs],
        "next_cursor": cursor_of(UUID(jobs[-1].id)) if more else None,
    }


def _older_than(job_id: str) -> sa.ColumnElement[bool]:
    job = sa.select(BulkJob.created_at).filter_by(id=job_id, account_id=account_id())
    made = job.scalar_subquery()
    at_once = sa.and_(BulkJob.created_at == made, BulkJob.id < job_id)
    return sa.or_(BulkJob.created_at < made, at_once)


@bp.get("/<uuid:job_id>/", responses={200: BulkAnswer, **READING}, operation_id="bulk_publish")
def read(path: BulkPath) -> Any:
    """Return how far a bulk job is at this moment."""
    with session_scope(read_only=True) as session:
        job = _own_job(session, path)
        return _answer(job, counts(session, job.id))


@bp.get(
    "/<uuid:job_id>/items/",
    responses={200: BulkItemPage, **READING},
    operation_id="bulk_publish_items",
)
def list_items(path: BulkPath, query: BulkItemQuery) -> Any:
    """List a job's items, the oldest first; follow `next_cursor` until it is null."""
    columns = {
        "id": BulkItem.id,
        "content_id": BulkItem.content_id,
        "title": Content.title,
        "site_integration_id": BulkItem.integration_id,
        "publication_id": BulkItem.publication_id,
        "state": STATE,
        "code": CODE,
        "reason": REASON,
        "external_url": Publication.external_url,
    }
    statement = items(*(column.label(name) for name, column in columns.items()))
    if query.state is not None:
        statement = statement.where(STATE.in_([query.state]))
    if query.cursor is not None:
        statement = statement.where(BulkItem.id > id_of(query.cursor))
    with session_scope(read_only=True) as session:
        job = _own_job(session, path)
        mine = statement.where(BulkItem.job_id == job.id).order_by(BulkItem.id)
        found = session.execute(mine.limit(query.limit + 1)).mappings().all()
    page = found[: query.limit]
    cursor = cursor_after(found, [row["id"] for row in page])
    return {"results": [dict(row) for row in page], "next_cursor": cursor}


@bp.post(
    "/<uuid:job_id>/pause/",
    responses={200: BulkAnswer, **CHANGING},
    operation_id="pause_bulk_publish",
)
def pause(path: BulkPath) -> Any:
    """Accept nothing more for now; what was accepted goes on. Asking twice is harmless."""
    return _changed(path, pause_job, BulkState.PAUSED)


@bp.post(
    "/<uuid:job_id>/resume/",
    responses={200: BulkAnswer, **CHANGING},
    operation_id="resume_bulk_publish",
)
def resume(path: BulkPath) -> Any:
    """Go on with a paused job."""
    answer = _changed(path, resume_job, BulkState.RUNNING)
    ring_bulk()
    return answer


@bp.post(
    "/<uuid:job_id>/cancel/",
    responses={200: BulkAnswer, **CHANGING},
    operation_id="cancel_bulk_publish",
)
def cancel(path: BulkPath) -> Any:
    """Take back what waits; what was accepted goes on."""
    return _changed(path, cancel_job, BulkState.CANCELLED)


@bp.post(
    "/<uuid:job_id>/retry-failed/",
    responses={200: RetryAnswer, **CHANGING},
    operation_id="retry_bulk_publish",
)
def retry(path: BulkPath) -> Any:
    """Try the failed items again; a finished job runs again for them."""
    with session_scope() as session:
        job = _own_job(session, path)
        retried = retry_failed(session, job.id)
        if retried is None:
            raise _ended(job)
        session.refresh(job)
        answer = _answer(job, counts(session, job.id))
    ring_bulk()
    return answer | {"retried": retried}


def _changed(path: BulkPath, change: Callable[[Session, str], bool], wanted: BulkState) -> Any:
    with session_scope() as session:
        job = _own_job(session, path)
        moved = change(session, job.id)
        session.refresh(job)
        if not moved and job.state is not wanted:
            raise _ended(job)
        return _answer(job, counts(session, job.id))


def _ended(job: BulkJob) -> Problem:
    return Problem("bulk_job_ended", f"It is {job.state.value}: make a new one.")


def _own_job(session: Session, path: BulkPath) -> BulkJob:
    query = sa.select(BulkJob).filter_by(id=str(path.job_id), account_id=account_id())
    found = session.scalars(query).one_or_none()
    if found is None:
        raise not_found("bulk job")
    return found


def _place(session: Session, body: BulkRequest) -> Integration | None:
    if body.site_integration_id is None:
        return None
    found = own_integration(session, body.site_integration_id)
    refuse_inactive(found.site)
    if not found.is_active:
        raise Problem("integration_inactive", "Switch the integration on, or name another one.")
    return found


def _selection(session: Session, body: BulkRequest) -> Selection:
    if body.filter is not None:
        if body.filter.site_id is not None:
            own_site(session, body.filter.site_id)
        status = ContentStatus(body.filter.status)
        found = Selection(None, body.filter.site_id, status, body.filter.unpublished)
        if has_more_than(session, account_id(), found, MOST_ITEMS):
            raise refused_field("filter", f"it finds more than {MOST_ITEMS}: narrow it")
        return found
    ids = list(dict.fromkeys(body.content_ids or ()))
    if unknown := unknown_contents(session, account_id(), ids):
        more = f" and {len(unknown) - LISTED} more" if len(unknown) > LISTED else ""
        raise not_found(f"content: {', '.join(map(str, unknown[:LISTED]))}{more}")
    return Selection(ids)


def _answer(job: BulkJob, found: Mapping[BulkItemState, int]) -> dict[str, Any]:
    status_url = public_url(f"{bp.url_prefix}/{job.id}/")
    return {
        "id": job.id,
        "state": job.state.value,
        "total": sum(found.values()),
        "counts": {state.value: count for state, count in found.items()},
        "selection": job.selection,
        "options": job.options,
        "created_at": job.created_at.isoformat(),
        "finished_at": job.finished_at and job.finished_at.isoformat(),
        "status_url": status_url,
        "items_url": f"{status_url}items/",
    }
