"""What a body must be before anything reads it: measured, small enough, and strict JSON."""

from collections.abc import Callable
from typing import Any

from flask import Request, request

from ingress.errors import Problem
from pipeline.strict_json import JsonRefused, parse

WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
SMALL = 64 * 1024
"""Bytes of a body that holds a few words."""

SLACK = 256 * 1024
"""Bytes a body may have beyond its HTML: the other fields, and JSON's escapes."""


class StrictRequest(Request):
    """A request whose JSON is read once, strictly, and as an object."""

    _parsed: dict[str, Any] | None = None

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """Return the body's object; an empty body is an empty object.

        Raises:
            Problem: it is no JSON object that we take, whatever ``silent`` says.
        """
        if self._parsed is None:
            data = self.get_data(cache=False)
            try:
                value = parse(data) if data else {}
            except JsonRefused as error:
                raise Problem("bad_request", f"Not accepted: {error}.") from None
            if not isinstance(value, dict):
                raise Problem("bad_request", "Not accepted: the body is not a JSON object.")
            self._parsed = value
        return self._parsed


def check_body() -> None:
    """Refuse a body by its headers, cheapest first, before a byte of it is read.

    Raises:
        Problem: 411, 413 or 415.
    """
    if request.method not in WITH_BODY or request.routing_exception is not None:
        return
    length = request.content_length
    if length is None:
        _refuse_unmeasured()
    elif request.max_content_length is not None and length > request.max_content_length:
        limit = request.max_content_length
        raise Problem("too_large", f"The body has {length} bytes; {limit} may be.")
    if length and not _is_json():
        raise Problem(
            "unsupported_media_type", "Send Content-Type: application/json, not compressed, UTF-8."
        )


def at_most(limit: int) -> Callable[[], None]:
    """Return what refuses longer bodies; for a blueprint's ``before_request``.

    Raises:
        Problem: 413.
    """

    def check() -> None:
        length = request.content_length or 0
        if length > limit:
            raise Problem("too_large", f"The body has {length} bytes; {limit} may be.")

    return check


def _refuse_unmeasured() -> None:
    # A chunked body is cut at the limit in silence, and half of it taken for the whole. With
    # neither header an HTTP/1 request has no body (RFC 9112 section 6.3): `curl -X POST`.
    http1 = str(request.environ.get("SERVER_PROTOCOL", "")).startswith("HTTP/1")
    if "Transfer-Encoding" in request.headers or not http1:
        raise Problem("length_required", "Send a Content-Length header, not a chunked body.")


def _is_json() -> bool:
    kind = request.mimetype
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    return (
        (kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json")))
        and charset in {"utf-8", "utf8"}
        and request.headers.get("Content-Encoding", "identity").lower() == "identity"
    )
