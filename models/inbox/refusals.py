"""A site with the right key whose webhooks are refused: told to people, once an hour.

Else its operator sees a healthy site that says nothing: a clock that is wrong, or an old secret.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.clock import now_plus
from models.history import EventStatus, SyncEvent
from models.integration import Integration

ACTION, TOLD_EVERY = "signature_refused", 3600.0
"""Seconds."""


def was_told(session: Session, site_id: int) -> bool:
    """Whether people have been told of a site's refused webhooks within the hour."""
    told = sa.select(SyncEvent.id).where(
        SyncEvent.site_id == site_id,
        SyncEvent.created_at > now_plus(-TOLD_EVERY),
        SyncEvent.action == ACTION,
    )
    return session.scalar(told.limit(1)) is not None


def tell_refused(session: Session, site_id: int, reason: str) -> None:
    """Write that a site's webhooks are not accepted, and why."""
    for integration in session.scalars(sa.select(Integration).filter_by(site_id=site_id)):
        session.add(
            SyncEvent(
                account_id=integration.account_id,
                site_id=site_id,
                integration_id=integration.id,
                event_type="webhook",
                action=ACTION,
                status=EventStatus.FAILED,
                direction="wp_to_igny8",
                description="Webhooks of the site are not accepted",
                error_message=reason,
            )
        )
