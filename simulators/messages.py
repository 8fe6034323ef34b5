"""A request and an answer as values, and answers in the shapes of WordPress."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

Json = dict[str, Any]

JSON_TYPE = "application/json; charset=UTF-8"
HTML_TYPE = "text/html; charset=UTF-8"
RETRY_AFTER_SECONDS = "2"
_REST = "/wp-json"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; header names are in lower case."""

    method: str
    target: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_pretty_rest(self) -> bool:
        return self.path == _REST or self.path.startswith(f"{_REST}/")

    @property
    def route(self) -> str | None:
        """The REST route, by ``/wp-json/…`` or ``?rest_route=…``; None for a page."""
        if self.is_pretty_rest:
            return "/" + self.path.removeprefix(_REST).strip("/")
        if self.path in {"/", "/index.php"} and "rest_route" in self.query:
            return "/" + self.query["rest_route"].strip("/")
        return None


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, before anything happens to it on its way."""

    status: int
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        return json.loads(self.body)


class Refused(Exception):
    """Ends a request with an error answer."""

    def __init__(self, answer: Answer, message: str) -> None:
        super().__init__(message)
        self.answer = answer


class Crashed(Exception):
    """The site's process died at this place: nothing is released, nobody answers."""


def build_request(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Request:
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Request(method, target, unquote(parts.path) or "/", query, headers, body)


def json_answer(data: Any, status: int = HTTPStatus.OK, **headers: str) -> Answer:
    """Return data as JSON; ``Some_Header=`` becomes ``Some-Header``."""
    body = json.dumps(data, ensure_ascii=False).encode()
    return Answer(status, body, JSON_TYPE, {k.replace("_", "-"): v for k, v in headers.items()})


def html_answer(text: str, status: int = HTTPStatus.OK, **headers: str) -> Answer:
    page = f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body>{text}</body></html>'
    named = {k.replace("_", "-"): v for k, v in headers.items()}
    return Answer(status, page.encode(), HTML_TYPE, named)


def error_answer(code: str, status: int, message: str, facts: Json | None = None) -> Answer:
    """Return an error in WordPress's shape; ``facts`` go into ``data``."""
    answer = json_answer(
        {"code": code, "message": message, "data": {"status": int(status), **(facts or {})}}, status
    )
    if code != "igny8_in_progress":
        return answer
    return Answer(status, answer.body, JSON_TYPE, {"Retry-After": RETRY_AFTER_SECONDS})


def refusal(code: str, status: int, message: str, facts: Json | None = None) -> Refused:
    return Refused(error_answer(code, status, message, facts), message)


def in_progress() -> Refused:
    return refusal("igny8_in_progress", HTTPStatus.CONFLICT, "Another request is working on this.")


def missing_parameter(*names: str) -> Refused:
    return refusal(
        "rest_missing_callback_param",
        HTTPStatus.BAD_REQUEST,
        f"Missing parameter(s): {', '.join(names)}",
        {"params": list(names)},
    )


def invalid_parameter(name: str, wanted: str) -> Refused:
    return refusal(
        "rest_invalid_param",
        HTTPStatus.BAD_REQUEST,
        f"Invalid parameter(s): {name}",
        {"params": {name: f"{name} must be {wanted}."}},
    )


def no_route() -> Refused:
    return refusal(
        "rest_no_route",
        HTTPStatus.NOT_FOUND,
        "No route was found matching the URL and request method.",
    )
