"""Integrations over the API: list, make, read, change, remove (S88–S93)."""

from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from sqlalchemy.orm import Session

import platforms
from ingress.aliases import BASE, aliased
from ingress.auth import require_role, require_token
from ingress.broker import ring
from ingress.errors import Problem, problem_responses, refused_field
from ingress.idempotency import PROBLEMS, IdempotentHeaders, idempotent, remembered
from ingress.integrations.answers import (
    IntegrationAnswer,
    IntegrationPage,
    integration_answer,
)
from ingress.integrations.fields import (
    IntegrationChange,
    IntegrationPath,
    IntegrationReplacement,
    NewIntegration,
    Settings,
    Switches,
)
from ingress.integrations.listing import list_integrations
from ingress.site_keys import require_token_or_site_key
from ingress.tenancy import own_integration, own_site, refuse_taken_address
from models import Integration, Publication, PublicationState, Role
from models.plan_requests import suggest_plan
from models.publishing.kept_keys import keep_keys
from models.schedule.reconnecting import sweep_again
from models.session import session_scope
from models.sites.connecting import ensure_integration

READING = problem_responses("invalid_fields", "unauthenticated", "not_found", "unavailable")
WRITING = READING | problem_responses(
    "site_exists", "length_required", "too_large", "unsupported_media_type"
)
TAGS = [Tag(name="integrations", description="Sites, connected on their platforms")]

bp = APIBlueprint(
    "integrations",
    __name__,
    url_prefix=BASE,
    abp_tags=TAGS,
    abp_security=[{"bearer": []}],
)


@bp.before_request
def _let_in() -> None:
    """Let in people; to the list also a plugin, which looks for its own (S113)."""
    if request.endpoint == f"{bp.name}.{list_integrations.__name__}":
        require_token_or_site_key()
    else:
        require_token()


aliased(
    bp,
    "get",
    "/integrations/",
    responses={200: IntegrationPage, **READING, **problem_responses("site_inactive")},
    operation_id="integrations",
    security=[{"bearer": []}, {"site_key": []}],
)(list_integrations)


@aliased(
    bp,
    "post",
    "/integrations/",
    responses={
        201: IntegrationAnswer,
        **WRITING,
        **PROBLEMS,
        **problem_responses("integration_exists", "no_site_key", "platform_unsupported"),
    },
    operation_id="create_integration",
)
@idempotent
def create(header: IdempotentHeaders, body: NewIntegration) -> Any:
    """Connect a site on a platform. A WordPress site has its key first (`generate-api-key`).

    At another address than the site's own it takes an admin: the key is sent there.
    """
    refuse_platform(body.platform)
    with session_scope() as session:
        site = own_site(session, body.site)
        if site.wp_api_key_digest is None:
            raise Problem("no_site_key", "Generate the site's key first: generate-api-key.")
        address = body.config_json.site_url or site.url
        if address != site.url:
            require_role(Role.ADMIN)
        refuse_taken_address(session, address, site.id)
        made, is_new = ensure_integration(
            session,
            site,
            body.platform,
            platform_type=body.platform_type,
            config_json=_config(body),
            is_active=body.is_active,
            sync_enabled=body.sync_enabled,
        )
        if not is_new:
            raise Problem("integration_exists", f"It has the id {made.id}: change that one.")
        session.refresh(made)
        location = {"Location": f"{BASE}/integrations/{made.id}/"}
        answer = integration_answer(session, made)
        return remembered(session, answer, HTTPStatus.CREATED, location)


@aliased(
    bp,
    "get",
    "/integrations/<row_id:integration_id>/",
    responses={200: IntegrationAnswer, **READING},
    operation_id="integration",
)
def read(path: IntegrationPath) -> Any:
    """Return an integration with its content types."""
    with session_scope(read_only=True) as session:
        return integration_answer(session, own_integration(session, path.integration_id))


