"""Who asks: the account behind `Authorization: Bearer igny8_api_...`."""

import hmac

import sqlalchemy as sa
from flask import g, request

from ingress.errors import Problem
from models import ApiToken
from models.encryption import digest
from models.session import session_scope

PREFIX = "igny8_api_"
LONGEST = 200
"""Characters; ours have about fifty."""


def require_token() -> None:
    """Put the account's id into ``g.account_id``; every query names it.

    Raises:
        Problem: 401, the same for a missing, a wrong and a revoked token.
    """
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token:
        raise _refusal("Send Authorization: Bearer with an API token.", "")
    account_id = _account_of(token)
    if account_id is None:
        raise _refusal("This API token is not valid.", ', error="invalid_token"')
    g.account_id = account_id


def account_id() -> int:
    """Return the account that asks."""
    return int(g.account_id)


def _account_of(token: str) -> int | None:
    if not token.startswith(PREFIX) or len(token) > LONGEST:
        return None
    wanted = digest(token)
    query = sa.select(ApiToken.digest, ApiToken.account_id).where(
        ApiToken.digest == wanted, ApiToken.revoked_at.is_(None)
    )
    with session_scope(read_only=True) as session:
        found = session.execute(query).one_or_none()
    # The database's comparison may be case-blind by its collation; this one is not.
    if found is None or not hmac.compare_digest(found.digest, wanted):
        return None
    return int(found.account_id)


def _refusal(detail: str, more: str) -> Problem:
    challenge = f'Bearer realm="igny8"{more}'
    return Problem("unauthenticated", detail, headers={"WWW-Authenticate": challenge})
