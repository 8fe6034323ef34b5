"""Children that live and don't work are found and started again; an outage is not their fault."""

import os
import signal
from time import monotonic

import pytest
import sqlalchemy as sa
from celery import Celery
from servers import free_port, wait_until

from embedded import liveness
from embedded.child import Child, Plan
from embedded.liveness import Liveness
from embedded.places import Places
from embedded.pulses import QUEUES, PulseRows, Silence
from embedded.supervisor import Stack
from settings import Settings

PORTS = ("PORT", "FLOWER_PORT", "IGNY8_BROKER_PORT")


def settings_in(folder, **variables):
    given = {"DATABASE_URL": "", "REDIS_URL": "", "CELERY_BROKER_URL": "", **variables}
    return Settings(_env_file=None, IGNY8_DATA_DIR=folder, **given)


@pytest.fixture
def rows(tmp_path):
    """A database with nothing but heartbeats, and what writes one."""
    url = f"sqlite:///{tmp_path / 'igny8.db'}"
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE heartbeats (name TEXT PRIMARY KEY, at TEXT)"))

    def write(**pulses):
        with engine.begin() as connection:
            for queue, at in pulses.items():
                values = {"name": f"pulse.{queue}", "at": str(at)}
                put = "INSERT OR REPLACE INTO heartbeats VALUES (:name, :at)"
                connection.execute(sa.text(put), values)

    write.url = url
    return write


def test_the_rows_are_read_without_the_right_to_write(rows, tmp_path):
    rows(publish=1, media=2)
    reader = PulseRows(settings_in(tmp_path, DATABASE_URL=rows.url))

    assert reader.read() == {"publish": "1", "media": "2"}
    with reader._engine.connect() as connection, pytest.raises(sa.exc.OperationalError):
        connection.execute(sa.text("DELETE FROM heartbeats"))


