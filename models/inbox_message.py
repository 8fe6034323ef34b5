"""InboxMessage: a webhook as it arrived, kept for replay; and the claim of what is to be read."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
    bindparam,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, created_now


class InboxState(enum.StrEnum):
    """Waiting and reading; everything else is an end, of which only `dead` asks for a person."""

    WAITING = "waiting"
    READING = "reading"
    APPLIED = "applied"
    ECHO = "echo"
    """Our own write, come back."""

    IGNORED = "ignored"
    """Says nothing new, or of a post that is not ours."""

    REJECTED = "rejected"
    """Of another site or another tenant's content than the key's."""

    CONFLICT = "conflict"
    """A known message id with another body."""

    DEAD = "dead"
    """Can't be read, or failed too often; `igny8 inbox replay` gives it back."""


DERIVED = "#"
"""In an id of ours; no sender's id has it."""

WAITING_SQL = text("state = 'waiting'")
READING_SQL = text("state = 'reading'")

# Written out in the statement: SQLite uses a partial index only where it can see that it fits.
IS_WAITING: BindParameter[Any] = bindparam(
    "inbox_waiting", InboxState.WAITING, literal_execute=True
)
IS_READ: BindParameter[Any] = bindparam("inbox_reading", InboxState.READING, literal_execute=True)


class InboxMessage(Base):
    __tablename__ = "inbox_messages"
    __table_args__ = (
        UniqueConstraint("site_id", "message_id"),
        Index(
            "ix_inbox_messages_waiting",
            "site_id",
            "id",
            postgresql_where=WAITING_SQL,
            sqlite_where=WAITING_SQL,
        ),
        Index(
            "ix_inbox_messages_reading",
            "site_id",
            "leased_until",
            postgresql_where=READING_SQL,
            sqlite_where=READING_SQL,
        ),
        # Else SQLite gives the id of a pruned row out again: the ids are the order of arrival.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id", ondelete="CASCADE"))
    message_id: Mapped[str | None]
    """The sender's webhook-id; of who sends none, derived from the body until it is read (C48)."""

    door: Mapped[str]
    """status, metadata or generic: the endpoint it came to."""

    body: Mapped[bytes] = mapped_column(LargeBinary)
    body_digest: Mapped[str]
    signed: Mapped[bool] = mapped_column(default=False)
    sent_at: Mapped[datetime | None]
    """The sender's webhook-timestamp."""

    sequence: Mapped[int | None]
    """The sender's count per post."""

    external_id: Mapped[str | None]
    """The post it is about, known once it has been read."""

    content_id: Mapped[int | None]
    site_said: Mapped[dict[str, Any] | None]
    """The post as the site showed it, where the message alone could not settle it."""

    state: Mapped[InboxState] = mapped_column(default=InboxState.WAITING)
    reason: Mapped[str | None]
    """Why it ended so, in words."""

    attempts: Mapped[int] = mapped_column(default=0)
    parks: Mapped[int] = mapped_column(default=0)
    """How often it has waited for our own commit, or for the site's word to be of today."""

    fence: Mapped[int] = mapped_column(default=0)
    """The batch that reads it, or read it last."""

    due_at: Mapped[created_now]
    leased_until: Mapped[datetime | None]
    received_at: Mapped[created_now]
    finished_at: Mapped[datetime | None]
