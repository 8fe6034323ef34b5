"""What became of a webhook, told to people: one event for each (S37, S201)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.history import EventStatus, SyncEvent
from models.inbox_message import InboxMessage, InboxState
from models.integration import Integration

STATUS = {
    InboxState.APPLIED: EventStatus.SUCCESS,
    InboxState.ECHO: EventStatus.SKIPPED,
    InboxState.IGNORED: EventStatus.SKIPPED,
}
"""Every other end is a failure."""

WORDS = {
    InboxState.APPLIED: "What the site told was written down",
    InboxState.ECHO: "Our own publish came back",
    InboxState.IGNORED: "The webhook says nothing new",
    InboxState.REJECTED: "The webhook is not of this site",
    InboxState.CONFLICT: "A webhook's id came again with another body",
    InboxState.DEAD: "The webhook could not be used",
}
ACTIONS = {"status": "status_update", "metadata": "metadata_update"}


@dataclass(frozen=True, slots=True)
class Ended:
    """A message and its end."""

    message: InboxMessage
    state: InboxState
    reason: str | None = None
    content_id: int | None = None
    external_id: str | None = None
    content_type: str = "post"
    details: dict[str, Any] | None = None
    about: str | None = None
    """status or metadata, where that is known; else as its address says."""


def tell_of_messages(session: Session, integration: Integration, ended: Iterable[Ended]) -> None:
    """Write an event for each."""
    rows = [_event(integration, each) for each in ended]
    if rows:
        session.execute(sa.insert(SyncEvent), rows)


def _event(integration: Integration, ended: Ended) -> dict[str, Any]:
    message, status = ended.message, STATUS.get(ended.state, EventStatus.FAILED)
    about = ended.about or message.door
    return {
        "account_id": integration.account_id,
        "site_id": integration.site_id,
        "integration_id": integration.id,
        "event_type": "metadata_sync" if about == "metadata" else "webhook",
        "action": ACTIONS.get(about, "webhook"),
        "status": status,
        "direction": "wp_to_igny8",
        "content_type": ended.content_type,
        "description": WORDS[ended.state],
        "content_id": ended.content_id,
        "external_id": ended.external_id,
        "error_message": ended.reason if status is EventStatus.FAILED else None,
        "details": {
            "inbox_id": message.id,
            "state": ended.state.value,
            "reason": ended.reason,
            **(ended.details or {}),
        },
    }