def test_rows_on_postgresql(tmp_path, postgres_url):
    engine = sa.create_engine(postgres_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE heartbeats (name TEXT, at TIMESTAMPTZ)"))
        connection.execute(sa.text("INSERT INTO heartbeats VALUES ('pulse.media', now())"))
    engine.dispose()

    assert set(PulseRows(settings_in(tmp_path, DATABASE_URL=postgres_url)).read()) == {"media"}


def test_a_database_that_is_away_is_told_from_one_without_pulses(rows, tmp_path):
    away = settings_in(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/none.db")

    assert PulseRows(away).read() is None
    assert PulseRows(settings_in(tmp_path, DATABASE_URL=rows.url)).read() == {}
    assert not (tmp_path / "none.db").exists()


def test_silence_counts_from_the_last_change():
    silence = Silence()
    silence.note({"publish": "1"}, 10)
    silence.note({"publish": "1"}, 20)
    silence.note({"publish": "2"}, 30)
    silence.note({"publish": "2"}, 40)

    assert {queue: silence.since(queue) for queue in ("publish", "media")} == {
        "publish": 30,
        "media": 10,
    }


class Bench:
    """Three children under a Liveness; looks and time are the test's own."""

    def __init__(self, folder, rows, broker_url):
        places = Places(folder)
        places.make()
        self.rows, self.asked = rows, []
        self.now = monotonic() + 1
        self.children = [
            Child(Plan(name, ("/bin/sleep", "600"), lambda: True), places, dict(os.environ))
            for name in ("publish", "media", "beat")
        ]
        known = settings_in(folder, DATABASE_URL=rows.url, CELERY_BROKER_URL=broker_url)
        self.liveness = Liveness(known, self.children, self.restart)

    def restart(self, name, why):
        assert "(none for 0 s)" not in why
        self.asked.append(name)
        for child in self.children:
            if child.name == name:
                child.started_at = self.now

    def pass_time(self, seconds, *queues):
        """Look every 10 seconds, with a new pulse of these queues before each look."""
        for _ in range(seconds // 10):
            self.now += 10
            self.rows(**dict.fromkeys(queues, self.now))
            self.liveness.look()
        return self.asked


@pytest.fixture
def bench(tmp_path, rows, broker_url, monkeypatch):
    made = Bench(tmp_path, rows, broker_url)
    monkeypatch.setattr(liveness, "monotonic", lambda: made.now)
    # Nobody will answer; the real wait is of no interest.
    monkeypatch.setattr("embedded.probes.ASK_TIMEOUT", 0.01)
    for child in made.children:
        child.start()
    yield made
    made.liveness._workers.close()
    for child in made.children:
        child.bury()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("alive", "stuck"),
    [
        pytest.param(("media",), ["publish"], id="one that takes nothing at all"),
        pytest.param(("media", "publish"), ["publish"], id="one that leaves one queue"),
        pytest.param(("publish", "webhooks", "maintenance"), ["media"], id="the other"),
        pytest.param(QUEUES, [], id="none"),
    ],
)
def test_a_worker_whose_pulse_stops_is_started_again(bench, alive, stuck):
    assert bench.pass_time(120, *alive) == []
    assert bench.pass_time(20, *alive) == stuck


@pytest.mark.slow
def test_when_nothing_comes_it_is_beat_first_then_the_workers(bench):
    assert bench.pass_time(140) == ["beat"]
    assert bench.pass_time(130) == ["beat", "media", "publish"]


@pytest.mark.slow
def test_each_time_it_is_given_twice_as_long(bench):
    bench.pass_time(140, "media")
    assert bench.pass_time(200, "media") == ["publish"]
    assert bench.pass_time(300, "media") == ["publish", "publish"]


@pytest.mark.slow
def test_what_has_worked_for_long_is_forgiven(bench):
    bench.pass_time(140, "media")
    bench.pass_time(600, *QUEUES)

    assert bench.pass_time(140, "media") == ["publish", "publish"]


@pytest.mark.slow
def test_an_outage_of_the_broker_is_nobodys_fault(bench, valkey_server):
    bench.pass_time(60, "media")
    valkey_server.process.kill()
    assert bench.pass_time(300) == []

    valkey_server.process.start().wait_for_port()
    assert bench.pass_time(120, "media") == []


@pytest.mark.slow
def test_an_outage_of_the_database_is_nobodys_fault(bench, tmp_path):
    bench.pass_time(60, "media")
    (tmp_path / "igny8.db").rename(tmp_path / "away.db")
    for _ in range(30):
        bench.now += 10
        bench.liveness.look()
    (tmp_path / "away.db").rename(tmp_path / "igny8.db")

    assert bench.pass_time(120, "media") == []


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stack")
    ports = set()
    while len(ports) < len(PORTS):
        ports.add(str(free_port()))
    pace = {"IGNY8_PULSE": "2", "IGNY8_TICK": "1", "IGNY8_LEASE": "60"}
    with Stack(settings_in(folder, **dict(zip(PORTS, ports, strict=True)), **pace)) as running:
        yield running


def said(stack):
    return (stack.settings.data_dir / "log" / "up.log").read_text()


def consumes(stack):
    """Whether every queue gives a new pulse."""
    reader = PulseRows(stack.settings)
    before = reader.read()

    def moved():
        after = reader.read()
        return set(after) == set(QUEUES) and all(after[q] != before.get(q) for q in QUEUES)

    wait_until(moved, timeout=120, what="a new pulse of every queue")


@pytest.mark.slow
@pytest.mark.long
class TestAStack:
    def test_everything_consumes_again_after_the_broker_was_killed(self, stack):
        consumes(stack)
        for _ in range(4):
            broker = stack.processes["broker"]
            os.killpg(broker, signal.SIGKILL)
            wait_until(lambda gone=broker: stack.processes["broker"] != gone)
            consumes(stack)

    def test_a_worker_that_answers_but_takes_nothing_is_started_again(self, stack):
        before = stack.processes["media"]
        app = Celery("test", broker=stack.settings.broker_url, set_as_current=False)
        app.config_from_object("celeryconfig")
        app.conf.broker_url = stack.settings.broker_url
        app.control.cancel_consumer("media")
        app.close()

        wait_until(lambda: stack.processes["media"] != before, timeout=120)
        consumes(stack)
        assert "media takes no messages" in said(stack)

    def test_a_beat_that_hangs_is_started_again(self, stack):
        before = stack.processes["beat"]
        os.kill(before, signal.SIGSTOP)

        wait_until(lambda: stack.processes["beat"] != before, timeout=120)
        consumes(stack)
        assert "beat sends no ticks" in said(stack)
