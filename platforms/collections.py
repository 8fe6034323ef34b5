"""One content type of a WordPress: is it there, has it a REST route, can it be read and written."""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from platforms.base import Collection
from platforms.http import Answer, Request

ROUTE = re.compile(r"[A-Za-z0-9_/-]{1,100}")
PUBLISHED_TYPE = "post"
"""The only type that is published so far (S179)."""

Call = Callable[[Request], Answer]


def collection_of(
    call: Call, structure: Mapping[str, Any], name: str, writes: object
) -> Collection:
    """Return what can be done with the content type ``name``; ``writes`` is the plugin's word."""
    types = structure.get("post_types")
    if not isinstance(types, dict) or name not in types:
        return Collection(False, None, False, None, None)
    route = _route(call(Request("GET", f"/wp/v2/types/{name}")))
    count = _count(call(Request("GET", route, params={"per_page": "1"}))) if route else None
    can_create = writes and name == PUBLISHED_TYPE if isinstance(writes, bool) else None
    return Collection(True, route, count is not None, can_create, count)


def _route(answer: Answer) -> str | None:
    """Return the type's REST route; None where it was registered without one."""
    body = answer.json()
    if answer.status != HTTPStatus.OK or not isinstance(body, dict):
        return None
    namespace, base = body.get("rest_namespace") or "wp/v2", body.get("rest_base")
    route = f"/{namespace}/{base}"
    # Only WordPress's own: of another namespace nothing is known.
    return route if base and route.startswith("/wp/") and ROUTE.fullmatch(route) else None


def _count(answer: Answer) -> int | None:
    """Return how many there are to be read; None where they can't be."""
    total = answer.headers.get("X-WP-Total", "")
    if answer.status != HTTPStatus.OK or not isinstance(answer.json(), list):
        return None
    return int(total) if total.isascii() and total.isdecimal() and len(total) < 10 else 0  # noqa: PLR2004
