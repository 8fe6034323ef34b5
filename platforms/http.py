"""The one place that sends a request to a site: bounded, recorded, translated into our errors."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import requests
from urllib3.exceptions import NameResolutionError, NewConnectionError

import settings
from pipeline.errors import (
    PublishError,
    SiteError,
    SiteUnreachable,
    TemporaryError,
    UnclearOutcome,
)
from platforms.addresses import AddressRefused
from platforms.base import Exchange, Target
from platforms.connections import guarded_session
from platforms.deadlines import Deadline, deadline
from platforms.key_refusals import refused_by_another

ANSWER_LIMIT = 1024 * 1024
"""Bytes of an answer after decoding; ours are a few kB. 0.4 MB of gzip became 419 MB."""

CHUNK = 16 * 1024

SHORTEST_SECRET = 12
"""Letters; anything shorter could be an ordinary word of an answer."""

NO_HANDSHAKE = ("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "WRONG_VERSION", "HANDSHAKE_FAILURE")
"""OpenSSL's words before any byte of ours was sent."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to send. ``writes`` decides what an unknown outcome means."""

    method: str
    path: str
    subject: str | None = None
    writes: bool = False
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    body: bytes | None = None
    prefix: int | None = None
    """Read no more than so many bytes of the answer, and take them for enough."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the decoded body, or None when it is no JSON: a 200 is no promise of it."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@lru_cache(maxsize=1024)
def session_for(integration_id: int, site_url: str, slots: int) -> requests.Session:
    """Return the process's one session of a site; a session per call costs a connection each."""
    return guarded_session(slots)


class SiteHttp:
    """Speaks to one site, and writes down each exchange.

    ``before_each`` is called before every request; what it raises goes to the caller.
    """

    def __init__(self, target: Target, before_each: Callable[[], None] = lambda: None) -> None:
        self.target = target
        self._before_each = before_each
        self.exchanges: list[Exchange] = []
        self.sends_bearer = bool(target.api_key)
        self._may_drop_bearer = self.sends_bearer
        self._session = session_for(
            target.integration_id, target.site_url, target.requests_per_site
        )

    def send(self, request: Request) -> Answer:
        """Send and return the answer, whatever its status.

        A login plugin that takes every Bearer for its own refuses ours on every route. Whatever
        another plugin refuses is sent once more without it, and where that helps, all that follows.

        Raises:
            TemporaryError: nothing was sent, or it was a read.
            UnclearOutcome: it was a write, and may have been carried out.
            SiteError: the address, or its certificate, must not be talked to.
        """
        answer = self._send_once(request)
        if not self._may_drop_bearer or not refused_by_another(answer.status, answer.json()):
            return answer
        self._may_drop_bearer = self.sends_bearer = False
        again = self._send_once(request)
        self.sends_bearer = refused_by_another(again.status, again.json())
        return again

    def _send_once(self, request: Request) -> Answer:
        self._before_each()
        began = time.monotonic()
        answer: Answer | None = None
        failure: PublishError | None = None
        try:
            answer = self._exchange(request)
        except PublishError as error:
            failure = error
            raise
        finally:
            self.exchanges.append(
                Exchange(
                    method=request.method,
                    path=request.path,
                    subject=request.subject,
                    status_code=answer.status if answer else None,
                    error=str(failure) if failure else None,
                    duration_ms=round((time.monotonic() - began) * 1000),
                )
            )
        return answer

    def _exchange(self, request: Request) -> Answer:
        known = settings.current()
        with deadline(known.total_timeout) as limit:
            try:
                with self._session.request(
                    request.method,
                    self.target.site_url + request.path,
                    params=request.params,
                    data=request.body,
                    headers=self._headers(request),
                    timeout=(known.connect_timeout, known.read_timeout),
                    allow_redirects=False,  # a 302 turns our POST into a GET that answers 200
                    stream=True,
                ) as response:
                    answer = self._without_key(response, request.prefix)
                    if limit.expired:  # a header cut short by us reads like a complete one
                        raise TimeoutError
                    return answer
            except AddressRefused as error:
                raise SiteError(str(error), code="address_refused") from error
            except (requests.RequestException, OSError, ValueError) as error:
                raise _translate(error, request, limit) from error

    def _without_key(self, response: requests.Response, prefix: int | None) -> Answer:
        """Return the answer; a site that repeats our key must not bring it into our records."""
        key, headers, body = self.target.api_key, response.headers, _read(response, prefix)
        if len(key) >= SHORTEST_SECRET:
            body = body.replace(key.encode(), b"[key]")
            for name, value in list(headers.items()):
                headers[name] = value.replace(key, "[key]")
        return Answer(response.status_code, headers, body)

    def _headers(self, request: Request) -> dict[str, str]:
        key = self.target.api_key
        # Both: hosts often strip Authorization on its way to PHP (C11).
        keys = {"X-IGNY8-API-Key": key} if key else {}
        if self.sends_bearer:
            keys["Authorization"] = f"Bearer {key}"
        return {
            **keys,
            "Accept": "application/json",
            "User-Agent": "IGNY8-Publishing/1",
            **(request.headers or {}),
        }


def _read(response: requests.Response, prefix: int | None) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(CHUNK):
        body += chunk
        if prefix is not None and len(body) >= prefix:
            return bytes(body[:prefix])
        if len(body) > ANSWER_LIMIT:
            raise requests.exceptions.ContentDecodingError("the answer is larger than 1 MB")
    return bytes(body)


def _translate(error: Exception, request: Request, limit: Deadline) -> PublishError:
    host = _host(request, error)
    if isinstance(error, requests.exceptions.SSLError):
        said = str(error).upper()
        if "CERTIFICATE" in said:
            return SiteError(f"the TLS certificate of {host} can't be trusted", code="tls")
        if any(words in said for words in NO_HANDSHAKE):
            return SiteError(f"{host} speaks no TLS that is safe, or none at all", code="tls")
    if isinstance(error, requests.exceptions.ConnectTimeout) or _never_connected(error):
        return SiteUnreachable(f"could not connect to {host}")
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return SiteError("the site's address is not valid", code="bad_address")
    if limit.expired or isinstance(error, requests.exceptions.Timeout | TimeoutError):
        words, code = f"{host} did not finish its answer in time", "timeout"
    else:
        words, code = f"the connection to {host} broke before its answer was complete", "broken"
    if request.writes:
        return UnclearOutcome(words, code=code)
    return TemporaryError(words, code=code)


def _never_connected(error: Exception) -> bool:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError | NameResolutionError)


def _host(request: Request, error: Exception) -> str:
    url = getattr(getattr(error, "request", None), "url", None)
    return str(url).split("/")[2] if url and "//" in str(url) else "the site"
