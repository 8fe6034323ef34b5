"""Addresses that mean the same: one handler, the canonical one in the document (C5, C6, C7)."""

import re
from collections.abc import Callable
from typing import Any

from flask_openapi3.blueprint import APIBlueprint

BASE = "/api/v1/integration"
"""Of every blueprint whose views have aliases."""

CANONICAL = "/integrations"
"""Begins the rules of what is about integrations; their aliases lack it."""

_OUTSIDE_PLACEHOLDERS = re.compile(r"<[^>]*>|-")

View = Callable[..., Any]


def aliases_of(rule: str) -> list[str]:
    """Return the other addresses of ``rule``: underscores, no `/integrations`, and both."""
    shorter = rule.removeprefix(CANONICAL)
    found = dict.fromkeys([rule, _underscored(rule), shorter, _underscored(shorter)])
    return list(found)[1:]


def aliased(bp: APIBlueprint, method: str, rule: str, **options: Any) -> Callable[[View], View]:
    """Register a view at ``rule`` and, hidden from the OpenAPI document, at its aliases.

    ``options`` are those of ``bp.get`` and its siblings::

        @aliased(bp, "post", "/integrations/<row_id:integration_id>/update-structure/",
                 responses={...}, operation_id="update_structure")
        def update_structure(path: IntegrationPath, body: Structure) -> Any: ...
    """

    def register(view: View) -> View:
        registered: View = getattr(bp, method)(rule, **options)(view)
        for alias in aliases_of(rule):
            # Another rule of the endpoint that is there: the same function, validated the same.
            bp.add_url_rule(alias, endpoint=view.__name__, methods=[method.upper()])
        return registered

    return register


def _underscored(rule: str) -> str:
    return _OUTSIDE_PLACEHOLDERS.sub(
        lambda found: found[0] if found[0].startswith("<") else "_", rule
    )
