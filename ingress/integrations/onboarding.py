"""The plugin's first call: is this the key of that site? Open to all, so that it can be asked.

The same answer for a site that is not there and for a wrong key, after the same work (C9, C36).
Whoever asks is counted before the body is read: by the site whose key a header shows, else by the
address, which a shared host's sites have in common.
"""

from http import HTTPStatus
from typing import Annotated, Any

from flask import g, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.orm import Session

from ingress.aliases import BASE, aliased
from ingress.auth import LONGEST, bearer, refuse_suspended
from ingress.bodies import SMALL, at_most
from ingress.broker import ring_site_runs
from ingress.contents.fields import RowId
from ingress.errors import Problem, problem_responses, refused_field
from ingress.integrations.run_answers import (
    LayerAnswer,
    WaitHeaders,
    accepted_site_run,
    site_outcome,
)
from ingress.site_keys import HEADER, presented_key
from ingress.throttling import Limit, address, spend
from ingress.waiting import preferred_wait
from models import Account, Role, Site, SiteRunKind
from models.session import session_scope
from models.sites.connecting import address_of, ensure_integration
from models.sites.keys import find_by_key
from models.sites.runs import accept_site_run
from pipeline.site_urls import BadSiteUrl, normalise_site_url

bp = APIBlueprint(
    "onboarding",
    __name__,
    url_prefix=BASE,
    abp_tags=[Tag(name="connection", description="Does it work, and if not: why not")],
)
bp.before_request(at_most(SMALL))


@bp.before_request
def _count() -> None:
    """Count who asks.

    Raises:
        Problem: 429.
    """
    with session_scope(read_only=True) as session:
        known = find_by_key(session, presented_key())
    g.is_counted_by_key = known is not None
    spend(Limit.ONBOARDING, f"key of site {known[0].id}" if known else address())


class FirstCall(BaseModel):
    """Who the plugin says it is; its key may also come in one of the two headers."""

    # An older or newer plugin may say more.
    model_config = ConfigDict(strict=True, extra="ignore")

    site_id: RowId
    api_key: Annotated[str, StringConstraints(max_length=10_000)] = ""
    site_url: Annotated[str, StringConstraints(max_length=2000)] | None = None


class ConnectedAnswer(BaseModel):
    """The key is right; the test of the way back goes on, unless `Prefer: wait` saw its end."""

    success: bool = True
    message: str
    site_id: int
    integration_id: int
    run_id: str
    status_url: str
    connected: bool | None = Field(description="Whether we reach the site; null: not known yet.")
    failing_layer: str | None
    layers: list[LayerAnswer] | None


@aliased(
    bp,
    "post",
    "/integrations/test-connection/",
    responses={
        200: ConnectedAnswer,
        **problem_responses(
            "invalid_fields",
            "unauthenticated",
            "account_suspended",
            "site_inactive",
            "length_required",
            "too_large",
            "unsupported_media_type",
            "too_many_requests",
            "unavailable",
        ),
    },
    operation_id="test_connection",
)
def test_connection(header: WaitHeaders, body: FirstCall) -> Any:
    """Check a site's key, give the site its integration, and test the way back to it."""
    if not g.is_counted_by_key:
        # Apart from those with its key, whom strangers must not be able to shut out.
        spend(Limit.ONBOARDING, f"site {body.site_id}")
    with session_scope() as session:
        site = _site(session, body)
        integration, _ = ensure_integration(session, site)
        run, _ = accept_site_run(session, integration, SiteRunKind.CONNECTION_TEST)
        accepted = accepted_site_run(run)
    ring_site_runs()
    outcome, _ = site_outcome(run.id, preferred_wait(header.prefer))
    return _answer(site.id, accepted, outcome or {}), HTTPStatus.OK


def _site(session: Session, body: FirstCall) -> Site:
    """Return the site whose key was shown, and note that it asks.

    Raises:
        Problem: 401, 403; 400 for an address that is not the site's.
    """
    found = find_by_key(session, _key(body))
    if found is None or found[0].id != body.site_id:
        words = "The site id and the key do not belong together. Copy both once more."
        challenge = {"WWW-Authenticate": 'Bearer realm="igny8"'}
        raise Problem("unauthenticated", words, headers=challenge, success=False, message=words)
    site, _ = found
    refuse_suspended(session.get_one(Account, site.account_id).suspended_at)
    if not site.is_active:
        raise Problem("site_inactive", "Switch the site on to let it in again.")
    check_address(address_of(session, site), body.site_url)
    g.account_id, g.site_id, g.role = site.account_id, site.id, Role.EDITOR
    return site


def _key(body: FirstCall) -> str:
    """Return the one key that was shown, or '', which no site has."""
    shown = {key for key in (body.api_key, bearer(), request.headers.get(HEADER, "")) if key}
    key = shown.pop() if len(shown) == 1 else ""
    return key if len(key) <= LONGEST and key.isascii() and key.isprintable() else ""


def check_address(address: str, told: str | None) -> None:
    """Refuse a plugin that runs elsewhere than at ``address``.

    A copied site must not pass for the first one (C37); one that has moved has its new address
    written into `config_json.site_url` first.

    Raises:
        Problem: 400.
    """
    if told is None:
        return
    try:
        same = normalise_site_url(told) == normalise_site_url(address)
    except BadSiteUrl as error:
        raise refused_field("site_url", str(error)) from None
    if not same:
        raise refused_field(
            "site_url",
            f"this key is for {address}, and the plugin runs at another address. If the site has "
            "moved, an admin enters its new address in config_json.site_url of the integration, or "
            "with `igny8 site move`; a copy of the site needs a key of its own",
        )


def _answer(site_id: int, accepted: dict[str, Any], outcome: dict[str, Any]) -> dict[str, Any]:
    message = "The key is right."
    if outcome:
        message = "Connected." if outcome["success"] else f"{message} {outcome['reason']}"
    return ConnectedAnswer(
        message=message,
        site_id=site_id,
        integration_id=accepted["site_integration_id"],
        run_id=accepted["run_id"],
        status_url=accepted["status_url"],
        connected=outcome.get("success"),
        failing_layer=outcome.get("failing_layer"),
        layers=outcome.get("layers"),
    ).model_dump(mode="json")
