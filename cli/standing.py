"""How things stand: sites with what waits on them, and the story of one publication."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

import settings
from models import WAITING, Attempt, Integration, Publication, SyncEvent
from models.clock import now
from models.publishing.progress import counts_by_site
from models.sites.standing import why_out_of_service
from pipeline.pacing import at_once
from tasks.sites.care import pace_of

Values = dict[str, Any]


def sites_standing(session: Session, rows: Sequence[Integration]) -> list[Values]:
    """Return these sites with their publications by state and the age of the oldest due."""
    counts: dict[int, dict[str, int]] = {}
    for account_id in {row.account_id for row in rows}:
        counts |= counts_by_site(session, account_id)
    present = _present(session)
    oldest = _oldest_due(session, present)
    return [
        site_values(row)
        | {
            "publications": counts.get(row.id, {}),
            "oldest_due_seconds": oldest.get(row.id),
            "held_up_by": held_up_by(row, present),
        }
        for row in rows
    ]


def site_values(integration: Integration) -> Values:
    """Return what may be shown of a site: its key only masked (C1, C19)."""
    return {
        "id": integration.site_id,
        "site_id": integration.site_id,
        "name": integration.site.name,
        "url": integration.site_url,
        "account": integration.site.account.name,
        "account_id": integration.account_id,
        "platform": integration.platform,
        "key": integration.site.masked_key,
        "connection_status": integration.connection_status,
        "suspended_at": _text(integration.suspended_at),
        "suspended_reason": integration.suspended_reason,
        "problem": why_out_of_service(integration) or integration.sync_error,
    }


def held_up_by(integration: Integration, present: datetime) -> str | None:
    """Return what keeps a site's work waiting, in words; None when nothing does."""
    if why := why_out_of_service(integration):
        return f"suspended: {why}" if integration.suspended_at else why
    pace = pace_of(integration, present)
    if pace.is_open or pace.is_half_open:
        until = integration.breaker_open_until
        then = f"left alone until {until:%H:%M:%S} UTC" if pace.is_open else "one post is tried"
        return f"{pace.failures} failures in a row: {then}"
    if pace.next_in is not None and pace.next_in > 0:
        return f"its limit: the next post may go at {integration.next_post_at:%H:%M:%S} UTC"
    if pace.slowness:
        return f"slowed to {at_once(pace, settings.current().batch_size)} at a time"
    return None


def _oldest_due(session: Session, present: datetime) -> dict[int, int]:
    """Return how many seconds the longest waiting publication of each site has been due."""
    waiting = (
        sa.select(Publication.integration_id, sa.func.min(Publication.due_at))
        .where(Publication.state.in_(WAITING), Publication.due_at <= now())
        .group_by(Publication.integration_id)
    )
    return {
        integration_id: max(0, round((present - due).total_seconds()))
        for integration_id, due in session.execute(waiting)
    }


def _present(session: Session) -> datetime:
    return session.scalars(sa.select(now())).one()


def publications_of(session: Session, content_id: int) -> list[Values]:
    """Return the story of a content on each of its sites: state, attempts, events."""
    query = (
        sa.select(Publication)
        .filter_by(content_id=content_id)
        .options(joinedload(Publication.integration).joinedload(Integration.site))
        .order_by(Publication.id)
    )
    return [_publication(session, row) for row in session.scalars(query)]


def _publication(session: Session, row: Publication) -> Values:
    attempts = session.scalars(
        sa.select(Attempt).filter_by(publication_id=row.id).order_by(Attempt.id)
    )
    events = session.scalars(
        sa.select(SyncEvent)
        .filter_by(content_id=row.content_id, integration_id=row.integration_id)
        .order_by(SyncEvent.id)
    )
    return {
        "site": row.integration.site_url,
        "site_id": row.integration.site_id,
        "publication_key": row.key,
        "state": row.state.value,
        "revision": row.revision,
        "published_revision": row.published_revision,
        "external_id": row.external_id,
        "url": row.external_url,
        "post_status": row.external_status,
        "due_at": _text(row.due_at),
        "attempts_used": row.attempts,
        "failure": row.failure,
        "suspended_reason": row.integration.suspended_reason,
        "attempts": [_attempt(attempt) for attempt in attempts],
        "events": [event_values(event) for event in events],
    }


def _attempt(attempt: Attempt) -> Values:
    return {
        "at": _text(attempt.created_at),
        "request": f"{attempt.method} {attempt.path}",
        "status_code": attempt.status_code,
        "error": attempt.error,
        "duration_ms": attempt.duration_ms,
        "fence": attempt.fence,
    }


def event_values(event: SyncEvent) -> Values:
    """Return an event as people and scripts read it (S27–S38, C13)."""
    return {
        "id": event.id,
        "at": _text(event.created_at),
        "event_type": event.event_type,
        "action": event.action,
        "status": event.status.value,
        "success": event.success,
        "description": event.description,
        "content_id": event.content_id,
        "external_id": event.external_id,
        "error_message": event.error_message,
        "details": event.details,
        "duration_ms": event.duration_ms,
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
