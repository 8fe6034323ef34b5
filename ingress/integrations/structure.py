"""A site's types and taxonomies over the API: pushed, fetched, shown, chosen from (S102–S106)."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from ingress.aliases import BASE, aliased
from ingress.errors import Problem, problem_responses, refused_field
from ingress.idempotency import idempotent, remembered
from ingress.integrations.connections import ACCEPTING
from ingress.integrations.fields import IntegrationPath
from ingress.integrations.run_answers import AcceptedSiteRun, RunHeaders
from ingress.integrations.site_requests import accept_and_answer
from ingress.site_keys import require_token_or_site_key
from ingress.tenancy import own_integration
from models import Integration, SiteRunKind, SiteStructure
from models.session import session_scope
from models.sites.structures import (
    Kept,
    change_overrides,
    keep_structure,
    locked_structure,
    note_push,
)
from models.sites.synced_counts import synced_counts
from pipeline.structures import (
    MOST_TYPES,
    Name,
    Override,
    SiteFacts,
    Structure,
    Term,
    merged_overrides,
    with_overrides,
)
from tasks.sites.structure import look_of

bp = APIBlueprint(
    "structure",
    __name__,
    url_prefix=BASE,
    abp_tags=[Tag(name="structure", description="What kinds of content a site has")],
    abp_security=[{"bearer": []}, {"site_key": []}],
)
bp.before_request(require_token_or_site_key)

READING = problem_responses(
    "invalid_fields", "unauthenticated", "site_inactive", "not_found", "unavailable"
)


class PushedStructure(Structure):
    """A push; an empty body makes us ask the site instead (C6)."""

    # The framework's own place for "the body may be left out".
    model_config = ConfigDict(
        extra="ignore",
        openapi_extra={"required": False},  # type: ignore[typeddict-unknown-key]
    )


class PushData(BaseModel):
    message: str
    post_types_count: int
    taxonomies_count: int
    last_structure_fetch: datetime | None


class PushAnswer(BaseModel):
    """What is known of the site's structure now (S120)."""

    success: bool = True
    data: PushData


class ContentTypeAnswer(BaseModel):
    """A type or taxonomy: the site's count, ours, and whether and how much is wanted (S123)."""

    model_config = ConfigDict(extra="ignore")

    label: str
    count: int
    synced: int
    enabled: bool
    fetch_limit: int
    hierarchical: bool | None = None
    public: bool | None = None
    taxonomies: list[str] | None = None
    post_types: list[str] | None = None


class ContentTypesAnswer(BaseModel):
    """The stored structure with what is synced (S105, S122)."""

    post_types: dict[str, ContentTypeAnswer]
    taxonomies: dict[str, ContentTypeAnswer]
    site: SiteFacts | None = Field(description="What the site tells of itself; null: nothing yet.")
    terms: dict[str, list[Term]] = Field(description="The most used of each taxonomy, 500 at most.")
    last_structure_fetch: datetime | None = Field(description="Null: no structure is here yet.")
    observed_at: datetime | None = Field(description="When the site looked so.")
    source: str | None = Field(description="`plugin` or `fetch`.")
    synced_at: datetime | None = Field(description="When it was counted; null: just now.")
    plugin_connection_enabled: bool | None
    two_way_sync_enabled: bool | None = Field(description="The plugin's own switch (C30).")


Choices = Annotated[dict[Name, Override], Field(max_length=MOST_TYPES)]


class ChoicesRequest(BaseModel):
    """Whether and how much of each is wanted; null takes a choice back."""

    model_config = ConfigDict(extra="forbid")

    post_types: Choices = {}
    taxonomies: Choices = {}


@aliased(
    bp,
    "post",
    "/integrations/<row_id:integration_id>/update-structure/",
    responses={200: PushAnswer, 202: AcceptedSiteRun, **ACCEPTING},
    operation_id="update_structure",
)
@idempotent
def update_structure(path: IntegrationPath, header: RunHeaders, body: PushedStructure) -> Any:
    """Store what the plugin tells; with an empty body, have the site asked."""
    if not body.model_fields_set:
        return accept_and_answer(path.integration_id, SiteRunKind.STRUCTURE_SYNC, header.prefer)
    if body.post_types is None and body.taxonomies is None:
        raise refused_field("post_types", "give post_types or taxonomies, or an empty body")
    with session_scope() as session:
        integration = _active(own_integration(session, path.integration_id))
        kept = keep_structure(session, integration.id, look_of(body, "plugin"))
        note_push(session, integration, kept)
        return remembered(session, _push_answer(kept), HTTPStatus.OK)


def _active(integration: Integration) -> Integration:
    """Refuse a push for what is switched off (S116)."""
    if not integration.site.is_active:
        raise Problem("site_inactive", "Switch the site on to let it in again.")
    return integration


def _push_answer(kept: Kept) -> dict[str, Any]:
    message = "The site's structure is stored." if kept.changed else "A newer one is known already."
    data = PushData(
        message=message,
        post_types_count=kept.post_types,
        taxonomies_count=kept.taxonomies,
        last_structure_fetch=kept.last_structure_fetch,
    )
    return PushAnswer(data=data).model_dump(mode="json")


@aliased(
    bp,
    "get",
    "/integrations/<row_id:integration_id>/content-types/",
    responses={200: ContentTypesAnswer, **READING},
    operation_id="content_types",
)
def content_types(path: IntegrationPath) -> Any:
    """Return the site's types and taxonomies, and how much of each is synced."""
    with session_scope(read_only=True) as session:
        integration = own_integration(session, path.integration_id)
        return _content_types(session, integration)


@aliased(
    bp,
    "patch",
    "/integrations/<row_id:integration_id>/content-types/",
    responses={
        200: ContentTypesAnswer,
        **READING,
        **problem_responses("length_required", "too_large", "unsupported_media_type"),
    },
    operation_id="choose_content_types",
)
def choose(path: IntegrationPath, body: ChoicesRequest) -> Any:
    """Choose which types are wanted and how many; that survives every push (C32)."""
    with session_scope() as session:
        integration = own_integration(session, path.integration_id)
        known = locked_structure(session, integration.id)
        changes = {"post_types": body.post_types, "taxonomies": body.taxonomies}
        for kind, entries in changes.items():
            for name in entries.keys() - (getattr(known, kind) if known else {}).keys():
                raise refused_field(f"{kind}.{name}", "the site has no such type")
        if known is not None:
            change_overrides(session, integration.id, merged_overrides(known.overrides, changes))
            session.refresh(known)
        return _content_types(session, integration)


def _content_types(session: Session, integration: Integration) -> dict[str, Any]:
    known = session.get(SiteStructure, integration.id) or SiteStructure(
        post_types={}, taxonomies={}, overrides={}
    )
    counted = synced_counts(session, integration, known)
    shown = {
        kind: with_overrides(
            getattr(known, kind), known.overrides.get(kind, {}), counted.counts.get(kind, {})
        )
        for kind in ("post_types", "taxonomies")
    }
    return {
        **shown,
        "site": known.site_facts,
        "terms": known.terms or {},
        "last_structure_fetch": _text(known.last_structure_fetch),
        "observed_at": _text(known.observed_at),
        "source": known.source,
        "synced_at": _text(counted.at),
        "plugin_connection_enabled": known.plugin_connection_enabled,
        "two_way_sync_enabled": known.two_way_sync_enabled,
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
