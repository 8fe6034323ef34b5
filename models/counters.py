"""SyncCounter: outcomes per site and hour, so that no page counts a million events."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, created_now


class SyncCounter(Base):
    """What a roll-up has counted of an integration's events of one hour."""

    __tablename__ = "sync_counters"

    integration_id: Mapped[int] = mapped_column(
        ForeignKey("site_integrations.id", ondelete="CASCADE"), primary_key=True
    )
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    """Its beginning, UTC."""

    direction: Mapped[str] = mapped_column(primary_key=True)
    """igny8_to_wp or wp_to_igny8."""

    succeeded: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)


class Watermark(Base):
    """How far a roll-up has come: the last id that it has counted."""

    __tablename__ = "watermarks"

    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(default=0)
    at: Mapped[created_now]
