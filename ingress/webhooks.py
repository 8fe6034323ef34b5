"""The doors for what a site tells us: keep it as it came, ring, answer 202 (S194–S199, C3, C4).

Cheapest check first; nothing of the body is parsed here, and nothing asked of anybody outside.
"""

import time
from datetime import datetime
from http import HTTPStatus
from typing import Any

import structlog
from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from ingress.aliases import BASE, aliased
from ingress.bells import inbox_bell
from ingress.errors import Problem, problem_responses
from ingress.site_keys import site_of_key
from models import Site
from models.inbox.refusals import tell_refused, was_told
from models.inbox.storing import Arrived, Stored, store_message, store_new
from models.session import session_scope
from pipeline.signing import SignatureHeaders, SignatureRefused, verify
from pipeline.webhook_bodies import Door

LARGEST_BODY = 256 * 1024
"""Bytes; ours have under a thousand."""

log = structlog.get_logger()

bp = APIBlueprint(
    "webhooks",
    __name__,
    url_prefix=BASE,
    abp_tags=[Tag(name="webhooks", description="What the sites tell us")],
    abp_security=[{"bearer": []}, {"site_key": []}],
)


class TakenAnswer(BaseModel):
    """A webhook that was taken in; what becomes of it, an event tells."""

    accepted: bool = True
    duplicate: bool = Field(description="Whether it had come before.")
    id: int = Field(description="Its number in the inbox, for `igny8 inbox show`.")


PROBLEMS = problem_responses(
    "bad_request",
    "unauthenticated",
    "site_inactive",
    "length_required",
    "too_large",
    "unsupported_media_type",
    "unavailable",
)
_JSON = {"content": {"application/json": {"schema": {"type": "object"}}}, "required": True}
_OPTIONS: dict[str, Any] = {
    "responses": {202: TakenAnswer, **PROBLEMS},
    "openapi_extensions": {"requestBody": _JSON},
}


@bp.before_request
def _check_length() -> None:
    if request.method != "POST":  # OPTIONS, which Flask would answer by itself
        raise Problem("method_not_allowed", "Send POST.", headers={"Allow": "POST"})
    length = request.content_length
    if length is None or not request.headers.get("Content-Length"):
        raise Problem("length_required", "Send a Content-Length header.")
    if length == 0:
        raise Problem("bad_request", "The body is empty.")
    if length > LARGEST_BODY:
        raise Problem("too_large", f"The body has {length} bytes; {LARGEST_BODY} may be.")


@aliased(bp, "post", "/webhooks/wordpress/status/", operation_id="status_webhook", **_OPTIONS)
def status_webhook() -> Any:
    """Take in that a post was made, changed, trashed, deleted, or changed its status."""
    return _take(Door.STATUS)


@aliased(bp, "post", "/webhooks/wordpress/metadata/", operation_id="metadata_webhook", **_OPTIONS)
def metadata_webhook() -> Any:
    """Take in that a post's terms, author or date changed."""
    return _take(Door.METADATA)


@aliased(bp, "post", "/webhook/wordpress/", operation_id="generic_webhook", **_OPTIONS)
def generic_webhook() -> Any:
    """Take in what the body's `action` says (S196, S198); one we don't know is skipped."""
    return _take(Door.GENERIC)


def _take(door: Door) -> Any:
    site = site_of_key()
    # No transaction is open while the body comes in.
    arrived = checked(site, door, request.get_data(cache=False))
    stored = keep(arrived)
    _tell(site, arrived, stored)
    answer = TakenAnswer(duplicate=stored.duplicate, id=stored.id)
    return answer.model_dump(), HTTPStatus.ACCEPTED


def keep(arrived: Arrived) -> Stored:
    """Keep what came; nearly always it is new, and one statement is enough."""
    with session_scope(one_statement=True) as session:
        stored = store_new(session, arrived)
    if stored is None:
        with session_scope() as session:
            stored = store_message(session, arrived)
    return stored


def _tell(site: Site, arrived: Arrived, stored: Stored) -> None:
    if stored.conflict:
        log.warning("inbox.conflict", site=site.id, message=arrived.message_id, inbox=stored.id)
    elif not stored.duplicate:
        inbox_bell.ring()


def checked(site: Site, door: Door, body: bytes) -> Arrived:
    """Return what came with the request, its signature verified where there must be one.

    Raises:
        Problem: 401, it is missing or wrong.
    """
    headers = SignatureHeaders(*map(_header, ("id", "timestamp", "signature")))
    if not headers.present and not site.require_signature:
        return Arrived(site.id, door.value, body)
    sent_at = _verified(site, headers, body)
    return Arrived(site.id, door.value, body, headers.message_id, sent_at, signed=True)


def _header(name: str) -> str | None:
    return request.headers.get(f"webhook-{name}")


def _verified(site: Site, headers: SignatureHeaders, body: bytes) -> datetime:
    try:
        return verify(headers, body, site.webhook_secret or "", time.time())
    except SignatureRefused as error:
        log.warning("webhook.signature_refused", site=site.id, reason=str(error))
        _tell_refused(site, str(error))
        raise Problem("unauthenticated", f"Not accepted: {error}.") from None


def _tell_refused(site: Site, reason: str) -> None:
    with session_scope(read_only=True) as session:
        told = was_told(session, site.id)
    if not told:
        with session_scope() as session:
            tell_refused(session, site.id, reason)
