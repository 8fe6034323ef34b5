"""The worker's consumer: a message that can't be read is dropped, and does not end the worker."""

from collections.abc import Callable
from typing import Any

import structlog
from celery.worker.consumer import Consumer as CeleryConsumer

log = structlog.get_logger()


class Consumer(CeleryConsumer):
    """Celery's own, and one guard around what it does with a message.

    A body that is no triple, or a header of another type, raises in the consumer's loop: the
    worker ends, the message goes back to the queue, and ends the next worker, too.
    """

    connection_errors: tuple[type[Exception], ...]

    def create_task_handler(self, *args: Any, **options: Any) -> Callable[[Any], None]:
        handle = super().create_task_handler(*args, **options)

        def guarded(message: Any) -> None:
            try:
                handle(message)
            except self.connection_errors:
                raise  # the broker's, not the message's
            except Exception as error:  # noqa: BLE001 - an edge
                # Not what it says: it may hold anything. A row says what there is to do.
                log.warning("message.unreadable", error=type(error).__name__)
                message.ack_log_error(log, self.connection_errors)

        return guarded
