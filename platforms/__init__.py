"""The room that speaks HTTP: one adapter per platform, one protocol for all."""

from collections.abc import Callable

import settings
from models import Integration
from platforms.base import Platform, Target
from platforms.wordpress import WordPressBridge

ADAPTERS: dict[str, Callable[[Target], Platform]] = {"wordpress": WordPressBridge}


class UnsupportedPlatform(NotImplementedError):
    """There is no adapter for this platform (S78, S256)."""


def target_of(integration: Integration) -> Target:
    """Return the plain values by which a site is talked to."""
    return Target(
        integration_id=integration.id,
        platform=integration.platform,
        site_url=integration.site_url.rstrip("/"),
        api_key=integration.site.wp_api_key or "",
        requests_per_site=int(
            integration.config_json.get("requests_per_site") or settings.current().requests_per_site
        ),
    )


def connect(target: Target) -> Platform:
    """Return the adapter that speaks this site's language."""
    try:
        adapter = ADAPTERS[target.platform]
    except KeyError:
        raise UnsupportedPlatform(f"there is no adapter for {target.platform}") from None
    return adapter(target)


__all__ = ["Platform", "Target", "UnsupportedPlatform", "connect", "target_of"]
