"""BulkJob: many contents, published by one request that can be paused, resumed and cancelled."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ForeignKey, Index, UniqueConstraint, bindparam, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, created_now


class BulkState(enum.StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    """Nothing more is accepted; what was accepted goes on."""

    CANCELLED = "cancelled"
    FINISHED = "finished"


class BulkItemState(enum.StrEnum):
    WAITING = "waiting"
    ACCEPTED = "accepted"
    """It has its publication, which tells how far it is."""

    PUBLISHED = "published"
    FAILED = "failed"
    PARKED = "parked"
    """Shown and never stored: its site is suspended or switched off, and it goes on after that."""

    SKIPPED = "skipped"
    CANCELLED = "cancelled"


OPEN_JOBS = (BulkState.RUNNING, BulkState.PAUSED)
OPEN_ITEMS = (BulkItemState.WAITING, BulkItemState.ACCEPTED)
WAITING_ITEM_SQL = text("state = 'waiting'")
ACCEPTED_ITEM_SQL = text("state = 'accepted'")

# Written out in the statement: SQLite uses a partial index only where it can see that it fits.
ITEM_WAITS: BindParameter[Any] = bindparam(
    "item_waits", BulkItemState.WAITING, literal_execute=True
)
ITEM_ACCEPTED: BindParameter[Any] = bindparam(
    "item_accepted", BulkItemState.ACCEPTED, literal_execute=True
)


class BulkJob(Base):
    """One request to publish many contents."""

    __tablename__ = "bulk_jobs"
    __table_args__ = (Index("ix_bulk_jobs_account_id_created_at", "account_id", "created_at"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: str(uuid.uuid4()))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    state: Mapped[BulkState] = mapped_column(default=BulkState.RUNNING)
    selection: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What was asked for, for people: a filter, or how many ids."""

    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """post_status, restore, force and override_status, the same for every item."""

    created_at: Mapped[created_now]
    finished_at: Mapped[datetime | None]


class BulkItem(Base):
    """One content of a bulk job. It stays in the job's account of itself whatever is removed."""

    __tablename__ = "bulk_items"
    __table_args__ = (
        UniqueConstraint("job_id", "content_id"),
        Index("ix_bulk_items_job_id_state", "job_id", "state"),
        # Partial: the tick looks at what is open, however much has been published.
        Index(
            "ix_bulk_items_waiting",
            "job_id",
            "integration_id",
            "id",
            postgresql_where=WAITING_ITEM_SQL,
            sqlite_where=WAITING_ITEM_SQL,
        ),
        Index(
            "ix_bulk_items_accepted",
            "integration_id",
            "publication_id",
            postgresql_where=ACCEPTED_ITEM_SQL,
            sqlite_where=ACCEPTED_ITEM_SQL,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("bulk_jobs.id", ondelete="CASCADE"))
    content_id: Mapped[int | None] = mapped_column(
        ForeignKey("contents.id", ondelete="SET NULL"), index=True
    )
    integration_id: Mapped[int | None] = mapped_column(
        ForeignKey("site_integrations.id", ondelete="SET NULL"), index=True
    )
    publication_id: Mapped[int | None] = mapped_column(
        ForeignKey("publications.id", ondelete="SET NULL"), index=True
    )
    revision: Mapped[int | None]
    """The publication's revision that it was accepted as."""

    state: Mapped[BulkItemState] = mapped_column(default=BulkItemState.WAITING)
    code: Mapped[str | None]
    reason: Mapped[str | None]
    """Why it is skipped or failed, in words."""
