"""Syncs over the API: start one, see how it stands and how well it goes (S100, S101, S107–S109)."""

from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field

from ingress.aliases import BASE, aliased
from ingress.auth import account_id
from ingress.contents.fields import Body, RowId
from ingress.errors import Problem, not_found, problem_responses, refused_field
from ingress.idempotency import idempotent
from ingress.integrations.connections import ACCEPTING
from ingress.integrations.fields import IntegrationPath
from ingress.integrations.health_answers import SyncHealth, sync_health
from ingress.integrations.run_answers import AcceptedSiteRun, RunHeaders, SiteRunAnswer
from ingress.integrations.site_requests import accept_and_answer
from ingress.integrations.structure import READING
from ingress.integrations.sync_answers import DebugStatus, SyncStatus, debug_status, sync_status
from ingress.site_keys import asking_site, require_token_or_site_key
from ingress.tenancy import own_integration
from models import Integration, SiteRunKind
from models.session import session_scope

DIRECTIONS = ("metadata", "both", "to_external", "from_external")
BUILT = ("metadata",)

bp = APIBlueprint(
    "syncing",
    __name__,
    url_prefix=BASE,
    abp_tags=[Tag(name="sync", description="Start a sync, and see how it goes")],
    abp_security=[{"bearer": []}, {"site_key": []}],
)
bp.before_request(require_token_or_site_key)

STARTING = {
    200: SiteRunAnswer,
    202: AcceptedSiteRun,
    **ACCEPTING,
    **problem_responses("direction_not_built", "platform_unsupported"),
}


class SyncRequest(Body):
    """Which way; `metadata` moves no content (S208)."""

    direction: str = Field(
        "metadata", max_length=50, description="metadata, both, to_external or from_external."
    )


class SiteSyncRequest(SyncRequest):
    site_id: RowId


@aliased(
    bp,
    "post",
    "/integrations/<row_id:integration_id>/sync/",
    responses=STARTING,
    operation_id="sync_integration",
)
@idempotent
def sync(path: IntegrationPath, header: RunHeaders, body: SyncRequest) -> Any:
    """Start a sync. `metadata` fetches the site's types and terms with their counts."""
    with session_scope(read_only=True) as session:
        own_integration(session, path.integration_id)
    _check(body.direction)
    return accept_and_answer(path.integration_id, SiteRunKind.STRUCTURE_SYNC, header.prefer)


@aliased(
    bp,
    "post",
    "/integrations/site_sync/",
    responses=STARTING,
    operation_id="sync_site",
)
@idempotent
def site_sync(header: RunHeaders, body: SiteSyncRequest) -> Any:
    """Start a sync by the site's id (S108)."""
    with session_scope(read_only=True) as session:
        query = sa.select(Integration.id).filter_by(site_id=body.site_id, account_id=account_id())
        found = session.scalars(query.order_by(Integration.id)).first()
    if found is None or asking_site() not in {None, body.site_id}:
        raise not_found("site with an integration")
    _check(body.direction)
    return accept_and_answer(found, SiteRunKind.STRUCTURE_SYNC, header.prefer)


def _check(direction: str) -> None:
    """Refuse what is no direction, and what is one that is not built yet.

    Raises:
        Problem: 400, 501.
    """
    if direction not in DIRECTIONS:
        raise refused_field("direction", f"one of {', '.join(DIRECTIONS)}")
    if direction not in BUILT:
        raise Problem("direction_not_built", f"The direction {direction} is not built yet.")


@aliased(
    bp,
    "get",
    "/integrations/<row_id:integration_id>/sync-status/",
    responses={200: SyncStatus, **READING},
    operation_id="sync_status",
)
def show_status(path: IntegrationPath) -> Any:
    """Return what a sync is doing, and how the last one ended (S80, S101)."""
    with session_scope(read_only=True) as session:
        return sync_status(session, own_integration(session, path.integration_id)), HTTPStatus.OK


@aliased(
    bp,
    "get",
    "/integrations/<row_id:integration_id>/sync-health/",
    responses={200: SyncHealth, **READING},
    operation_id="sync_health",
)
def show_health(path: IntegrationPath) -> Any:
    """Return how well a site's sync goes: totals, last success, failures, pending, lag (S107)."""
    with session_scope(read_only=True) as session:
        return sync_health(session, own_integration(session, path.integration_id)), HTTPStatus.OK


@aliased(
    bp,
    "get",
    "/integrations/<row_id:integration_id>/debug-status/",
    responses={200: DebugStatus, **READING},
    operation_id="debug_status",
)
def show_debug(path: IntegrationPath) -> Any:
    """Return what helps to find out why a site does not work (S109). Nothing secret."""
    with session_scope(read_only=True) as session:
        return debug_status(session, own_integration(session, path.integration_id)), HTTPStatus.OK
