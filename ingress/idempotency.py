"""`Idempotency-Key`: a request that was answered gets its answer again (IETF draft 07)."""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Annotated, Any

from flask import g, request
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.orm import Session

from ingress.auth import account_id
from ingress.errors import Problem, problem_responses
from ingress.site_keys import asking_site
from models.remembering import Asked, NameTaken, find_remembered, remember_answer
from models.session import session_scope

PROBLEMS = problem_responses("idempotency_key_reused")
"""Answers that every view with `idempotent` may give besides its own."""

Key = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[!-~]+$")]
View = Callable[..., Any]


class IdempotentHeaders(BaseModel):
    """The headers of a view with `idempotent`; it must take them as ``header``."""

    idempotency_key: Key | None = Field(
        None,
        alias="Idempotency-Key",
        description="Your own name for this request: sent again within a day, it is answered "
        "as it was, and nothing is done twice.",
    )


def idempotent(view: View) -> View:
    """Let a caller name its request; the view passes its answer through :func:`remembered`.

    Raises:
        Problem: 422, the name was for another request.
    """

    @wraps(view)
    def answered(*, header: IdempotentHeaders, **values: Any) -> Any:
        if header.idempotency_key is None:
            return view(header=header, **values)
        asked = Asked(account_id(), _name(header.idempotency_key), _digest())
        if (known := _known(asked)) is not None:
            return known
        g.asked = asked
        try:
            return view(header=header, **values)
        except (NameTaken, Problem):
            # Two at once: what refuses this one may be what the other has just done.
            if (known := _known(asked)) is not None:
                return known
            raise

    return answered


def remembered(
    session: Session,
    answer: Mapping[str, Any],
    status: int,
    headers: Mapping[str, str] | None = None,
    *,
    shown_once: str | None = None,
) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Return a view's answer, and keep it in the transaction of ``session`` where it has a name.

    The member ``shown_once`` is a secret, and kept as null.
    """
    asked: Asked | None = g.get("asked")
    if asked is not None:
        body = {**answer, **({shown_once: None} if shown_once else {})}
        kept = {"body": body, "headers": dict(headers or {})}
        remember_answer(session, asked, int(status), kept)
    return dict(answer), int(status), dict(headers or {})


def _known(asked: Asked) -> Any:
    with session_scope(read_only=True) as session:
        found = find_remembered(session, asked)
    if found is None:
        return None
    if found.request_digest != asked.digest:
        raise Problem(
            "idempotency_key_reused",
            "You gave this Idempotency-Key to another request: take a new one for this.",
        )
    headers = {**found.answer["headers"], "Idempotent-Replayed": "true"}
    return found.answer["body"], found.status, headers


def _name(key: str) -> str:
    """Return a caller's name for its request: each site's plugin has names of its own.

    Else one site of an account could use up what the others call theirs. No key has a space.
    """
    site_id = asking_site()
    return key if site_id is None else f"site {site_id}: {key}"


def _digest() -> str:
    """Return what was asked for, whichever of its addresses it came to.

    And by which site's plugin: what one is answered is not another's to read.
    """
    asked = [request.endpoint, request.view_args, request.get_json(), asking_site()]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
