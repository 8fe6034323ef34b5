"""Real worker processes on a real broker, publishing to the simulator."""

from pathlib import Path

import pytest
from engine import PACE, Engine, broker_cluster
from kombu import pools
from pytest_celery import CeleryTestSetup
from servers.rabbitmq import RabbitMQ

import settings
from tasks.app import app

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["valkey", pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)])
def broker(request, environment):
    """The process of a broker that is empty; our settings name it."""
    if request.param == "valkey":
        server = request.getfixturevalue("valkey_server")
        server.flush()
        environment.setenv("CELERY_BROKER_URL", server.url())
        return server.process
    server: RabbitMQ = request.getfixturevalue("rabbitmq_server")
    environment.setenv("CELERY_BROKER_URL", server.url)
    return server.process


@pytest.fixture
def engine(broker, integration, environment, tmp_path):
    """Workers and beat on their way, at a pace a test can wait for."""
    for name, value in PACE.items():
        environment.setenv(name, value)
    settings.current.cache_clear()
    # What is left of an earlier test leads to its broker; the application keeps pools, too.
    pools.reset()
    app._pool = app.amqp._producer_pool = None
    app.conf.broker_url = settings.current().broker_url
    with Engine(tmp_path, ROOT) as running:
        yield running


@pytest.fixture
def setup(engine, broker):
    """The same as pytest-celery's set-up of brokers and workers."""
    return CeleryTestSetup(engine.cluster(), broker_cluster(broker), None, app)
