"""The room that speaks HTTP: one adapter per platform, one protocol for all."""

from collections.abc import Callable

import settings
from models import Integration
from models.encryption import SecretDamaged
from pipeline.errors import SiteError
from platforms.base import Platform, Target
from platforms.wordpress import WordPressBridge

Adapter = Callable[[Target, Callable[[], None]], Platform]
ADAPTERS: dict[str, Adapter] = {"wordpress": WordPressBridge}


class UnsupportedPlatform(NotImplementedError):
    """There is no adapter for this platform (S78, S256)."""


def target_of(integration: Integration) -> Target:
    """Return the plain values by which a site is talked to.

    Raises:
        SiteError: its stored key can't be used.
    """
    try:
        key = integration.site.wp_api_key or ""
    except SecretDamaged as error:
        raise SiteError(str(error), code="key_damaged") from None
    return Target(
        integration_id=integration.id,
        platform=integration.platform,
        site_url=integration.site_url.rstrip("/"),
        api_key=key,
        requests_per_site=int(
            integration.config_json.get("requests_per_site") or settings.current().requests_per_site
        ),
    )


def connect(target: Target, before_each: Callable[[], None] = lambda: None) -> Platform:
    """Return the adapter that speaks this site's language.

    ``before_each`` is called before every request, be it one of several that a call makes.
    """
    try:
        adapter = ADAPTERS[target.platform]
    except KeyError:
        raise UnsupportedPlatform(f"there is no adapter for {target.platform}") from None
    return adapter(target, before_each)


__all__ = ["Platform", "Target", "UnsupportedPlatform", "connect", "target_of"]
