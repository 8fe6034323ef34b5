"""Asking a site what it is: is it a WordPress, is its REST API there, does the bridge let us in."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from packaging.version import InvalidVersion, Version

from pipeline.diagnosis import Facts
from pipeline.errors import PublishError
from platforms.answers import LONGEST_CODE, clean
from platforms.base import Target
from platforms.http import Answer, Request, SiteHttp
from platforms.key_refusals import is_wrong_key
from platforms.trying_out import try_questions
from platforms.wordpress import OLDEST_BRIDGE, WordPressBridge

NAMESPACE = "igny8/v1"
INDEX_FIELDS = {"_fields": "name,namespaces"}
"""A site with many plugins describes its routes in more than a megabyte."""

HOME_PREFIX = 64 * 1024
WORDPRESS_MARKS = (b"/wp-content/", b"/wp-includes/", b"wp-json", b"WordPress")
LARGEST_COUNT = 2**31 - 1
WIDEST_OFFSET = 14
"""Hours from UTC: Kiribati's."""


def probe_wordpress(target: Target, facts: Facts) -> Facts:
    """Add what is seen from outside, without our key: http, WordPress, REST, permalinks."""
    site = SiteHttp(replace(target, api_key=""))
    pretty = _ask(site, Request("GET", "/wp-json/", params=INDEX_FIELDS))
    if namespaces := _namespaces(pretty):
        return _with_rest(facts, "path", namespaces)
    query = {"rest_route": "/", **INDEX_FIELDS}
    plain = _ask(site, Request("GET", "/", params=query))
    if namespaces := _namespaces(plain):
        return _with_rest(facts, "query", namespaces)
    if _bridge_answers(site):
        return _with_rest(facts, "path", [NAMESPACE])
    home = _ask(site, Request("GET", "/", prefix=HOME_PREFIX))
    return _without_rest(facts, home, pretty, plain)


def _ask(site: SiteHttp, request: Request) -> Answer | PublishError:
    try:
        return site.send(request)
    except PublishError as error:
        return error


def _namespaces(answer: Answer | PublishError) -> list[Any]:
    """Return a WordPress's REST namespaces, or nothing where that is not its index."""
    body = answer.json() if isinstance(answer, Answer) else None
    found = body.get("namespaces") if isinstance(body, dict) else None
    return found if isinstance(found, list) else []


def _bridge_answers(site: SiteHttp) -> bool:
    """Whether our plugin is let through where the index of the API is shut to strangers."""
    answer = _ask(site, _status_request("path"))
    return isinstance(answer, Answer) and is_wrong_key(answer.status, answer.json())


def _with_rest(facts: Facts, route: str, namespaces: list[Any]) -> Facts:
    return replace(
        facts,
        http_fault="",
        http_status=int(HTTPStatus.OK),
        wordpress=True,
        rest_route=route,
        rest_status=int(HTTPStatus.OK),
        bridge=NAMESPACE in namespaces,
    )


def _without_rest(
    facts: Facts,
    home: Answer | PublishError,
    pretty: Answer | PublishError,
    plain: Answer | PublishError,
) -> Facts:
    """Tell apart: no web server, no WordPress, and a WordPress whose REST API is shut."""
    if isinstance(home, PublishError):
        fault = home.code if home.code in {"timeout", "broken"} else "other"
        return replace(facts, http_fault=fault)
    location = clean(home.headers.get("Location", ""))
    facts = replace(facts, http_fault=_http_fault(home), http_status=home.status, location=location)
    if facts.http_fault:
        return facts
    refusals = [answer for answer in (pretty, plain) if isinstance(answer, Answer)]
    code = next(filter(None, map(_rest_code, refusals)), "")
    statuses = [each.status for each in refusals if each.status != HTTPStatus.NOT_FOUND]
    return replace(
        facts,
        wordpress=bool(code) or _looks_like_wordpress(home),
        rest_route="",
        rest_status=statuses[0] if statuses else int(HTTPStatus.NOT_FOUND),
        rest_code=code,
    )


def _http_fault(home: Answer) -> str:
    if home.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "server_error"
    if HTTPStatus.MULTIPLE_CHOICES <= home.status < HTTPStatus.BAD_REQUEST:
        return "redirected"
    if home.status == HTTPStatus.UNAUTHORIZED:
        return "password"
    refused = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.TOO_MANY_REQUESTS}
    return "firewall" if home.status in refused else ""


