"""Contents over the API: write, read, change, list (S44, S112)."""

from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from sqlalchemy.orm import Session

from ingress.answers import (
    ContentAnswer,
    ContentPage,
    ContentSummary,
    content_answer,
    summary_values,
)
from ingress.auth import account_id, require_token
from ingress.contents.fields import (
    ContentChange,
    ContentFields,
    ContentPath,
    ContentQuery,
    ContentReplacement,
    NewContent,
    wanted_status,
)
from ingress.contents.manuscripts import new_document, next_document
from ingress.contents.status import is_shown_as
from ingress.errors import problem_responses, refused_field
from ingress.idempotency import IdempotentHeaders, idempotent, remembered
from ingress.paging import cursor_of, id_of
from ingress.tenancy import newest_document, own_content, own_site, publications_of
from models import Content, ContentStatus
from models.authoring import Manuscript, save_content
from models.session import session_scope
from pipeline.documents import Document

READING = problem_responses("invalid_fields", "unauthenticated", "not_found", "unavailable")
WRITING = READING | problem_responses(
    "length_required",
    "too_large",
    "unsupported_media_type",
    "content_refused",
    "idempotency_key_reused",
)

bp = APIBlueprint(
    "contents",
    __name__,
    url_prefix="/api/v1/writer/content",
    abp_tags=[Tag(name="content", description="What authors write")],
    abp_security=[{"bearer": []}],
)
bp.before_request(require_token)


@bp.post("/", responses={201: ContentAnswer, **WRITING}, operation_id="create_content")
@idempotent
def create(header: IdempotentHeaders, body: NewContent) -> Any:
    """Keep a new content of a site; it is a draft unless it says otherwise."""
    document = new_document(body, current_app.config["MAX_CONTENT_BYTES"])
    with session_scope() as session:
        site = own_site(session, body.site_id)
        status = wanted_status(body, ContentStatus.DRAFT)
        content, _ = save_content(session, site, _manuscript(document, status))
        location = {"Location": f"{bp.url_prefix}/{content.id}/"}
        answer = content_answer(content, document, [])
        return remembered(session, answer, HTTPStatus.CREATED, location)


@bp.get("/<row_id:content_id>/", responses={200: ContentAnswer, **READING}, operation_id="content")
def read(path: ContentPath) -> Any:
    """Return a content with its newest text, and what became of it on its sites."""
    with session_scope(read_only=True) as session:
        content = own_content(session, path.content_id)
        return _answer(session, content, newest_document(session, content))


@bp.put(
    "/<row_id:content_id>/",
    responses={200: ContentAnswer, **WRITING},
    operation_id="replace_content",
)
def replace(path: ContentPath, body: ContentReplacement) -> Any:
    """Give a content its next revision as a whole; saving the same again changes nothing."""
    return _save(path.content_id, body, whole=True)


@bp.patch(
    "/<row_id:content_id>/",
    responses={200: ContentAnswer, **WRITING},
    operation_id="change_content",
)
def change(path: ContentPath, body: ContentChange) -> Any:
    """Give a content its next revision; what the body does not name stays."""
    return _save(path.content_id, body, whole=False)


@bp.get("/", responses={200: ContentPage, **READING}, operation_id="contents")
def list_contents(query: ContentQuery) -> Any:
    """List contents, newest first; follow `next_cursor` until it is null."""
    statement = (
        sa.select(Content)
        .where(Content.account_id == account_id(), *_conditions(query))
        .order_by(Content.id.desc())
        .limit(query.limit + 1)
    )
    with session_scope(read_only=True) as session:
        found = list(session.scalars(statement))
        page = found[: query.limit]
        publications = publications_of(session, page)
        results = [ContentSummary(**summary_values(each, publications[each.id])) for each in page]
    more = len(found) > len(page)
    cursor = cursor_of(page[-1].id) if more else None
    return ContentPage(results=results, next_cursor=cursor).model_dump(mode="json")


def _save(content_id: int, body: ContentFields, *, whole: bool) -> dict[str, Any]:
    with session_scope() as session:
        content = own_content(session, content_id, to_change=True)
        if isinstance(body, ContentReplacement) and body.site_id not in {None, content.site_id}:
            raise refused_field("site_id", "a content keeps its site: create it there anew")
        document = next_document(
            newest_document(session, content),
            body,
            current_app.config["MAX_CONTENT_BYTES"],
            whole=whole,
        )
        status = wanted_status(body, content.status)
        save_content(session, content.site, _manuscript(document, status), content)
        return _answer(session, content, document)


def _manuscript(document: Document, status: ContentStatus) -> Manuscript:
    return Manuscript(document.as_json(), document.fingerprint(), status)


def _answer(session: Session, content: Content, document: Document) -> dict[str, Any]:
    return content_answer(content, document, publications_of(session, [content])[content.id])


def _conditions(query: ContentQuery) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if query.site_id is not None:
        conditions.append(Content.site_id == query.site_id)
    if query.cursor is not None:
        conditions.append(Content.id < id_of(query.cursor))
    if query.status is not None:
        conditions.append(is_shown_as(query.status))
    return conditions
