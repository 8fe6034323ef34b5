"""How much one caller gets: per token, per site, and per address for who is refused (S91, C36).

Counted in the broker's Redis or Valkey, so that all processes count together, and by each process
for itself while that is away or there is none: no answer ever waits for the broker.
"""

import enum
import ipaddress
import math
import time

import redis.backoff
import redis.retry
import structlog
from flask import Flask, current_app, request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from werkzeug.middleware.proxy_fix import ProxyFix

from ingress.errors import Problem
from settings import Settings

log = structlog.get_logger()

PATIENCE = 0.1
"""Seconds for Redis, which takes a thousandth of that when it is well."""

PAUSE = 5.0
"""Seconds without asking a Redis that did not answer."""


class Limit(enum.StrEnum):
    """What is counted; each has a setting, in requests a minute."""

    TOKEN = "token"  # noqa: S105 - a name
    SITE = "site"
    REFUSED = "refused"
    """Requests of one address that came with wrong credentials. Right ones are never refused by
    it: many sites share an address with a neighbour whose key is old."""

    ONBOARDING = "onboarding"
    """Connection tests, per address and per site."""


class Throttle:
    """Counts for one application."""

    def __init__(self, settings: Settings) -> None:
        per_minute = {
            Limit.TOKEN: settings.limit_token,
            Limit.SITE: settings.limit_site,
            Limit.REFUSED: settings.limit_refused,
            Limit.ONBOARDING: settings.limit_onboarding,
        }
        self._items = {
            limit: RateLimitItemPerMinute(number) for limit, number in per_minute.items() if number
        }
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = _shared(settings.broker_url)
        self._shared_again_at = 0.0

    def seconds_to_wait(self, limit: Limit, who: str) -> float:
        """Count a request; return 0, or for how long ``who`` has none left."""
        item = self._items.get(limit)
        if item is None:
            return 0.0
        if self._shared is not None and time.monotonic() >= self._shared_again_at:
            try:
                return _spend(self._shared, item, limit, who)
            except StorageError as error:
                self._shared_again_at = time.monotonic() + PAUSE
                log.warning("throttle.storage_away", error=type(error.storage_error).__name__)
        return _spend(self._own, item, limit, who)


def _shared(broker_url: str) -> SlidingWindowCounterRateLimiter | None:
    if not broker_url.startswith(("redis://", "rediss://")):
        return None
    storage = RedisStorage(
        broker_url,
        key_prefix="igny8:limits",
        wrap_exceptions=True,
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0),  # type: ignore[arg-type]
    )
    return SlidingWindowCounterRateLimiter(storage)


def _spend(
    limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, limit: Limit, who: str
) -> float:
    if limiter.hit(item, limit.value, who):
        return 0.0
    reset_at = limiter.get_window_stats(item, limit.value, who).reset_time
    return max(reset_at - time.time(), 1.0)


def spend(limit: Limit, who: object) -> None:
    """Count a request of ``who`` against a limit.

    Raises:
        Problem: 429 with Retry-After, there is none left.
    """
    throttle: Throttle = current_app.extensions["throttle"]
    if seconds := throttle.seconds_to_wait(limit, str(who)):
        raise Problem(
            "too_many_requests",
            "Wait as long as the Retry-After header says.",
            headers={"Retry-After": str(math.ceil(seconds))},
        )


def address() -> str:
    """Return whose request it is: its address, of IPv6 the network that one customer has."""
    try:
        ip = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False).network_address)
    return str(ip)


def throttle_requests(app: Flask, settings: Settings) -> None:
    """Give an application its counts, and the callers' addresses behind so many proxies.

    Believed for more hops than there are, X-Forwarded-For would let a caller choose its address.
    """
    app.extensions["throttle"] = Throttle(settings)
    if hops := settings.proxy_hops:
        proxied = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)
        app.wsgi_app = proxied  # type: ignore[method-assign]
