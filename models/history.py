"""What happened: Attempt, one row per HTTP try; SyncEvent, one per outcome, for people; Run."""

import enum
import uuid
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, created_now
from models.publication import Publication

FAILED_SQL = text("error IS NOT NULL")


class Attempt(Base):
    """One HTTP request to a site, without its secrets and without its body."""

    __tablename__ = "attempts"
    __table_args__ = (
        # A site's newest failures. Of these only: they are few, and each success is spared a write.
        Index(
            "ix_attempts_failed",
            "integration_id",
            "id",
            postgresql_where=FAILED_SQL,
            sqlite_where=FAILED_SQL,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    integration_id: Mapped[int] = mapped_column(
        ForeignKey("site_integrations.id", ondelete="CASCADE")
    )
    publication_id: Mapped[int | None] = mapped_column(
        ForeignKey("publications.id", ondelete="CASCADE"), index=True
    )
    batch_id: Mapped[int | None]
    fence: Mapped[int | None]
    method: Mapped[str]
    path: Mapped[str]
    status_code: Mapped[int | None]
    error: Mapped[str | None]
    duration_ms: Mapped[int]
    created_at: Mapped[created_now]


class EventStatus(enum.StrEnum):
    """S28; success is derived from it (C13)."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"


class SyncEvent(Base):
    """What happened, told to people (S27–S38, C13, C14)."""

    __tablename__ = "sync_events"
    __table_args__ = (
        Index("ix_sync_events_site_id_created_at", "site_id", "created_at"),
        # A health page asks for one integration's newest events, and its newest failures.
        Index("ix_sync_events_integration_id_id", "integration_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id", ondelete="CASCADE"))
    integration_id: Mapped[int] = mapped_column(
        ForeignKey("site_integrations.id", ondelete="CASCADE")
    )
    event_type: Mapped[str]
    action: Mapped[str]
    status: Mapped[EventStatus]
    direction: Mapped[str | None] = mapped_column(default="igny8_to_wp")
    content_type: Mapped[str | None] = mapped_column(default="post")
    description: Mapped[str]
    content_id: Mapped[int | None]
    external_id: Mapped[str | None]
    error_message: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    duration_ms: Mapped[int | None]
    created_at: Mapped[created_now]

    @property
    def success(self) -> bool:
        return self.status is EventStatus.SUCCESS


class Run(Base):
    """An accepted request to publish, by which its caller asks what became of it."""

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: str(uuid.uuid4()))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(default="publish")
    publication_id: Mapped[int] = mapped_column(
        ForeignKey("publications.id", ondelete="CASCADE"), index=True
    )
    revision: Mapped[int]
    """The publication's revision this request was accepted as."""

    created_at: Mapped[created_now]

    publication: Mapped[Publication] = relationship()


class Heartbeat(Base):
    """The last time a periodic task ran to its end: beat, broker and worker all alive."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[created_now]
