"""How well a site's sync goes, as the API shows it: totals, what waits, and hour by hour (S247)."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from ingress.integrations.answers import connection_status
from models import Integration
from models.sites.backlog import backlog_of
from models.sites.health import outcomes_of
from models.sites.synced_counts import posts_synced

HOURS = 48
"""Shown one by one; what was before is in the totals."""


class HourAnswer(BaseModel):
    hour: datetime
    direction: str
    succeeded: int
    failed: int
    skipped: int


class Pending(BaseModel):
    waiting: int = Field(description="Publications that wait for their time.")
    publishing: int
    webhooks: int = Field(description="Messages of the site that are not applied yet.")


class SyncHealth(BaseModel):
    """How well a site's sync goes (S247)."""

    site_integration_id: int
    site_id: int
    total_synced: int = Field(description="Posts of ours that the site shows.")
    succeeded: int
    failed: int
    skipped: int
    last_success_at: datetime | None
    last_failure_at: datetime | None
    last_error: str | None
    pending: Pending
    lag_seconds: float = Field(description="How long the oldest due thing has waited.")
    connection_status: str
    sync_status: str
    hourly: list[HourAnswer] = Field(description=f"The last {HOURS} hours, where anything was.")


def sync_health(session: Session, integration: Integration) -> dict[str, Any]:
    """Return how well a site's sync goes, in a time that does not grow with its history."""
    outcomes = outcomes_of(session, integration.id, HOURS)
    backlog = backlog_of(session, integration)
    hours = sorted(outcomes.hourly.items(), reverse=True)
    return SyncHealth(
        site_integration_id=integration.id,
        site_id=integration.site_id,
        total_synced=posts_synced(session, integration.id, backlog.last_count),
        succeeded=outcomes.total.succeeded,
        failed=outcomes.total.failed,
        skipped=outcomes.total.skipped,
        last_success_at=outcomes.last_success_at,
        last_failure_at=outcomes.last_failure_at,
        last_error=outcomes.last_error,
        pending=Pending(
            waiting=backlog.waiting, publishing=backlog.publishing, webhooks=backlog.webhooks
        ),
        lag_seconds=round(backlog.lag_seconds, 1),
        connection_status=connection_status(integration),
        sync_status=integration.sync_status,
        hourly=[
            HourAnswer(
                hour=hour,
                direction=direction,
                succeeded=counted.succeeded,
                failed=counted.failed,
                skipped=counted.skipped,
            )
            for (hour, direction), counted in hours
        ],
    ).model_dump(mode="json")
