"""The engine as the Procfile runs it: workers and beat as processes, in pytest-celery's nodes."""

import os
import sys
from contextlib import ExitStack
from pathlib import Path

from pytest_celery import (
    CeleryBrokerCluster,
    CeleryWorkerCluster,
    RabbitMQTestBroker,
    RedisTestBroker,
)
from servers import LocalProcess
from servers.nodes import LocalRabbitMQ, LocalRedis, LocalWorker, LocalWorkerContainer

from tasks.app import app

LINES = {
    "publish": ["-P", "threads", "-c", "8", "-Q", "publish,webhooks,maintenance"],
    "media": ["-P", "prefork", "-c", "1", "-Q", "media"],
}
# Quick enough for a test, in the proportions of production: lease > total deadline > read.
PACE = {
    "IGNY8_TICK": "0.5",
    "IGNY8_LEASE": "4",
    "IGNY8_TOTAL_TIMEOUT": "2",
    "IGNY8_CONNECT_TIMEOUT": "0.5",
    "IGNY8_READ_TIMEOUT": "1.5",
    "IGNY8_RETRY_FIRST_DELAY": "0.3",
    "IGNY8_RETRY_LONGEST_DELAY": "2",
    "IGNY8_MAX_ATTEMPTS": "8",
    "IGNY8_BREAKER_PAUSE": "0.5",
}


def celery(*words):
    return [sys.executable, "-m", "celery", "-A", "tasks", *words]


class Engine:
    """Two workers and beat; each can be killed and started again by itself."""

    def __init__(self, folder, root):
        env = {"PYTHONPATH": f"{root}{os.pathsep}{Path(__file__).parent}"}
        quick = ["--without-mingle", "--without-gossip", "-E"]
        self.processes = {
            name: LocalProcess(
                name, celery("worker", "-n", f"{name}@%h", *quick, *line), folder, env=env
            )
            for name, line in LINES.items()
        }
        self.processes["beat"] = LocalProcess(
            "beat", celery("beat", "-s", str(folder / "beat")), folder, env=env
        )

    def __enter__(self):
        with ExitStack() as undo:
            undo.callback(self.kill)
            for process in self.processes.values():
                process.start()
            for name in LINES:
                self.processes[name].wait_for_log("ready.")
            undo.pop_all()
        return self

    def __exit__(self, *_):
        self.kill()

    def revive(self):
        """Start again what has ended, as a supervisor does: a broker that dies may end a worker."""
        for process in self.processes.values():
            if not process.running:
                process.start()

    def kill(self):
        for process in self.processes.values():
            process.kill()

    def __getitem__(self, name):
        return self.processes[name]

    def cluster(self):
        """The workers as a pytest-celery cluster."""
        return CeleryWorkerCluster(
            *(LocalWorker(LocalWorkerContainer(self[name]), app=app) for name in LINES)
        )


def broker_cluster(process):
    """The broker as a pytest-celery cluster; ``process`` is a LocalProcess with a port."""
    if process.name == "rabbitmq":
        return CeleryBrokerCluster(RabbitMQTestBroker(LocalRabbitMQ(process)))
    return CeleryBrokerCluster(RedisTestBroker(LocalRedis(process)))
