"""The real servers that tests run on, each private to one test process and ended with it."""

from servers.debian import PackageMissing, ensure_installed
from servers.lending import Lender
from servers.postgres import Postgres
from servers.processes import LocalProcess, free_port, wait_until
from servers.rabbitmq import RabbitMQ
from servers.valkey import Valkey

__all__ = [
    "Lender",
    "LocalProcess",
    "PackageMissing",
    "Postgres",
    "RabbitMQ",
    "Valkey",
    "ensure_installed",
    "free_port",
    "wait_until",
]
