"""Everything that can go wrong with a request, in one table, and its answer (RFC 9457)."""

import sqlite3
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
import structlog
from flask import Flask, Response, g, json, make_response
from pydantic import BaseModel, Field, ValidationError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from models.encryption import SecretUnreadable

log = structlog.get_logger()

Responses = dict[str | int | HTTPStatus, type[BaseModel] | dict[Any, Any] | None]
"""By status; as flask-openapi3 wants them."""

# code -> status, title. The code is what programs compare; it never changes its meaning.
PROBLEMS: dict[str, tuple[int, str]] = {
    "bad_request": (400, "The request can't be read"),
    "invalid_fields": (400, "Some fields are not as they should be"),
    "unauthenticated": (401, "A valid token or key is needed"),
    "forbidden": (403, "This is not yours to do"),
    "account_suspended": (403, "The account is suspended"),
    "site_inactive": (403, "The site is switched off"),
    "not_found": (404, "There is no such thing"),
    "method_not_allowed": (405, "This address does not take this method"),
    "not_approved": (409, "The content is not approved"),
    "no_integration": (409, "The site has no active integration"),
    "several_integrations": (409, "The site has several active integrations"),
    "integration_inactive": (409, "The integration is switched off"),
    "integration_exists": (409, "The site has an integration on this platform"),
    "on_its_way": (409, "Its publish has begun"),
    "integration_busy": (409, "The integration is at work"),
    "bulk_job_ended": (409, "The bulk job has come to its end"),
    "site_exists": (409, "The account has this site"),
    "no_site_key": (409, "The site has no key"),
    "key_in_use": (409, "The site's key is in use"),
    "length_required": (411, "The length of the body is missing"),
    "too_large": (413, "The body is too large"),
    "unsupported_media_type": (415, "The body is not JSON"),
    "content_refused": (422, "The content can't be published as it is"),
    "idempotency_key_reused": (422, "This idempotency key was for another request"),
    "too_many_requests": (429, "Too many requests"),
    "server_error": (500, "Something went wrong on our side"),
    "platform_unsupported": (501, "This platform is not supported"),
    "direction_not_built": (501, "This direction is not built yet"),
    "unavailable": (503, "Not available at the moment"),
}
# What the framework raises by itself, in our words.
BY_STATUS = {
    400: ("bad_request", "The request is malformed."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "The Allow header names the methods this address takes."),
    411: ("length_required", "Send a Content-Length header."),
    413: ("too_large", "The body is larger than this server takes."),
    415: ("unsupported_media_type", "Send Content-Type: application/json."),
    429: ("too_many_requests", "Wait before you ask again."),
}
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = {"Retry-After": "5"}
"""Seconds; a database that restarts is usually back by then."""

BUSY_STATES = {"57014", "55P03", "40P01", "40001"}
"""PostgreSQL's: a statement or a lock took too long, a deadlock, writers in each other's way."""

BUSY_CODES = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str = Field(description="Where in the body or the query, as in `gallery_images.0.url`.")
    message: str


class ProblemAnswer(BaseModel):
    """An error, as RFC 9457 describes it."""

    type: str
    title: str
    status: int
    code: str = Field(description="For programs: one word that keeps its meaning.")
    detail: str = Field(description="For people: what to do about it.")
    request_id: str | None = Field(None, description="Stands in our log, too.")
    errors: list[FieldError] | None = None


