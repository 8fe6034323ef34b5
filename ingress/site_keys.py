"""Which site asks: by its key, in `Authorization: Bearer` or `X-IGNY8-API-Key` (S149, C11)."""

from flask import g, request

from ingress.auth import LONGEST, bearer, refusal, refuse_suspended, require_token
from ingress.errors import Problem, not_found
from ingress.throttling import Limit, spend
from models import Role, Site
from models.account import API_PREFIX
from models.session import session_scope
from models.sites.keys import find_by_key

HEADER = "X-IGNY8-API-Key"


def site_of_key() -> Site:
    """Return the site whose key came with the request; sets ``g.site_id`` and ``g.account_id``.

    The current key, the next one of a rotation, and the previous one while it lasts. The row is
    of no session any more: no transaction is open while the requests are counted elsewhere.

    Raises:
        Problem: 401, the same in words and work for a missing, malformed and wrong key, and for
            two different ones; 403 for a site that is switched off or of a suspended account;
            429 for too many requests of this site.
    """
    with session_scope(read_only=True) as session:
        found = find_by_key(session, presented_key())
    if found is None:
        raise refusal("This site key is not valid.", ', error="invalid_token"')
    site, _ = found
    spend(Limit.SITE, site.id)
    refuse_suspended(site.account.suspended_at)
    if not site.is_active:
        raise Problem("site_inactive", "Switch the site on to let it in again.")
    g.site_id, g.account_id = site.id, site.account_id
    g.role = Role.EDITOR  # of its own site only: see `refuse_other_site`
    return site


def presented_key() -> str:
    """Return the one key that a request shows, or '', which no site has.

    Never from the query: addresses stand in logs.
    """
    headed = request.headers.get(HEADER, "").strip()
    shown = {key for key in (bearer(), headed) if key}
    key = shown.pop() if len(shown) == 1 else ""
    return key if len(key) <= LONGEST and key.isascii() and key.isprintable() else ""


def require_site_key() -> None:
    """Let in a site's plugin alone; for ``before_request``."""
    site_of_key()


def require_token_or_site_key() -> None:
    """Let in people by their token and a plugin by its site's key; for ``before_request``.

    A view behind this calls :func:`refuse_other_site` for every site it touches, or adds
    :func:`asking_site` to its query.
    """
    if bearer().startswith(API_PREFIX):
        require_token()
    else:
        require_site_key()


def asking_site() -> int | None:
    """Return the id of the site whose key it was; None for people."""
    found: int | None = g.get("site_id")
    return found


def refuse_other_site(site_id: int, what: str = "site") -> None:
    """Make every site but its own as good as missing for who came with a site's key.

    Raises:
        Problem: 404.
    """
    own = asking_site()
    if own is not None and own != site_id:
        raise not_found(what)