@aliased(
    bp,
    "put",
    "/integrations/<row_id:integration_id>/",
    responses={200: IntegrationAnswer, **WRITING},
    operation_id="replace_integration",
)
def replace(path: IntegrationPath, body: IntegrationReplacement) -> Any:
    """Set an integration's switches and settings as a whole. Another address takes an admin."""
    with session_scope() as session:
        found = own_integration(session, path.integration_id, to_change=True)
        for name in ("site", "platform"):
            present = found.site_id if name == "site" else found.platform
            if getattr(body, name) not in {None, present}:
                raise refused_field(name, "an integration keeps its site and its platform")
        found.is_active, found.sync_enabled = body.is_active, body.sync_enabled
        _set_config(session, found, {"site_url": found.site.url, **_config(body)})
        answer = _saved(session, found)
    ring()
    return answer


@aliased(
    bp,
    "patch",
    "/integrations/<row_id:integration_id>/",
    responses={200: IntegrationAnswer, **WRITING},
    operation_id="change_integration",
)
def change(path: IntegrationPath, body: IntegrationChange) -> Any:
    """Change what the body names. Another address takes an admin: the site's key is sent there."""
    with session_scope() as session:
        found = own_integration(session, path.integration_id, to_change=True)
        if body.is_active is not None:
            found.is_active = body.is_active
        if body.sync_enabled is not None:
            found.sync_enabled = body.sync_enabled
        _set_config(session, found, _merged(found, body))
        answer = _saved(session, found)
    # Switched on, it may have work that waits.
    ring()
    return answer


@aliased(
    bp,
    "delete",
    "/integrations/<row_id:integration_id>/",
    responses={204: None, **READING, **problem_responses("integration_busy")},
    operation_id="delete_integration",
)
def delete(path: IntegrationPath) -> Any:
    """Remove an integration with all that we know of its posts; the posts themselves stay.

    Made anew, its site's posts are found again as their contents are published.
    One at another address than its site's own takes an admin: made anew, it would be there.
    """
    with session_scope() as session:
        # Locked as dispatch locks it: no batch starts between the look and the removal.
        found = own_integration(session, path.integration_id, to_change=True)
        if found.site_url != found.site.url:
            require_role(Role.ADMIN)
        on_its_way = sa.exists().where(
            Publication.integration_id == found.id,
            Publication.state == PublicationState.PUBLISHING,
        )
        sweep_again(session, found.id)
        keep_keys(session, found)
        removed = session.execute(
            sa.delete(Integration)
            .where(Integration.id == found.id, ~on_its_way)
            .execution_options(synchronize_session=False)
        )
        if not removed.rowcount:  # type: ignore[attr-defined]
            raise Problem(
                "integration_busy",
                "A batch is on its way there. Switch the integration off, and try again.",
                headers={"Retry-After": "10"},
            )
        session.expunge(found)
    return "", HTTPStatus.NO_CONTENT


def refuse_platform(platform: str) -> None:
    """Refuse a platform that has no adapter (S78, S256).

    Raises:
        Problem: 501.
    """
    if platform not in platforms.ADAPTERS:
        raise Problem("platform_unsupported", f"There is no adapter for {platform} yet.")


def _saved(session: Session, integration: Integration) -> dict[str, Any]:
    session.flush()
    suggest_plan(session, integration.site_id)  # switched on, it may have slots again
    return integration_answer(session, integration)


def _config(body: Switches) -> dict[str, Any]:
    debug = body.credentials_json.debug_enabled
    return body.config_json.stored() | ({} if debug is None else {"debug_enabled": debug})


def _merged(integration: Integration, body: IntegrationChange) -> dict[str, Any]:
    given = body.config_json or Settings()
    taken_away = {name for name in given.model_fields_set if getattr(given, name) is None}
    config = {k: v for k, v in integration.config_json.items() if k not in taken_away}
    if body.credentials_json and body.credentials_json.debug_enabled is not None:
        config["debug_enabled"] = body.credentials_json.debug_enabled
    return {"site_url": integration.site.url, **config, **given.stored()}


def _set_config(session: Session, integration: Integration, config: dict[str, Any]) -> None:
    if config["site_url"] != integration.site_url:
        # Who may not have the site's key may not say where it is sent either.
        require_role(Role.ADMIN)
        refuse_taken_address(session, config["site_url"], integration.site_id)
    integration.config_json = config
    integration.external_site_url = config["site_url"]  # C16
