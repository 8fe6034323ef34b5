"""PublishingSettings: when, and how much at most, a site gets by itself (S47–S56)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, created_now
from models.site import Site

PLAN_DUE_SQL = text("plan_due")
"""SQLite keeps booleans as 0 and 1, and both databases take the column for a condition."""


class PublishingSettings(Base):
    """One row a site, made when it is first asked for (S55); `pipeline.schedule` reads it."""

    __tablename__ = "publishing_settings"
    __table_args__ = (
        Index(
            "ix_publishing_settings_plan_due",
            "site_id",
            postgresql_where=PLAN_DUE_SQL,
            sqlite_where=PLAN_DUE_SQL,
        ),
    )

    site_id: Mapped[int] = mapped_column(
        ForeignKey("sites.id", ondelete="CASCADE"), primary_key=True
    )
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    auto_approval_enabled: Mapped[bool] = mapped_column(default=False)
    auto_publish_enabled: Mapped[bool] = mapped_column(default=False)

    daily_publish_limit: Mapped[int] = mapped_column(default=5)
    weekly_publish_limit: Mapped[int] = mapped_column(default=20)
    monthly_publish_limit: Mapped[int] = mapped_column(default=60)

    publish_days: Mapped[list[Any]] = mapped_column(
        default=lambda: ["mon", "tue", "wed", "thu", "fri"]
    )
    publish_time_slots: Mapped[list[Any]] = mapped_column(
        default=lambda: [{"start": "09:00", "end": "17:00"}]
    )
    """Windows in the site's time zone; one whose end is before its start goes over midnight."""

    blackout_dates: Mapped[list[Any]] = mapped_column(default=list)
    """Days without publishing, as {"from": date, "to": date}, both included."""

    minimum_gap_minutes: Mapped[int] = mapped_column(default=30)
    jitter_minutes: Mapped[int] = mapped_column(default=10)
    publish_order: Mapped[str] = mapped_column(default="oldest_approved")
    """`oldest_approved`, or `priority` and then the oldest."""

    time_zone: Mapped[str] = mapped_column(default="UTC")
    """An IANA name, or a fixed offset such as `+05:30` where WordPress has no more."""

    time_zone_source: Mapped[str] = mapped_column(default="default")
    """`default`, `wordpress` as the newest test found it, or `person`, which a test leaves."""

    plan_due: Mapped[bool] = mapped_column(default=True)
    """Something has changed that moves slots; the next tick plans the site anew."""

    planned_at: Mapped[datetime | None]
    """When the plan was made; it is made anew daily, because its horizon moves."""

    updated_at: Mapped[created_now]

    site: Mapped[Site] = relationship()
