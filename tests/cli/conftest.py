"""What several commands' tests need around them."""

import socket

import pytest

from tasks.app import app as celery


@pytest.fixture
def broker_away(monkeypatch):
    """A port that nobody listens on, so that no other broker of this machine is rung."""
    before = celery.conf.broker_url
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"redis://127.0.0.1:{held.getsockname()[1]}/0"
        monkeypatch.setenv("CELERY_BROKER_URL", url)
        celery.conf.broker_url = url
        celery.set_current()
        celery._pool = celery.amqp._producer_pool = None
        yield
    celery.conf.broker_url = before
    celery._pool = celery.amqp._producer_pool = None
