"""Integration: one site connected on one platform (API name: SiteIntegration; S1–S18)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, created_now
from models.encryption import Secret
from models.site import Site


class Integration(Base):
    """What we know of the connection, and whether its work may go on."""

    __tablename__ = "site_integrations"
    __table_args__ = (UniqueConstraint("site_id", "platform"),)  # S3

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id", ondelete="CASCADE"))
    platform: Mapped[str] = mapped_column(default="wordpress")
    platform_type: Mapped[str] = mapped_column(default="cms")
    config_json: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Content types and per-site rules: site_url, tags_from_keywords, requests_per_site (S6)."""

    credentials: Mapped[str | None] = mapped_column(Secret)
    """Encrypted JSON for platforms that need it; never the bridge's key (S8, S9, C17)."""

    external_site_url: Mapped[str | None] = mapped_column(index=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    sync_enabled: Mapped[bool] = mapped_column(default=True)
    sync_status: Mapped[str] = mapped_column(default="pending")
    sync_error: Mapped[str | None]
    last_sync_at: Mapped[datetime | None]
    connection_status: Mapped[str] = mapped_column(default="not_connected")

    suspended_at: Mapped[datetime | None]
    """Set when the site or our key is the problem: its work waits, and no attempt is burnt."""

    suspended_reason: Mapped[str | None]
    suspended_code: Mapped[str | None]
    """The error's code: whether it can heal by itself."""

    looks: Mapped[int] = mapped_column(default=0, server_default="0")
    """Looks at the suspended site since somebody last saw it well."""

    next_look_at: Mapped[datetime | None]

    # Site care: what `pipeline.pacing` decided last. Server defaults, because an older release
    # may add rows beside this one.
    failures_in_a_row: Mapped[int] = mapped_column(default=0, server_default="0")
    """Requests that broke down, since the last post that was answered."""

    breaker_opens: Mapped[int] = mapped_column(default=0, server_default="0")
    """Openings in a row; 0 while the breaker is closed."""

    breaker_open_until: Mapped[datetime | None]
    """Nothing is sent before; afterwards one item is, until it is answered."""

    slowness: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often what it gets at once is halved."""

    next_post_at: Mapped[datetime | None]
    """When its bucket has a token again, or the time it asked for has passed."""

    window_until: Mapped[datetime | None]
    """While sends and retries are counted: from a failure on."""

    window_sends: Mapped[int] = mapped_column(default=0, server_default="0")
    window_retries: Mapped[int] = mapped_column(default=0, server_default="0")
    census_at: Mapped[datetime | None]
    """When its posts were last compared with our rows, by the database's clock."""

    created_at: Mapped[created_now]

    site: Mapped[Site] = relationship()

    @property
    def site_url(self) -> str:
        """Where the site is: config_json.site_url is the write path (C16)."""
        return str(self.config_json.get("site_url") or self.site.url)