class Problem(Exception):
    """A request that can't be answered with what it asked for; ``detail`` is for its caller.

    Members of ``more`` go into the answer as they are: `errors`, a list of field and message,
    for refused fields; `checks` for readiness.
    """

    def __init__(
        self, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.status, self.title = PROBLEMS[code]
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more

    def answer(self) -> Response:
        """Return the answer as problem+json."""
        body = {
            "type": f"urn:igny8:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "request_id": g.get("request_id"),
        }
        answer = make_response(json.dumps(body | self.more), self.status, self.headers)
        answer.mimetype = MEDIA_TYPE
        return answer


def not_found(what: str) -> Problem:
    """Return the one answer for a row that is missing and for one of another account."""
    return Problem("not_found", f"There is no such {what}.")


def refused_field(field: str, message: str, code: str = "invalid_fields") -> Problem:
    """Return the answer for one field that the models of the body could not judge."""
    return Problem(code, message, errors=[{"field": field, "message": message}])


def refuse_fields(error: ValidationError) -> None:
    """Raise what pydantic found; the values themselves are not repeated."""
    found = [
        {
            "field": ".".join(str(part) for part in item["loc"]) or "body",
            "message": item["msg"].removeprefix("Value error, "),
        }
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    names = ", ".join(dict.fromkeys(item["field"] for item in found))
    raise Problem("invalid_fields", f"Not accepted: {names}.", errors=found)


WITH_CREDENTIALS = ("forbidden", "account_suspended", "too_many_requests")
"""What every door that wants credentials may answer as well."""


def problem_responses(*codes: str) -> Responses:
    """Return the part of the OpenAPI document that says how these problems look."""
    codes += WITH_CREDENTIALS if "unauthenticated" in codes else ()
    schema = {"$ref": f"#/components/schemas/{ProblemAnswer.__name__}"}
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(PROBLEMS[code][0], []).append(code)
    return {
        status: {
            "description": f"{HTTPStatus(status).phrase}: {', '.join(those)}",
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status, those in by_status.items()
    }


def _on_http(error: HTTPException) -> Response | HTTPException:
    status = error.code or 0
    if status < HTTPStatus.BAD_REQUEST:
        return error  # a redirect or a finished answer, no error
    code, detail = BY_STATUS.get(status, ("bad_request", error.name))
    problem = Problem(code, detail)
    problem.status = status
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        problem.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return problem.answer()


def _on_database(error: Exception) -> Response:
    # Only the kind: a driver's text may hold the address and the user of the database.
    kind = type(getattr(error, "orig", None) or error).__name__
    log.error("database.unavailable", error=type(error).__name__, kind=kind)
    return Problem("unavailable", _what_fails(error), headers=RETRY_AFTER).answer()


def _what_fails(error: Exception) -> str:
    """Return what a caller may know. An earlier transaction of its request may have been kept."""
    driver = getattr(error, "orig", None)
    busy = getattr(driver, "sqlstate", None) in BUSY_STATES
    busy |= getattr(driver, "sqlite_errorcode", 0) & 0xFF in BUSY_CODES
    if getattr(error, "connection_invalidated", False):
        return (
            "The connection to the database broke off; nobody knows whether this was done. "
            "Look before you try again, or send it again with the Idempotency-Key it had."
        )
    if busy or isinstance(error, sa.exc.TimeoutError):
        return "The database is too busy for this. Try again in a moment."
    return "The database can't be reached. Try again in a moment."


def _on_missing_key(error: SecretUnreadable) -> Response:
    log.error("secrets.unreadable", reason=str(error))
    return Problem("unavailable", "This server is not set up yet; its log says why.").answer()


def _on_anything(error: Exception) -> Response:
    log.error("request.failed", exc_info=error)
    return Problem("server_error", "Our log has the details under this request's id.").answer()


def answer_with_problems(app: Flask) -> None:
    """Make every error of the application a problem."""
    app.register_error_handler(Problem, Problem.answer)
    app.register_error_handler(HTTPException, _on_http)
    unavailable: Sequence[type[Exception]] = (
        sa.exc.OperationalError,
        sa.exc.InterfaceError,
        sa.exc.TimeoutError,  # no connection became free
    )
    for kind in unavailable:
        app.register_error_handler(kind, _on_database)
    app.register_error_handler(SecretUnreadable, _on_missing_key)
    app.register_error_handler(Exception, _on_anything)
