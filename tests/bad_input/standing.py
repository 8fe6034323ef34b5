"""A broker with a worker, or with Flower, that stands for all tests of a module."""

import base64
import json
import os
import sys
import uuid
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from caches import clear_caches
from factories import SECRET_KEY
from kombu import pools
from servers import LocalProcess, wait_until

import settings
from cli.database import upgrade
from models import session as sessions

ROOT = Path(__file__).parents[2]
PREFIX = "igny8:"


@contextmanager
def surroundings(folder, broker_url, **more):
    """Our settings for a module: a database in ``folder``, a broker, and nothing else."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("IGNY8_")]:
            patch.delenv(name)
        patch.setitem(settings.Settings.model_config, "env_file", None)
        given = {
            "IGNY8_DATA_DIR": str(folder),
            "IGNY8_SECRET_KEYS": SECRET_KEY,
            "IGNY8_ALLOWED_PRIVATE_HOSTS": "127.0.0.1",
            "DATABASE_URL": f"sqlite:///{folder / 'igny8.db'}",
            "CELERY_BROKER_URL": broker_url,
            **more,
        }
        for name, value in given.items():
            patch.setenv(name, value)
        clear_caches()
        pools.reset()
        upgrade()
        yield
        sessions.engine().dispose()
    clear_caches()


def celery(name, folder, *words, **env):
    command = [sys.executable, "-m", "celery", "-A", "tasks", *words]
    return LocalProcess(name, command, folder, env={"PYTHONPATH": str(ROOT), **env})


def worker(folder):
    quick = ["--without-mingle", "--without-gossip", "-E", "-P", "threads", "-c", "4"]
    return celery("worker", folder, "worker", *quick, "-Q", "publish,webhooks,maintenance,media")


class Queue:
    """Messages put straight onto the broker, past Celery."""

    def __init__(self, url, name="maintenance"):
        self._redis = redis.Redis.from_url(url)
        self.name = PREFIX + name

    def push(self, *raw):
        self._redis.lpush(self.name, *raw)

    def dump(self):
        """Return everything that the broker holds, as text."""
        kinds = {b"string": "get", b"list": "lrange", b"set": "smembers", b"hash": "hgetall"}
        held = []
        for key in self._redis.scan_iter():
            read = kinds.get(self._redis.type(key))
            more = (0, -1) if read == "lrange" else ()
            held.append((key, getattr(self._redis, read)(key, *more) if read else None))
        return repr(held)

    def is_drained(self):
        return not self._redis.llen(self.name) and not self._redis.hlen(f"{PREFIX}unacked")

    def wait_taken(self):
        """Copies share one delivery tag, so the broker's note of the last may stay behind."""
        wait_until(lambda: not self._redis.llen(self.name), timeout=180, what="an empty queue")

    def wait(self):
        wait_until(self.is_drained, timeout=180, what="an empty queue")


def message(task="dispatch", args=(), kwargs=None, body=None, headers=(), **properties):
    """Return a message as kombu's Redis transport keeps it, but for what is changed."""
    task_id = str(uuid.uuid4())
    if body is None:
        body = json.dumps([list(args), kwargs or {}, {}]).encode()
    return json.dumps(
        {
            "body": base64.b64encode(body).decode(),
            "content-encoding": properties.pop("encoding", "utf-8"),
            "content-type": properties.pop("content_type", "application/json"),
            "headers": {
                "lang": "py",
                "task": task,
                "id": task_id,
                "root_id": task_id,
                "retries": 0,
                "eta": None,
                "expires": None,
                **dict(headers),
            },
            "properties": {
                "correlation_id": task_id,
                "delivery_mode": 2,
                "delivery_info": {"exchange": "maintenance", "routing_key": "maintenance"},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": str(uuid.uuid4()),
                **properties,
            },
        }
    )
