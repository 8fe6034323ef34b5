"""The real servers that tests run on, each private to one test process and ended with it."""

from servers.lending import Lender
from servers.postgres import Postgres
from servers.processes import LocalProcess, free_port, wait_until
from servers.rabbitmq import RabbitMQ, RabbitMQMissing
from servers.valkey import Valkey

__all__ = [
    "Lender",
    "LocalProcess",
    "Postgres",
    "RabbitMQ",
    "RabbitMQMissing",
    "Valkey",
    "free_port",
    "wait_until",
]
