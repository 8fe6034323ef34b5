"""A message is good until a moment of the database's clock, whatever the hosts' own clocks say."""

from datetime import UTC, datetime, timedelta

import pytest
from kombu import Queue
from kombu.utils.imports import symbol_by_name
from sqlalchemy.exc import OperationalError

from tasks import expiry
from tasks.app import app
from tasks.doorbell import ring
from tasks.publishing.dispatching import dispatch

HOUR = timedelta(hours=1)
CLOCKS = [
    pytest.param(HOUR, id="this-host-is-behind"),
    pytest.param(-HOUR, id="this-host-is-ahead"),
    pytest.param(timedelta(), id="both-agree"),
]


@pytest.fixture
def clock(moved_clock, environment, broker_url):
    environment.setattr(expiry, "CLOCK", expiry.HostClock())
    environment.setattr(app.conf, "broker_url", broker_url)
    app._pool = app.amqp._producer_pool = None
    yield moved_clock
    app._pool = app.amqp._producer_pool = None


@pytest.mark.parametrize("moved", CLOCKS)
def test_a_ring_says_until_when_it_is_good_by_the_databases_clock(clock, moved):
    clock.set(datetime.now(UTC) + moved)
    assert ring()

    until = datetime.fromisoformat(taken().headers["expires"])
    assert timedelta(seconds=30) < until - clock.read() <= timedelta(seconds=60)


@pytest.mark.parametrize("moved", CLOCKS)
@pytest.mark.parametrize(
    ("good_for", "is_dropped"),
    [pytest.param(30, False, id="still-good"), pytest.param(-1, True, id="too-old")],
)
def test_a_worker_drops_what_is_too_old_by_the_databases_clock(clock, moved, good_for, is_dropped):
    clock.set(datetime.now(UTC) + moved)
    expiry.CLOCK.measure()
    ring()
    message = taken()
    message.headers["expires"] = (clock.read() + timedelta(seconds=good_for)).isoformat()

    taken_by_worker = symbol_by_name(dispatch.Request)(message, app=app)
    assert bool(taken_by_worker.maybe_expire()) is is_dropped


def test_a_database_that_is_away_is_asked_once_a_minute(clock, environment):
    before = expiry.HostClock(ahead=3600.0)
    asked = []
    environment.setattr(expiry, "seconds_ahead", lambda: asked.append(1) or refuse())

    assert [before.measure_if_old() for _ in range(3)] == [3600.0] * 3
    assert asked == [1]


def refuse():
    raise OperationalError("SELECT", {}, Exception("the server is away"))


def taken():
    """Return the message that waits where rings go."""
    with app.connection_for_read() as connection:
        queue = next(each for each in app.conf.task_queues if each.name == "maintenance")
        return connection.SimpleQueue(Queue(queue.name, queue.exchange, queue.name)).get(timeout=10)
