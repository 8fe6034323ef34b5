"""A site's plugin registers: its version, and the secret that its webhooks are signed with."""

import base64
import secrets
from dataclasses import dataclass, field

import sqlalchemy as sa
from packaging.version import InvalidVersion, Version
from sqlalchemy.orm import Session

from models.clock import now
from models.history import EventStatus, SyncEvent
from models.installation import Installation, InstallationStatus
from models.integration import Integration
from models.site import Site

FIRST_SIGNING = Version("1.5.0")
"""The first version that signs its webhooks (C3)."""

SECRET_BYTES = 32
PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a plugin says of itself; ``details`` are the versions around it."""

    version: str
    details: dict[str, str] = field(default_factory=dict)
    plugin: str = "igny8-wp-bridge"


def register_installation(
    session: Session, integration: Integration, seen: Seen, *, rotate_secret: bool = False
) -> tuple[Installation, str]:
    """Note an installation and return it with the site's webhook secret, which it has from now on.

    Asked again, the secret is the same one, unless ``rotate_secret``. The site's row stays locked
    until the transaction ends: of two requests at once, both get the one secret.
    """
    site = session.get_one(Site, integration.site_id, with_for_update=True, populate_existing=True)
    installation = _noted(session, integration, seen)
    secret = site.webhook_secret
    if secret is None or rotate_secret:
        secret = PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
        site.webhook_secret = secret
    if signs(seen.version):
        site.require_signature = True  # Never taken back: an unsigned webhook could pose as old.
    return installation, secret


def signs(version: str) -> bool:
    """Whether a plugin of that version signs; a version that can't be read does not."""
    try:
        return Version(version) >= FIRST_SIGNING
    except InvalidVersion:
        return False


def _noted(session: Session, integration: Integration, seen: Seen) -> Installation:
    found = session.scalars(
        sa.select(Installation).filter_by(site_id=integration.site_id, plugin=seen.plugin)
    ).one_or_none()
    before = found.version if found else None
    if found is None:
        found = Installation(site_id=integration.site_id, plugin=seen.plugin)
        session.add(found)
    found.version, found.details = seen.version, dict(seen.details)
    found.status, found.last_seen = InstallationStatus.ACTIVE, now()
    if before != seen.version:
        session.add(_event(integration, seen, before))
    session.flush()
    return found


def _event(integration: Integration, seen: Seen, before: str | None) -> SyncEvent:
    words = f"from {before} to {seen.version}" if before else seen.version
    return SyncEvent(
        account_id=integration.account_id,
        site_id=integration.site_id,
        integration_id=integration.id,
        event_type="sync",
        action="plugin_registered",
        status=EventStatus.SUCCESS,
        direction="wp_to_igny8",
        content_type=None,
        description=f"The plugin has registered: {words}.",
        details={"version": seen.version, "previous_version": before, **seen.details},
    )
