"""Questions by which the supervisor knows that a program is up."""

import http.client
import time
from pathlib import Path
from typing import Any

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - to be called, not listened on
"""What to call when a server listens on all addresses."""

ASK_TIMEOUT = 2.0
"""Seconds a worker is given to say what it is at."""


def answers_http(host: str, port: int, path: str) -> bool:
    """Whether a GET on this address is answered with 200."""
    connection = http.client.HTTPConnection(EVERYWHERE.get(host, host), port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def was_written(folder: Path, pattern: str, since: float) -> bool:
    """Whether a file of this name was written after a moment (Unix time)."""
    return any(path.stat().st_mtime >= since for path in folder.glob(pattern))


class Workers:
    """Asks workers over the broker, as `celery inspect ping` does, without a process a question."""

    def __init__(self, broker_url: str) -> None:
        self._broker_url = broker_url
        self._app: Any = None

    def is_answering(self, node: str) -> bool:
        """Whether the worker of this name answers a ping."""
        return bool(self.answering([node]))

    def answering(self, nodes: list[str] | None = None) -> list[str]:
        """Return the workers that answer a ping within a second, of these or of all."""
        from kombu.exceptions import OperationalError
        from redis.exceptions import RedisError

        try:
            answers = self._control().ping(destination=nodes, timeout=1)
        except (OSError, OperationalError, RedisError):
            return []
        return sorted(node for answer in answers or [] for node in answer)

    def running(self, node: str) -> frozenset[str] | None:
        """Return the ids of the tasks a worker is at; None when it does not answer."""
        from kombu.exceptions import OperationalError
        from redis.exceptions import RedisError

        try:
            answers = self._control().inspect([node], timeout=ASK_TIMEOUT).active() or {}
        except (OSError, OperationalError, RedisError):
            return None
        tasks = answers.get(node)
        return None if tasks is None else frozenset(str(task["id"]) for task in tasks)

    def reaches_broker(self) -> bool:
        """Whether the broker itself takes a connection, and answers."""
        from kombu import Connection
        from kombu.exceptions import OperationalError
        from redis.exceptions import RedisError

        limits = {"socket_timeout": 4, "socket_connect_timeout": 4}
        options = limits if self._broker_url.startswith("redis") else {}
        with Connection(
            self._broker_url, connect_timeout=4, transport_options=options
        ) as connection:
            try:
                connection.ensure_connection(max_retries=1, interval_start=0)
            except (OSError, OperationalError, RedisError):
                return False
        return True

    def close(self) -> None:
        if self._app is not None:
            self._app.close()
            self._app = None

    def _control(self) -> Any:
        if self._app is None:
            from celery import Celery

            self._app = Celery("supervisor", set_as_current=False)
            # For the transport's options: with another key prefix no worker hears us.
            self._app.config_from_object("celeryconfig")
            self._app.conf.broker_url = self._broker_url
        return self._app.control


def since_now() -> float:
    """Return the moment to give `was_written`; file systems' clocks lag by some milliseconds."""
    return time.time() - 0.1
