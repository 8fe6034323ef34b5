"""How a site's sync stands, as the API shows it: its status, and what helps to find a fault."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from ingress.integrations.answers import connection_status, plugin_versions
from ingress.integrations.run_answers import LayerAnswer, SiteRunAnswer, site_run_answer
from models import (
    Attempt,
    Capability,
    EventStatus,
    Integration,
    SiteRun,
    SiteRunKind,
    SiteRunState,
    SiteStructure,
    SyncEvent,
)
from models.clock import now

NEWEST = 20
BUSY = frozenset({"pending", "syncing"})


class SyncStatus(BaseModel):
    """Where a sync is (S80, C12): its activity if it has one, else how the last one ended."""

    site_integration_id: int
    sync_status: str
    activity: str = Field(description="idle, pending or syncing.")
    last_result: str = Field(description="none, success, partial or failed.")
    last_sync_at: datetime | None
    sync_error: str | None
    connection_status: str
    run: SiteRunAnswer | None = Field(description="The newest structure sync.")


class EventAnswer(BaseModel):
    at: datetime
    event_type: str
    action: str
    status: str
    success: bool
    direction: str | None
    description: str
    content_id: int | None
    external_id: str | None
    error_message: str | None


class AttemptAnswer(BaseModel):
    at: datetime
    request: str
    status_code: int | None
    error: str | None
    duration_ms: int


class DebugStatus(BaseModel):
    """Everything that helps to find out why a site does not work, and nothing secret."""

    site_integration_id: int
    site_id: int
    site_url: str
    platform: str
    is_active: bool
    sync_enabled: bool
    connection_status: str
    sync_status: str
    sync_error: str | None
    suspended_at: datetime | None
    suspended_reason: str | None
    breaker_open_until: datetime | None
    failures_in_a_row: int
    slowness: int
    masked_api_key: str | None
    require_signature: bool
    plugin_version: str | None
    tested_at: datetime | None
    layers: list[LayerAnswer] | None
    structure_observed_at: datetime | None
    structure_source: str | None
    structure_due_at: datetime | None
    open_runs: list[SiteRunAnswer]
    events: list[EventAnswer]
    failed_attempts: list[AttemptAnswer]
    now: datetime


def sync_status(session: Session, integration: Integration) -> dict[str, Any]:
    """Return how a site's sync stands."""
    newest = session.scalars(
        sa.select(SiteRun)
        .filter_by(integration_id=integration.id, kind=SiteRunKind.STRUCTURE_SYNC)
        .order_by(SiteRun.created_at.desc())
        .limit(1)
    ).first()
    activity = integration.sync_status if integration.sync_status in BUSY else "idle"
    return SyncStatus(
        site_integration_id=integration.id,
        sync_status=integration.sync_status,
        activity=activity,
        last_result=_last_result(session, integration),
        last_sync_at=integration.last_sync_at,
        sync_error=integration.sync_error,
        connection_status=connection_status(integration),
        run=SiteRunAnswer(**site_run_answer(newest)) if newest else None,
    ).model_dump(mode="json")


def _last_result(session: Session, integration: Integration) -> str:
    if integration.sync_status not in {*BUSY, "idle"}:
        return integration.sync_status
    ended = session.execute(
        sa.select(SiteRun.state, SiteRun.finished_at, SiteRun.result)
        .where(
            SiteRun.integration_id == integration.id,
            SiteRun.kind == SiteRunKind.STRUCTURE_SYNC,
            SiteRun.finished_at.is_not(None),
        )
        .order_by(SiteRun.created_at.desc())
        .limit(1)
    ).first()
    last = integration.last_sync_at
    if ended is None or (last is not None and last > ended.finished_at):
        return _pushed_result(session, integration, last) if last else "none"
    if ended.state is SiteRunState.FAILED:
        return "failed"
    return "partial" if (ended.result or {}).get("partial") else "success"


def _pushed_result(session: Session, integration: Integration, last: datetime) -> str:
    # By its site as well: times have an index there. The push's own event is the first since.
    details = session.scalars(
        sa.select(SyncEvent.details)
        .where(
            SyncEvent.site_id == integration.site_id,
            SyncEvent.created_at >= last,
            SyncEvent.integration_id == integration.id,
            SyncEvent.action == SiteRunKind.STRUCTURE_SYNC.value,
            SyncEvent.status == EventStatus.SUCCESS,
        )
        .order_by(SyncEvent.created_at, SyncEvent.id)
        .limit(1)
    ).first()
    return "partial" if (details or {}).get("partial") else "success"


def debug_status(session: Session, integration: Integration) -> dict[str, Any]:
    """Return what is known of a site that does not work."""
    probe = session.get(Capability, integration.id)
    structure = session.get(SiteStructure, integration.id)
    versions = plugin_versions(session, [integration.site_id])
    same = DebugStatus.model_fields.keys() & set(Integration.__table__.columns.keys())
    return DebugStatus(
        **{name: getattr(integration, name) for name in same}
        | {"connection_status": connection_status(integration)},
        site_integration_id=integration.id,
        site_url=integration.site_url,
        masked_api_key=integration.site.masked_key,
        require_signature=integration.site.require_signature,
        plugin_version=versions.get(integration.site_id) or (probe and probe.plugin_version),
        tested_at=probe and probe.observed_at,
        layers=[LayerAnswer(**layer) for layer in probe.layers] if probe else None,
        structure_observed_at=structure and structure.observed_at,
        structure_source=structure and structure.source,
        structure_due_at=structure and structure.due_at,
        open_runs=_open_runs(session, integration),
        events=_events(session, integration),
        failed_attempts=_failed_attempts(session, integration),
        now=session.scalars(sa.select(now())).one(),
    ).model_dump(mode="json")


def _open_runs(session: Session, integration: Integration) -> list[SiteRunAnswer]:
    query = (
        sa.select(SiteRun)
        .filter_by(integration_id=integration.id)
        .where(SiteRun.finished_at.is_(None))
        .order_by(SiteRun.created_at.desc())
        .limit(NEWEST)
    )
    return [SiteRunAnswer(**site_run_answer(run)) for run in session.scalars(query)]


def _events(session: Session, integration: Integration) -> list[EventAnswer]:
    query = (
        sa.select(SyncEvent)
        .filter_by(integration_id=integration.id)
        .order_by(SyncEvent.id.desc())
        .limit(NEWEST)
    )
    names = EventAnswer.model_fields.keys() - {"at", "status"}
    return [
        EventAnswer(
            at=event.created_at,
            status=event.status.value,
            **{name: getattr(event, name) for name in names},
        )
        for event in session.scalars(query)
    ]


def _failed_attempts(session: Session, integration: Integration) -> list[AttemptAnswer]:
    return [
        AttemptAnswer(
            at=row.created_at,
            request=f"{row.method} {row.path}",
            status_code=row.status_code,
            error=row.error,
            duration_ms=row.duration_ms,
        )
        for row in session.scalars(_newest_failures(integration.id))
    ]


def _newest_failures(integration_id: int) -> sa.Select[Attempt]:
    return (
        sa.select(Attempt)
        .where(Attempt.integration_id == integration_id, Attempt.error.is_not(None))
        .order_by(Attempt.id.desc())
        .limit(NEWEST)
    )
