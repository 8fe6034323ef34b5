"""SiteRun: an accepted request about a site that is no publish; its state, lease and end."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, bindparam, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, created_now
from models.integration import Integration


class SiteRunKind(enum.StrEnum):
    CONNECTION_TEST = "connection_test"
    COLLECTION_TEST = "collection_test"
    STRUCTURE_SYNC = "structure_sync"
    KEY_ROTATION = "key_rotation"


class SiteRunState(enum.StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


OPEN = (SiteRunState.QUEUED, SiteRunState.RUNNING)
OPEN_SQL = text("state IN ('queued', 'running')")


class SiteRun(Base):
    """One chain about one integration; its id is what the caller asks with."""

    __tablename__ = "site_runs"
    __table_args__ = (
        Index("ix_site_runs_open", "due_at", postgresql_where=OPEN_SQL, sqlite_where=OPEN_SQL),
        Index("ix_site_runs_integration_id_created_at", "integration_id", "created_at"),
        # One of a kind at a time: asking twice is one run, also when both ask at once.
        Index(
            "uq_site_runs_open",
            "integration_id",
            "kind",
            "subject",
            unique=True,
            postgresql_where=OPEN_SQL,
            sqlite_where=OPEN_SQL,
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: str(uuid.uuid4()))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    integration_id: Mapped[int] = mapped_column(
        ForeignKey("site_integrations.id", ondelete="CASCADE")
    )
    kind: Mapped[SiteRunKind]
    subject: Mapped[str] = mapped_column(default="")
    """What of the site it is about, where it is not all of it: a content type."""

    arguments: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[SiteRunState] = mapped_column(default=SiteRunState.QUEUED)
    progress: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the links of its chain leave for the next one."""

    result: Mapped[dict[str, Any] | None]
    """What it came to, as the caller sees it."""

    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[created_now]
    leased_until: Mapped[datetime | None]
    created_at: Mapped[created_now]
    finished_at: Mapped[datetime | None]

    integration: Mapped[Integration] = relationship()


# Written out in the statement: SQLite uses a partial index only where it can see that it fits.
IS_OPEN = SiteRun.state.in_(bindparam("run_open", OPEN, expanding=True, literal_execute=True))
