"""What `igny8 bulk list`, `show`, `pause`, `resume`, `cancel` and `retry` do."""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cli.bell import wake_feeder
from cli.exits import CommandError, Exit
from cli.finding import NotFound
from cli.output import output
from cli.row_ids import LARGEST_ID
from models import BulkItem, BulkItemState, BulkJob, BulkState, Content, Publication
from models.bulk.jobs import cancel_job, pause_job, resume_job, retry_failed
from models.bulk.progress import REASON, STATE, counts, items, settled_counts
from models.session import session_scope

CHANGES: Mapping[str, tuple[Callable[[Session, str], bool], BulkState]] = {
    "pause": (pause_job, BulkState.PAUSED),
    "resume": (resume_job, BulkState.RUNNING),
    "cancel": (cancel_job, BulkState.CANCELLED),
}
TOLD = (BulkItemState.FAILED, BulkItemState.PARKED, BulkItemState.SKIPPED)


def show_list(count: int) -> None:
    """Print the newest jobs."""
    query = sa.select(BulkJob).order_by(BulkJob.created_at.desc(), BulkJob.id).limit(count)
    with session_scope(read_only=True) as session:
        jobs = list(session.scalars(query))[::-1]
        found = settled_counts(session, [job.id for job in jobs])
    rows = [_values(job, found[job.id]) for job in jobs]
    output().table(
        ("Id", "Account", "State", "Made", "Items", "How far"),
        [
            (r["id"], r["account_id"], r["state"], r["created_at"], r["total"], _words(r))
            for r in rows
        ],
    )
    output().result({"jobs": rows})


def show_one(written: str, state: str | None, after: int, limit: int) -> None:
    """Print a job with up to ``limit`` of the items that did not go, or of those in ``state``."""
    shown = TOLD if state is None else (_state(state),)
    with session_scope(read_only=True) as session:
        job = _find(session, written)
        values = _values(job, counts(session, job.id))
        query = (
            items(BulkItem.id, Content.id, Content.title, STATE, Publication.external_url, REASON)
            .where(BulkItem.job_id == job.id, STATE.in_(shown))
            .where(BulkItem.id > min(after, LARGEST_ID))
            .order_by(BulkItem.id)
            .limit(limit + 1)
        )
        rows = [tuple(row) for row in session.execute(query)]
    found, following = rows[:limit], rows[limit - 1][0] if len(rows) > limit else None
    output().line(f"{values['id']}: {values['state']}, {_words(values)}")
    if found:
        output().table(
            ("Content", "Title", "State", "Where, or why not"),
            [(row[1], row[2], row[3].value, row[5] or row[4]) for row in found],
        )
    names = ("item_id", "content_id", "title", "state", "url", "reason")
    if following is not None:
        output().note(f"there are more: --after {following}")
    shown_items = [dict(zip(names, row, strict=True)) for row in found]
    output().result(values | {"items": shown_items, "next": following})


def change(written: str, name: str) -> None:
    """Pause, resume or cancel a job; where it is so already, nothing changes."""
    act, wanted = CHANGES[name]
    with session_scope() as session:
        job = _find(session, written)
        moved = act(session, job.id)
        session.refresh(job)
        if not moved and job.state is not wanted:
            raise CommandError(f"the job is {job.state.value}", Exit.BAD_INPUT)
        values = _values(job, counts(session, job.id))
    if job.state is BulkState.RUNNING:
        wake_feeder()
    _say(values)


def retry_items(written: str) -> None:
    """Let the failed items of a job wait again."""
    with session_scope() as session:
        job = _find(session, written)
        retried = retry_failed(session, job.id)
        if retried is None:
            raise CommandError("the job was cancelled: publish again", Exit.BAD_INPUT)
        session.refresh(job)
        values = _values(job, counts(session, job.id)) | {"retried": retried}
    wake_feeder()
    output().line(f"{retried} to be tried again")
    _say(values)


def _say(values: dict[str, Any]) -> None:
    output().line(f"{values['id']}: {values['state']}, {_words(values)}")
    output().result(values)


def _find(session: Session, written: str) -> BulkJob:
    query = sa.select(BulkJob).where(BulkJob.id.startswith(written, autoescape=True)).limit(2)
    found = list(session.scalars(query)) if written else []
    if len(found) != 1:
        known = "`igny8 bulk list` shows the newest"
        many = f"several jobs begin with {written}: {known}"
        raise NotFound(many if found else f"there is no bulk job {written}: {known}")
    return found[0]


def _state(written: str) -> BulkItemState:
    try:
        return BulkItemState(written)
    except ValueError:
        known = ", ".join(BulkItemState)
        words = f"there is no state {written}; there are: {known}"
        raise CommandError(words, Exit.BAD_INPUT) from None


def _values(job: BulkJob, found: Mapping[BulkItemState, int]) -> dict[str, Any]:
    return {
        "id": job.id,
        "account_id": job.account_id,
        "state": job.state.value,
        "created_at": job.created_at.isoformat(timespec="seconds"),
        "finished_at": job.finished_at and job.finished_at.isoformat(timespec="seconds"),
        "total": sum(found.values()),
        "counts": {state.value: count for state, count in found.items()},
        "selection": job.selection,
        "options": job.options,
    }


def _words(values: Mapping[str, Any]) -> str:
    counted = values["counts"].items()
    return ", ".join(f"{name} {count}" for name, count in counted if count) or "nothing in it"
