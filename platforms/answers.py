"""A site's answers, translated into our errors: here and nowhere else (C24)."""

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from pipeline.errors import (
    BridgeMissing,
    CredentialsRejected,
    PermanentError,
    PublishError,
    RateLimited,
    SiteAhead,
    SiteBusy,
    SiteError,
    StaleWrite,
    TemporaryError,
    UnclearOutcome,
)
from pipeline.retry import LONGEST_RETRY_AFTER, SHORTEST_RETRY_AFTER
from platforms.http import Answer, Request
from platforms.key_refusals import REFUSALS, is_wrong_key

LONGEST_CODE = 100
LONGEST_TEXT = 2000
"""Characters of a site's own words that we keep: an address, a reason."""

UNWELL = HTTPStatus.INTERNAL_SERVER_ERROR

WORDS = {
    "igny8_content_exists": (
        "the site knows this content's id under another key, as after our database was restored: "
        "save the text as a new content, which gets another id, and publish that"
    ),
    "igny8_post_trashed": "the post is in the site's trash; publish with restore to bring it back",
    "igny8_post_gone": "the post was deleted on the site; publish with restore to make it again",
    "igny8_fingerprint_mismatch": "the site holds another text for the same revision",
    "igny8_empty_title": "the title is empty",
    "igny8_hash_mismatch": "the image was damaged on its way",
    "igny8_not_an_image": "the site does not take this file as an image",
    "igny8_too_large": "the image is larger than the site takes",
}


def clean(value: object, limit: int = LONGEST_TEXT) -> str:
    """Return a site's text as any database takes it: no NUL, no half characters, not too long.

    What is no text or number becomes ''.
    """
    text = str(value) if isinstance(value, str | int | float) else ""
    return "".join(c for c in text[:limit] if c != "\0" and not "\ud800" <= c <= "\udfff")


def rest_route(request: Request) -> str:
    """Return where a request goes in WordPress's REST API: to the bridge, or to itself (/wp/)."""
    return request.path if request.path.startswith("/wp/") else f"/igny8/v1{request.path}"


def is_missing_route(answer: Answer) -> bool:
    """Whether the web server, not WordPress, answered: pretty permalinks are off, or no API."""
    return answer.status in {301, 302, 307, 308, 404} and not isinstance(answer.json(), dict)


def complain(answer: Answer, request: Request) -> PublishError:
    """Return the error that an unwelcome answer means."""
    status = answer.status
    body = answer.json()
    facts: Mapping[str, Any] = body if isinstance(body, dict) else {}
    code = clean(facts.get("code", ""), LONGEST_CODE)
    waits = retry_after(answer.headers)
    if code == "igny8_in_progress":
        return SiteBusy("the site is still working on it", retry_after=waits or 2.0)
    if status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}:
        return _told_to_wait(status, waits)
    if status >= UNWELL or status < HTTPStatus.MULTIPLE_CHOICES:
        return _unwell(status, waits, request, _reason(code, facts))
    if status == HTTPStatus.CONFLICT and not code and request.writes:
        # Not the bridge's word, which always has a code: what it did, if anything, is unknown.
        return UnclearOutcome("the site answered 409 without a reason", code="http_409")
    return _site_error(answer, request, code, facts) or _rejected(status, code, facts)


def _site_error(
    answer: Answer, request: Request, code: str, facts: Mapping[str, Any]
) -> SiteError | None:
    status = answer.status
    if status < HTTPStatus.BAD_REQUEST:
        return SiteError(
            f"the site redirects to {clean(answer.headers.get('Location', 'elsewhere'))}: "
            "enter its final address",
            code="redirected",
        )
    if is_wrong_key(status, facts):
        return CredentialsRejected(
            "the site does not accept our key: enter the same key in the plugin's settings",
            status_code=status,
        )
    if status in REFUSALS:
        named = f" ({code})" if code else ""
        return SiteError(
            f"a firewall or a security plugin blocks the site's REST API{named}: "
            f"let it allow {request.method} /wp-json{rest_route(request)}",
            code="blocked",
            status_code=status,
        )
    if status == HTTPStatus.NOT_FOUND:
        return BridgeMissing("the plugin igny8-wp-bridge is not active on the site")
    return None


def _rejected(status: int, code: str, facts: Mapping[str, Any]) -> PublishError:
    if status == HTTPStatus.PRECONDITION_FAILED:  # the fence or the revision
        return StaleWrite("a newer version of this is already on its way", status_code=status)
    if code == "igny8_fingerprint_mismatch":
        return SiteAhead(WORDS[code], revision=None)
    words = WORDS.get(code) or f"the site refused it: {clean(facts.get('message'), 200) or status}"
    return PermanentError(words, code=code or f"http_{status}", status_code=status)


def _told_to_wait(status: int, waits: float | None) -> TemporaryError:
    if waits is not None or status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited("the site asked us to wait", retry_after=waits, status_code=status)
    return TemporaryError(f"the site answered {status}", code="busy", status_code=status)


def _reason(code: str, facts: Mapping[str, Any]) -> str:
    """Return why WordPress could not write, for whoever has to mend the site; '' where unsaid."""
    return clean(facts.get("message"), 200) if code == "igny8_write_failed" else ""


def _unwell(status: int, waits: float | None, request: Request, reason: str) -> PublishError:
    words = f"the site answered {status}" if status >= UNWELL else "the site answered without JSON"
    words = f"{words}: {reason}" if reason else words
    code = f"http_{status}" if status >= UNWELL else "not_json"
    if request.writes:
        return UnclearOutcome(words, code=code, status_code=status, retry_after=waits)
    if waits is not None:
        return RateLimited(words, retry_after=waits, status_code=status)
    return TemporaryError(words, code=code, status_code=status)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the site's wish in seconds, within 1 s and 1 h; None when there is none to be read.

    RFC 9110 10.2.3: seconds or a date.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        seconds = float(value[:12])
    else:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, SHORTEST_RETRY_AFTER), LONGEST_RETRY_AFTER)
