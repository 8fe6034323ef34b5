"""The way from Redis to the worker: neither bytes that are no message nor its end end a worker.

RabbitMQ checks the frames itself; on Redis a queue is a list that anybody may push anything to.
"""

from queue import Empty
from typing import Any

import structlog
from kombu.transport import TRANSPORT_ALIASES, redis
from redis.exceptions import OutOfMemoryError

log = structlog.get_logger()


class _Guarded:
    """Put before a Redis channel of kombu: what it raises into the worker's loop ends the worker.

    Errors of the connection are of other kinds, and pass: the worker connects again.
    """

    connection: Any

    def _get_pool(self, *args: Any, **options: Any) -> Any:
        # Giving back what was not acknowledged, over a connection that the broker's end has closed
        # meanwhile: kombu reads the host's name of None then.
        if self.connection is None or self.connection.client is None:
            raise ConnectionError("the connection to the broker was closed meanwhile")
        return super()._get_pool(*args, **options)  # type: ignore[misc]

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            # Not what it says: it may hold anything. A row says what there is to do.
            log.warning("message.unreadable", error=type(error).__name__)
            raise Empty from None  # as if nothing had come
        except OutOfMemoryError as error:
            # It was taken, and can't be kept as unacknowledged: its row brings it back.
            log.warning("message.not_kept", error=str(error))
            raise Empty from None


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
