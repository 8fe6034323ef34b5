"""Sites over the API: made, listed, renamed, switched on and off (S19, S23)."""

from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from sqlalchemy.exc import IntegrityError

from ingress.auth import account_id, require_token
from ingress.broker import ring
from ingress.errors import Problem, problem_responses
from ingress.idempotency import PROBLEMS, IdempotentHeaders, idempotent, remembered
from ingress.integrations.site_fields import (
    NewSite,
    SiteAnswer,
    SiteChange,
    SitePage,
    SitePath,
    SiteQuery,
    site_answer,
)
from ingress.paging import cursor_after, id_of
from ingress.tenancy import own_site, refuse_taken_address
from models import Site
from models.plan_requests import ask_for_plan
from models.session import session_scope

READING = problem_responses("invalid_fields", "unauthenticated", "not_found", "unavailable")
WRITING = READING | problem_responses(
    "site_exists", "length_required", "too_large", "unsupported_media_type"
)

bp = APIBlueprint(
    "sites",
    __name__,
    url_prefix="/api/v1/sites",
    abp_tags=[Tag(name="sites", description="Addresses that a customer owns")],
    abp_security=[{"bearer": []}],
)
bp.before_request(require_token)


@bp.get("/", responses={200: SitePage, **READING}, operation_id="sites")
def list_sites(query: SiteQuery) -> Any:
    """List sites, newest first; follow `next_cursor` until it is null."""
    statement = sa.select(Site).where(Site.account_id == account_id()).order_by(Site.id.desc())
    if query.is_active is not None:
        statement = statement.where(Site.is_active.is_(query.is_active))
    if query.cursor is not None:
        statement = statement.where(Site.id < id_of(query.cursor))
    with session_scope(read_only=True) as session:
        found = session.scalars(statement.limit(query.limit + 1)).all()
    page = found[: query.limit]
    cursor = cursor_after(found, [each.id for each in page])
    return {"results": [site_answer(each) for each in page], "next_cursor": cursor}


@bp.post("/", responses={201: SiteAnswer, **WRITING, **PROBLEMS}, operation_id="create_site")
@idempotent
def create(header: IdempotentHeaders, body: NewSite) -> Any:
    """Add a site. It gets a key by `generate-api-key`."""
    site = Site(
        account_id=account_id(),
        url=body.url,
        name=body.name or body.url.partition("://")[2],
        hosting_type=body.hosting_type,
    )
    try:
        with session_scope() as session:
            refuse_taken_address(session, body.url)
            session.add(site)
            session.flush()
            session.refresh(site)
            location = {"Location": f"{bp.url_prefix}/{site.id}/"}
            return remembered(session, site_answer(site), HTTPStatus.CREATED, location)
    except IntegrityError:
        raise Problem("site_exists", f"{body.url} is among your sites already.") from None


@bp.get("/<row_id:site_id>/", responses={200: SiteAnswer, **READING}, operation_id="site")
def read(path: SitePath) -> Any:
    """Return a site."""
    with session_scope(read_only=True) as session:
        return site_answer(own_site(session, path.site_id))


@bp.patch("/<row_id:site_id>/", responses={200: SiteAnswer, **WRITING}, operation_id="change_site")
def change(path: SitePath, body: SiteChange) -> Any:
    """Change a site's name or kind of hosting, or switch it."""
    given = {name: value for name, value in body.model_dump().items() if value is not None}
    with session_scope() as session:
        site = own_site(session, path.site_id)
        if given.get("is_active", site.is_active) != site.is_active:
            ask_for_plan(session, [site.id])
        for name, value in given.items():
            setattr(site, name, value)
        session.flush()
        answer = site_answer(site)
    # Switched on, it may have work that waits.
    ring()
    return answer
