"""A content in its site's schedule: put in, moved, held, let go, taken out (C27)."""

from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from sqlalchemy.orm import Session

from ingress.auth import require_token
from ingress.broker import ring_planning
from ingress.contents.fields import ContentPath
from ingress.contents.publishing import check_status
from ingress.errors import Problem, not_found, problem_responses, refused_field
from ingress.idempotency import IdempotentHeaders, idempotent, remembered
from ingress.schedule.entry_fields import (
    EntriesAnswer,
    EntryAnswer,
    EntryQuery,
    ScheduleChange,
    ScheduledAnswer,
    ScheduleRequest,
    entry_answer,
)
from ingress.tenancy import integration_for, own_content
from models import EntryState, ScheduleEntry
from models.schedule import by_hand
from models.session import session_scope
from pipeline.schedule.moments import BadMoment
from tasks.schedule.exact_times import chosen_time, exceeded_limits

bp = APIBlueprint(
    "schedule_entries",
    __name__,
    url_prefix="/api/v1/writer/content",
    abp_tags=[Tag(name="schedule", description="When contents go out")],
    abp_security=[{"bearer": []}],
)
bp.before_request(require_token)

READING = problem_responses("invalid_fields", "unauthenticated", "not_found", "unavailable")
CHANGING = READING | problem_responses(
    "several_integrations", "on_its_way", "length_required", "too_large", "unsupported_media_type"
)
SCHEDULING = CHANGING | problem_responses(
    "not_approved",
    "no_integration",
    "several_integrations",
    "integration_inactive",
    "site_inactive",
    "on_its_way",
    "idempotency_key_reused",
)
RULE = "/<row_id:content_id>/schedule/"


@bp.post(RULE, responses={201: ScheduledAnswer, **SCHEDULING}, operation_id="schedule_content")
@idempotent
def schedule(path: ContentPath, header: IdempotentHeaders, body: ScheduleRequest) -> Any:
    """Schedule a content: for a time, or without one for the next free slot.

    Scheduling it again gives it the newer wish. A time of a person is kept whatever the site's
    windows and limits say.
    """
    with session_scope() as session:
        content = own_content(session, path.content_id)
        check_status(content, override=body.override_status)
        integration = integration_for(session, content, body.site_integration_id)
        at, notes = _time(session, body.publish_at)
        wish = by_hand.Wish(at, body.priority, body.status, body.override_status)
        try:
            entry = by_hand.schedule_by_hand(session, content, integration, wish)
        except by_hand.OnItsWay:
            raise _begun() from None
        kept = remembered(session, _scheduled(session, entry, notes), HTTPStatus.CREATED)
    ring_planning()
    return kept


@bp.get(RULE, responses={200: EntriesAnswer, **READING}, operation_id="content_schedule")
def read(path: ContentPath) -> Any:
    """Return a content's entries: one for each integration that it was scheduled on."""
    query = sa.select(ScheduleEntry).order_by(ScheduleEntry.id)
    with session_scope(read_only=True) as session:
        content = own_content(session, path.content_id)
        found = session.scalars(query.filter_by(content_id=content.id)).all()
        return {"results": [entry_answer(entry) for entry in found]}


@bp.patch(RULE, responses={200: ScheduledAnswer, **CHANGING}, operation_id="move_content")
def move(path: ContentPath, query: EntryQuery, body: ScheduleChange) -> Any:
    """Move a content to another time, or change its priority."""
    given = body.model_fields_set
    with session_scope() as session:
        entry = _own_entry(session, path.content_id, query.site_integration_id)
        at, notes = _time(session, body.publish_at)
        changes = {"at": at} if "publish_at" in given else {}
        if body.priority is not None:
            changes["priority"] = body.priority
        _unless_begun(by_hand.move, session, entry, changes)
        answer = _scheduled(session, entry, notes)
    ring_planning()
    return answer


@bp.delete(RULE, responses={200: EntryAnswer, **CHANGING}, operation_id="unschedule_content")
def withdraw(path: ContentPath, query: EntryQuery) -> Any:
    """Take a content out of the schedule; nothing puts it in again by itself."""
    return _change(path.content_id, query, by_hand.withdraw)


@bp.post(f"{RULE}hold/", responses={200: EntryAnswer, **CHANGING}, operation_id="hold_content")
def hold(path: ContentPath, query: EntryQuery) -> Any:
    """Hold a content back until it is released; an exact time stays with it."""
    return _change(path.content_id, query, by_hand.hold)


@bp.post(
    f"{RULE}release/", responses={200: EntryAnswer, **CHANGING}, operation_id="release_content"
)
def release(path: ContentPath, query: EntryQuery) -> Any:
    """Let a held content go: at its exact time, else in the next free slot."""
    return _change(path.content_id, query, by_hand.release)


def _change(content_id: int, query: EntryQuery, change: Any) -> dict[str, Any]:
    with session_scope() as session:
        entry = _own_entry(session, content_id, query.site_integration_id)
        _unless_begun(change, session, entry)
        answer = entry_answer(entry)
    ring_planning()
    return answer


def _unless_begun(change: Any, *values: Any) -> None:
    try:
        change(*values)
    except by_hand.OnItsWay:
        raise _begun() from None


def _own_entry(session: Session, content_id: int, integration_id: int | None) -> ScheduleEntry:
    content = own_content(session, content_id)
    query = sa.select(ScheduleEntry.integration_id).where(
        ScheduleEntry.content_id == content.id, ScheduleEntry.state != EntryState.WITHDRAWN
    )
    if integration_id is not None:
        query = query.filter_by(integration_id=integration_id)
    found = session.scalars(query.order_by(ScheduleEntry.integration_id)).all()
    if len(found) > 1:
        listed = ", ".join(map(str, found))
        raise Problem("several_integrations", f"Name one with site_integration_id: {listed}.")
    try:
        if found:
            return by_hand.entry_to_change(session, content.id, found[0])
    except by_hand.NotInSchedule:  # withdrawn a moment ago
        pass
    raise not_found("content in the schedule")


def _time(session: Session, wanted: Any) -> tuple[Any, list[str]]:
    try:
        return chosen_time(session, wanted)
    except BadMoment as error:
        raise refused_field("publish_at", str(error)) from None


def _scheduled(session: Session, entry: ScheduleEntry, notes: list[str]) -> dict[str, Any]:
    return {**entry_answer(entry), "notes": notes, "warnings": exceeded_limits(session, entry)}


def _begun() -> Problem:
    return Problem(
        "on_its_way", "A worker has it, or has to find out whether it is out: wait for its end."
    )
