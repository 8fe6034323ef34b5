"""Capability: what a site can do, and when we looked."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Capability(Base):
    """The newest probe of an integration; null where no probe has come so far."""

    __tablename__ = "capabilities"

    integration_id: Mapped[int] = mapped_column(
        ForeignKey("site_integrations.id", ondelete="CASCADE"), primary_key=True
    )
    observed_at: Mapped[datetime]
    layers: Mapped[list[Any]] = mapped_column(default=list)
    """Every layer's result in its order, as `pipeline.diagnosis` writes it."""

    wordpress_version: Mapped[str | None]
    php_version: Mapped[str | None]
    plugin_version: Mapped[str | None]
    rest_route: Mapped[str | None]
    """`path` for /wp-json/, `query` where only ?rest_route= answers."""

    pretty_permalinks: Mapped[bool | None]
    authorization_stripped: Mapped[bool | None]
    """Whether the host removes the Authorization header on its way to PHP."""

    can_write: Mapped[bool | None]
    transactions: Mapped[bool | None]
    seo_plugin: Mapped[str | None]
    max_body_bytes: Mapped[int | None]
    timezone: Mapped[str | None]
    gmt_offset: Mapped[float | None]
