"""Installation: our plugin on a site, as it told us of itself (API: PluginInstallation, S70)."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, created_now
from models.site import Site


class InstallationStatus(enum.StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"
    ERROR = "error"


class Installation(Base):
    """One plugin on one site, in the version that was seen last."""

    __tablename__ = "plugin_installations"
    __table_args__ = (UniqueConstraint("site_id", "plugin"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id", ondelete="CASCADE"))
    plugin: Mapped[str] = mapped_column(default="igny8-wp-bridge")
    version: Mapped[str]
    status: Mapped[InstallationStatus] = mapped_column(default=InstallationStatus.ACTIVE)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What else it said: versions of WordPress and PHP (API name: metadata)."""

    installed_at: Mapped[created_now]
    last_seen: Mapped[datetime]

    site: Mapped[Site] = relationship()
