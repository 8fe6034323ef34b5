"""The way from Redis to the worker: bytes that are no message are dropped, and end nothing.

RabbitMQ checks the frames itself; on Redis a queue is a list that anybody may push anything to.
"""

from queue import Empty
from typing import Any

import structlog
from kombu.transport import TRANSPORT_ALIASES, redis

log = structlog.get_logger()


class _Guarded:
    """Put before a Redis channel of kombu, whose read raises into the worker's loop, and ends it.

    Errors of the connection are of other kinds, and pass.
    """

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            # Not what it says: it may hold anything. A row says what there is to do.
            log.warning("message.unreadable", error=type(error).__name__)
            raise Empty from None  # as if nothing had come


class Channel(_Guarded, redis.Channel):
    pass


class Transport(redis.Transport):
    Channel = Channel


class SentinelChannel(_Guarded, redis.SentinelChannel):
    pass


class SentinelTransport(redis.SentinelTransport):
    Channel = SentinelChannel


def guard_redis() -> None:
    """Have kombu use these for the URLs of Redis; it has no other place to say so."""
    TRANSPORT_ALIASES["redis"] = TRANSPORT_ALIASES["rediss"] = f"{__name__}:Transport"
    TRANSPORT_ALIASES["sentinel"] = f"{__name__}:SentinelTransport"
