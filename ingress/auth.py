"""Who asks: the account and role behind `Authorization: Bearer igny8_api_...` (S26, S91)."""

import hmac
from typing import Any

import sqlalchemy as sa
from flask import g, request

from ingress.errors import Problem
from ingress.throttling import Limit, address, spend
from models import Account, ApiToken, Role, User
from models.account import API_PREFIX
from models.encryption import digest
from models.session import session_scope

LONGEST = 200
"""Characters; ours have about fifty."""

LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})


def require_token() -> None:
    """Put the account's id and the role into ``g``; every query names the account.

    To look takes a viewer, to change anything an editor; what takes an admin calls
    :func:`require_role` itself.

    Raises:
        Problem: 401, the same for a missing, a wrong and a revoked token; 403 for a disabled
            user, a suspended account, and a role that does not reach.
    """
    token = bearer()
    if not token:
        raise refusal("Send Authorization: Bearer with an API token.", "")
    found = _find(token)
    if found is None:
        raise refusal("This API token is not valid.", ', error="invalid_token"')
    spend(Limit.TOKEN, found.id)
    if found.disabled_at is not None:
        raise Problem("forbidden", "The user of this token is disabled.")
    refuse_suspended(found.suspended_at)
    g.account_id = int(found.account_id)
    g.token_id = int(found.id)
    g.role = (
        found.role
        if found.user_role is None
        else min(found.role, found.user_role, key=list(Role).index)
    )
    require_role(Role.VIEWER if request.method in LOOKING else Role.EDITOR)


def require_role(wanted: Role) -> None:
    """Refuse who may not do what takes the role ``wanted``; call it after `require_token`.

    Raises:
        Problem: 403.
    """
    if not g.role.includes(wanted):
        raise Problem("forbidden", f"This takes the role {wanted}; yours is {g.role}.")


def account_id() -> int:
    """Return the account that asks."""
    return int(g.account_id)


def bearer() -> str:
    """Return what stands behind `Bearer` in the Authorization header, or ''."""
    kind, _, credential = request.headers.get("Authorization", "").partition(" ")
    return credential.strip() if kind.lower() == "bearer" else ""


def refuse_suspended(suspended_at: Any) -> None:
    """Refuse everybody of an account that is suspended.

    Raises:
        Problem: 403.
    """
    if suspended_at is not None:
        raise Problem("account_suspended", "Nothing goes on here until we have talked.")


def refusal(detail: str, more: str) -> Problem:
    """Return the 401; ``more`` goes into its challenge (RFC 6750).

    Raises:
        Problem: 429, where this address was refused too often.
    """
    spend(Limit.REFUSED, address())
    challenge = f'Bearer realm="igny8"{more}'
    return Problem("unauthenticated", detail, headers={"WWW-Authenticate": challenge})


def _find(token: str) -> Any:
    if not token.startswith(API_PREFIX) or len(token) > LONGEST:
        return None
    wanted = digest(token)
    query = (
        sa.select(
            ApiToken.id,
            ApiToken.digest,
            ApiToken.account_id,
            ApiToken.role,
            User.role.label("user_role"),
            User.disabled_at,
            Account.suspended_at,
        )
        .join(Account, Account.id == ApiToken.account_id)
        .outerjoin(User, User.id == ApiToken.user_id)
        .where(ApiToken.digest == wanted, ApiToken.revoked_at.is_(None))
    )
    with session_scope(read_only=True) as session:
        found = session.execute(query).one_or_none()
    # The database's comparison may be case-blind by its collation; this one is not.
    if found is None or not hmac.compare_digest(found.digest, wanted):
        return None
    return found