def _rest_code(answer: Answer) -> str:
    """Return WordPress's own word of a refusal: only its REST API speaks so."""
    body = answer.json()
    if not isinstance(body, dict) or "message" not in body:
        return ""
    return clean(body.get("code", ""), LONGEST_CODE)


def _looks_like_wordpress(home: Answer) -> bool:
    linked = "api.w.org" in home.headers.get("Link", "")
    return linked or any(mark in home.body for mark in WORDPRESS_MARKS)


def probe_bridge(target: Target, facts: Facts) -> Facts:
    """Add what the plugin says to who has its key."""
    if not facts.rest_route or not facts.bridge:
        return facts
    site = SiteHttp(target)
    request = _status_request(facts.rest_route)
    answer = _ask(site, request)
    if isinstance(answer, PublishError):
        return replace(facts, key_accepted=False, bridge_status=0)
    body = answer.json()
    if answer.status == HTTPStatus.NOT_FOUND:
        return replace(facts, bridge=False)
    if answer.status != HTTPStatus.OK or not isinstance(body, dict):
        # A 401 that is not the plugin's own says nothing of our key: who answers it shuts the way.
        ours = answer.status != HTTPStatus.UNAUTHORIZED or is_wrong_key(answer.status, body)
        return replace(
            facts, key_accepted=False, bridge_status=answer.status if ours else HTTPStatus.FORBIDDEN
        )
    facts = _with_status(facts, body)
    facts = replace(facts, authorization_stripped=_is_stripped(site, facts, body))
    return _with_refusals(target, facts)


def _with_refusals(target: Target, facts: Facts) -> Facts:
    """Add with which status a publish's requests are refused: some firewalls let others alone."""
    if not facts.new_enough or facts.can_write is False:
        return facts
    bridge = WordPressBridge(target)
    return replace(
        facts,
        write_refused=_refusal(bridge.try_writing),
        questions_refused=_refusal(lambda: try_questions(bridge)),
    )


def _refusal(ask: Callable[[], None]) -> int | None:
    try:
        ask()
    except PublishError as error:
        return error.status_code or 0
    return None


def _status_request(route: str, headers: Mapping[str, str] | None = None) -> Request:
    path = f"/{NAMESPACE}/status"
    if route == "path":
        return Request("GET", f"/wp-json{path}", headers=headers)
    return Request("GET", "/", params={"rest_route": path}, headers=headers)


def _is_stripped(site: SiteHttp, facts: Facts, body: Mapping[str, Any]) -> bool | None:
    """Whether our Authorization header is lost; older plugins don't say, so it is tried alone."""
    if not site.sends_bearer:
        return None  # another plugin refused it: it arrives, and is left out
    seen = body.get("authorization_header_seen")
    if isinstance(seen, bool):
        return not seen
    alone = _ask(site, _status_request(facts.rest_route or "path", {"X-IGNY8-API-Key": ""}))
    if isinstance(alone, PublishError):
        return None
    known = {HTTPStatus.OK: False, HTTPStatus.UNAUTHORIZED: True}
    return known.get(HTTPStatus(alone.status)) if alone.status in known else None


def _with_status(facts: Facts, body: Mapping[str, Any]) -> Facts:
    version = clean(body.get("plugin_version"), LONGEST_CODE)
    writes, transactions = body.get("can_write"), body.get("transactions")
    return replace(
        facts,
        key_accepted=True,
        bridge_status=int(HTTPStatus.OK),
        plugin_version=version,
        new_enough=_is_new_enough(version),
        can_write=writes if isinstance(writes, bool) else None,
        transactions=transactions if isinstance(transactions, bool) else None,
        seo_plugin=clean(body.get("seo_plugin"), LONGEST_CODE) or None,
        max_body_bytes=_size(body.get("max_body_bytes")),
        wordpress_version=clean(body.get("wordpress_version"), LONGEST_CODE),
        php_version=clean(body.get("php_version"), LONGEST_CODE),
        timezone=clean(body.get("timezone"), LONGEST_CODE),
        gmt_offset=_offset(body.get("gmt_offset")),
    )


def _is_new_enough(version: str) -> bool:
    try:
        return Version(version) >= OLDEST_BRIDGE
    except InvalidVersion:
        return False


def _size(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return min(value, LARGEST_COUNT)


def _offset(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= WIDEST_OFFSET else None
