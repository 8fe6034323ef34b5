"""Whose word a 401 or 403 is: the bridge's, or that of another plugin in front of it."""

from http import HTTPStatus
from typing import Any

WRONG_KEY = {"code": "rest_forbidden", "message": "Invalid API key"}
"""The bridge's words; the code alone is WordPress's own for many refusals."""

REFUSALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


def is_wrong_key(status: int, body: Any) -> bool:
    """Whether the bridge says that it does not know our key."""
    if status not in REFUSALS or not isinstance(body, dict):
        return False
    return {name: body.get(name) for name in WRONG_KEY} == WRONG_KEY


def refused_by_another(status: int, body: Any) -> bool:
    """Whether a plugin other than the bridge refused the request, so that nothing was done."""
    if status not in REFUSALS or not isinstance(body, dict):
        return False
    code = body.get("code")
    if not isinstance(code, str) or not code:
        return False  # a web server or a firewall
    return not code.startswith("igny8_") and not is_wrong_key(status, body)
