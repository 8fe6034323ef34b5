"""Telling of messages that have failed too often."""

from collections.abc import Iterable

import structlog
from sqlalchemy.orm import Session

from models import InboxMessage, InboxState, Integration
from models.inbox.events import Ended, tell_of_messages

log = structlog.get_logger()


def bury(session: Session, integration: Integration, dead: Iterable[InboxMessage]) -> None:
    """Write the events of messages that are dead now."""
    ended = [
        Ended(
            message,
            InboxState.DEAD,
            message.reason,
            content_id=message.content_id,
            external_id=message.external_id,
        )
        for message in dead
    ]
    for each in ended:
        log.error("inbox.dead", inbox=each.message.id, site=integration.site_id)
    tell_of_messages(session, integration, ended)
