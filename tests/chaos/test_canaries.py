"""The search for secrets sees what Celery itself puts onto the broker, though it is encoded."""

from types import SimpleNamespace

import pytest
from chaos_checks import Canaries
from chaos_parts import Broker, SqliteDatabase
from kombu import pools

from tasks.app import app

pytestmark = pytest.mark.slow

KEY = "igny8_live_canary-of-the-search"
LONG = "x" * 2000
"""Celery repeats short arguments in a header, as they are; here it cuts them off before the key."""


@pytest.fixture
def broker(tmp_path, environment):
    running = Broker(tmp_path / "valkey")
    environment.setattr(app.conf, "broker_url", running.url)
    environment.setattr(app, "_pool", None)
    environment.setattr(app.amqp, "_producer_pool", None)
    pools.reset()
    yield running
    pools.reset()
    running.process.kill()


@pytest.fixture
def canaries(broker, tmp_path):
    world = SimpleNamespace(broker=broker, database=SqliteDatabase(tmp_path), folder=tmp_path)
    search = Canaries(world, [])
    search.add("the key", KEY)
    search.start()
    yield search
    search.stop()


@pytest.mark.parametrize("before", ["", "1", "12"])
def test_it_sees_a_secret_in_the_body_of_a_message(broker, canaries, before):
    app.send_task("publish.push_posts", args=(LONG, before + KEY), queue="publish")

    assert KEY.encode() not in broker.contents()
    assert "the key stands in the broker" in canaries.seen()


@pytest.mark.parametrize("before", ["", "1", "12"])
def test_it_sees_a_secret_in_an_event(canaries, before):
    with app.connection_for_write() as connection:
        app.events.Dispatcher(connection).send("task-failed", exception=before + KEY)

    assert canaries.seen() == ["the key stands in an event"]


def test_it_sees_nothing_where_nothing_is(canaries):
    app.send_task("publish.push_posts", args=(LONG, KEY[::-1]), queue="publish")

    assert canaries.seen() == []
