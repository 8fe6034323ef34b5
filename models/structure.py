"""SiteStructure: a site's post types and taxonomies as they were last seen (S104, S117–S123)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class SiteStructure(Base):
    """Served as config_json.content_types; a row of its own, so that no other write undoes it."""

    __tablename__ = "site_structures"

    integration_id: Mapped[int] = mapped_column(
        ForeignKey("site_integrations.id", ondelete="CASCADE"), primary_key=True
    )
    post_types: Mapped[dict[str, Any]] = mapped_column(default=dict)
    taxonomies: Mapped[dict[str, Any]] = mapped_column(default=dict)
    overrides: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What a user chose per type: enabled, fetch_limit. Survives every push (C32)."""

    observed_at: Mapped[datetime | None]
    """When the site looked so; older news never replaces newer (C34)."""

    last_structure_fetch: Mapped[datetime | None]
    """When it reached us (C31)."""

    source: Mapped[str | None]
    """`plugin` for a push, `fetch` where we asked."""

    plugin_connection_enabled: Mapped[bool | None]
    two_way_sync_enabled: Mapped[bool | None]
    """The plugin's own flags: reported, never ours (C30)."""

    site_facts: Mapped[dict[str, Any] | None]
    """What the site tells of itself: name, language, versions, theme."""

    terms: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    """The most used categories and tags, by taxonomy. Large, and read by one endpoint only."""

    due_at: Mapped[datetime | None]
    """When we fetch it ourselves."""

    synced: Mapped[dict[str, Any] | None]
    """How many of each type and taxonomy are ours, as a roll-up has counted last."""

    synced_at: Mapped[datetime | None]
