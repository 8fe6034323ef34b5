"""What happened on an integration, over the API: a history to be looked through (S249, C13)."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from ingress.aliases import BASE, aliased
from ingress.integrations.fields import IntegrationPath
from ingress.integrations.structure import READING
from ingress.paging import PageQuery, cursor_after, id_of
from ingress.site_keys import require_token_or_site_key
from ingress.tenancy import own_integration
from models import EventStatus, Integration, SyncEvent
from models.session import session_scope

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Nothing happened before or after; times at the edges of what there is have no UTC."""

bp = APIBlueprint(
    "events",
    __name__,
    url_prefix=BASE,
    abp_tags=[Tag(name="sync", description="Start a sync, and see how it goes")],
    abp_security=[{"bearer": []}, {"site_key": []}],
)
bp.before_request(require_token_or_site_key)


def _kept_within(moment: datetime) -> datetime:
    return min(max(moment, FIRST), LAST)


class EventQuery(PageQuery):
    """Which events to list."""

    event_type: Annotated[str, Field(pattern="^[a-z_]{1,50}$")] | None = Field(
        None, description="publish, sync, error, webhook, metadata_sync, conflict."
    )
    status: EventStatus | None = None
    direction: Literal["igny8_to_wp", "wp_to_igny8"] | None = None
    since: Annotated[AwareDatetime, AfterValidator(_kept_within)] | None = Field(
        None, description="Only what happened at this time or later (ISO 8601, with a zone)."
    )


class SyncEventAnswer(BaseModel):
    """What happened, and what came of it (S27, S28, C13)."""

    id: int
    account_id: int
    site_id: int
    site_integration_id: int
    event_type: str
    action: str
    status: EventStatus
    success: bool = Field(description="Whether `status` is success.")
    direction: str | None
    content_type: str | None
    description: str
    content_id: int | None
    external_id: str | None
    error_message: str | None
    details: dict[str, Any]
    metadata: dict[str, Any] = Field(description="`details`, by its other name.")
    duration_ms: int | None
    created_at: datetime


class EventPage(BaseModel):
    results: list[SyncEventAnswer]
    next_cursor: str | None = Field(description="Null on the last page.")


@aliased(
    bp,
    "get",
    "/integrations/<row_id:integration_id>/events/",
    responses={200: EventPage, **READING},
    operation_id="integration_events",
)
def list_events(path: IntegrationPath, query: EventQuery) -> Any:
    """List what happened, newest first; follow `next_cursor` until it is null."""
    with session_scope(read_only=True) as session:
        integration = own_integration(session, path.integration_id)
        statement = (
            sa.select(SyncEvent)
            .where(*_conditions(integration, query))
            .order_by(SyncEvent.id.desc())
            .limit(query.limit + 1)
        )
        found = session.scalars(statement).all()
    page = found[: query.limit]
    return {
        "results": [_answer(event) for event in page],
        "next_cursor": cursor_after(found, [event.id for event in page]),
    }


def _conditions(integration: Integration, query: EventQuery) -> list[sa.ColumnElement[bool]]:
    wanted = {
        SyncEvent.event_type: query.event_type,
        SyncEvent.status: query.status,
        SyncEvent.direction: query.direction,
    }
    conditions = [column == value for column, value in wanted.items() if value is not None]
    if query.since is not None:
        # By its site as well: times have an index there.
        conditions += [
            SyncEvent.site_id == integration.site_id,
            SyncEvent.created_at >= query.since,
        ]
    if query.cursor is not None:
        conditions.append(SyncEvent.id < id_of(query.cursor))
    return [SyncEvent.integration_id == integration.id, *conditions]


def _answer(event: SyncEvent) -> dict[str, Any]:
    other = {"site_integration_id": "integration_id", "metadata": "details"}
    return SyncEventAnswer(
        **{name: getattr(event, other.get(name, name)) for name in SyncEventAnswer.model_fields}
    ).model_dump(mode="json")
