"""What must not work does not start: a line for each fault, from worker, beat and web alike."""

import os
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
import trustme
from engine import LINES, celery
from servers import LocalProcess, Valkey, free_port, wait_until
from servers.valkey import command

from models import schema
from models.encryption import key_faults, key_ring
from models.session import engine, session_scope
from settings import ROOT
from tasks import startup
from tasks.app import app

GRANIAN = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "ingress.wsgi:app"]
PROGRAMS = {
    "worker": celery("worker", *LINES["publish"]),
    "beat": celery("beat", "-s", "beat-schedule"),
    "web": [*GRANIAN, "--host", "127.0.0.1"],
}


def refusals(name, folder):
    """Run a program that is to refuse; return its reasons."""
    words = [*PROGRAMS[name], *(["--port", str(free_port())] if name == "web" else [])]
    done = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "Traceback" not in said
    start = "refusing to start: "
    return [line.removeprefix(start) for line in said.splitlines() if line.startswith(start)]


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
class TestNothingStarts:
    def test_with_settings_that_contradict_each_other(self, environment, name, tmp_path):
        environment.setenv("IGNY8_LEASE", "10")
        environment.setenv("IGNY8_TICK", "20")

        assert [each.split()[0] for each in refusals(name, tmp_path)] == [
            "IGNY8_LEASE",
            "IGNY8_TICK",
        ]

    @pytest.mark.usefixtures("sqlite_database", "broker_url")
    def test_with_bad_keys_and_other_tables(self, environment, name, tmp_path):
        environment.setenv("IGNY8_SECRET_KEYS", "short,short")
        note_migration("0000-gone")

        assert [each.partition(":")[0].split(" is ")[0] for each in refusals(name, tmp_path)] == [
            "encryption key 1",
            "encryption key 2",
            "encryption key 2",
            "the database",
        ]


def note_migration(revision):
    with session_scope() as session:
        session.execute(sa.text("DELETE FROM alembic_version"))
        if revision:
            put = sa.text("INSERT INTO alembic_version VALUES (:revision)")
            session.execute(put, {"revision": revision})


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        pytest.param("", ["no encryption key"], id="none"),
        pytest.param("short", ["key 1 is no key"], id="malformed"),
        pytest.param("{good},{good}", ["key 2 is there twice"], id="twice"),
        pytest.param("{good},", [], id="one"),
    ],
)
def test_keys(environment, keys, words):
    (good,) = key_ring()
    environment.setenv("IGNY8_SECRET_KEYS", keys.format(good=good))
    for cached in (startup.settings.current, key_ring):
        cached.cache_clear()

    found = key_faults()

    assert len(found) == len(words)
    assert all(word in line for line, word in zip(found, words, strict=True))
    assert good not in "".join(found)


@pytest.mark.usefixtures("database")
class TestTables:
    def test_those_of_this_code_are_well(self):
        assert startup.faults_of_keys_and_tables() == []

    @pytest.mark.parametrize(
        ("revision", "words"),
        [
            pytest.param("9999", "which this code does not know", id="newer"),
            pytest.param(None, "no tables yet", id="none"),
        ],
    )
    def test_others_are_not(self, revision, words):
        note_migration(revision)

        (fault,) = startup.faults_of_keys_and_tables()
        assert words in fault

    def test_older_ones_are_not(self, monkeypatch):
        known = schema.scripts()
        monkeypatch.setattr(known, "get_current_head", lambda: "9999")
        monkeypatch.setattr(schema, "scripts", lambda: known)

        (fault,) = startup.faults_of_keys_and_tables()
        assert "older than 9999: run `igny8 db upgrade`" in fault


def test_a_postgresql_that_is_away_is_waited_for(environment):
    environment.setenv("DATABASE_URL", "postgresql://me:hushhush@127.0.0.1:1/none")

    assert startup.faults_of_keys_and_tables() == []


def test_a_database_file_that_cannot_be_is_a_fault(environment, tmp_path):
    environment.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/none/igny8.db")

    (fault,) = startup.faults_of_keys_and_tables()
    assert "the database file can't be used" in fault
    engine().dispose()


@pytest.fixture
def locked_broker(tmp_path):
    """A Valkey that wants a password."""
    server = Valkey(tmp_path)
    port = free_port()
    words = [*command(tmp_path, port), "--requirepass", "word"]
    server.process = LocalProcess("locked", words, tmp_path, port=port)
    with server.process:
        server.process.wait_for_port()
        yield f"127.0.0.1:{port}"


@contextmanager
def tls_server():
    """A port that speaks TLS, by a certificate that nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with suppress(OSError), connection, context.wrap_socket(connection, server_side=True):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


class TestBroker:
    def ask(self, environment, url):
        environment.setenv("CELERY_BROKER_URL", url)
        startup.settings.current.cache_clear()
        environment.setattr(app.conf, "broker_url", url)
        return startup.broker_fault(app)

    @pytest.mark.parametrize(
        "url",
        [
            pytest.param("redis://{at}/0", id="b94-no-password"),
            pytest.param("redis://:wrong@{at}/0", id="b94-wrong-password"),
            pytest.param("redis://:word@{at}/99", id="b94-no-such-database"),
        ],
    )
    def test_one_that_refuses_us_is_a_fault(self, environment, locked_broker, url):
        fault = self.ask(environment, url.format(at=locked_broker))

        assert fault is not None
        assert "refuses us" in fault
        assert "word@" not in fault
        assert "wrong@" not in fault

    @pytest.mark.parametrize(
        "options",
        [
            pytest.param("", id="b94-tls"),
            pytest.param("?ssl_cert_reqs=none", id="b94-tls-unchecked"),
            pytest.param("?ssl_cert_reqs=required", id="b94-tls-checked"),
        ],
    )
    def test_one_without_tls_is_a_fault_where_the_url_asks_for_it(
        self, environment, locked_broker, options
    ):
        fault = self.ask(environment, f"rediss://:word@{locked_broker}/0{options}")

        assert fault is not None
        assert "its port speaks no TLS" in fault
        assert "word@" not in fault

    @pytest.mark.parametrize(
        ("url", "words"),
        [
            pytest.param(
                "redis://{at}/0", "its port speaks TLS and the URL doesn't", id="b94-redis-to-tls"
            ),
            pytest.param(
                "amqp://{at}//", "its port speaks TLS and the URL doesn't", id="b94-amqp-to-tls"
            ),
            pytest.param(
                "rediss://{at}/0?ssl_cert_reqs=required", "certificate", id="b94-rediss-untrusted"
            ),
            pytest.param("amqps://{at}//", "certificate", id="b94-amqps-untrusted"),
        ],
    )
    def test_one_of_another_tls_is_a_fault(self, environment, url, words):
        with tls_server() as at:
            fault = self.ask(environment, url.format(at=at))

        assert fault is not None
        assert words in fault

    @pytest.mark.parametrize("scheme", ["redis", "rediss", "amqp", "amqps"])
    def test_one_that_is_away_is_waited_for(self, environment, scheme):
        assert self.ask(environment, f"{scheme}://127.0.0.1:1/0") is None

    @pytest.mark.parametrize("scheme", ["redis", "rediss"])
    def test_one_that_stands_still_is_waited_for(self, environment, scheme):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            assert self.ask(environment, f"{scheme}://127.0.0.1:{port}/0") is None

    def test_one_that_answers_is_well(self, environment, valkey_server):
        assert self.ask(environment, valkey_server.url()) is None


@pytest.mark.slow
@pytest.mark.usefixtures("sqlite_database")
@pytest.mark.parametrize("name", ["worker", "beat"])
def test_nothing_starts_with_a_broker_of_another_kind(environment, locked_broker, name, tmp_path):
    environment.setenv("CELERY_BROKER_URL", f"rediss://:word@{locked_broker}/0")

    (fault,) = refusals(name, tmp_path)

    assert fault.startswith("the broker can't be talked to: its port speaks no TLS")


@pytest.mark.slow
@pytest.mark.usefixtures("sqlite_database")
def test_a_worker_waits_for_a_broker_that_comes_later(environment, tmp_path):
    port = free_port()
    environment.setenv("CELERY_BROKER_URL", f"redis://127.0.0.1:{port}/0")
    worker = LocalProcess("worker", PROGRAMS["worker"], tmp_path, env={"PYTHONPATH": str(ROOT)})
    broker = LocalProcess("late", command(tmp_path, port), Path(tmp_path), port=port)
    with worker:
        worker.wait_for_log("startup.broker_away")
        with broker:
            wait_until(lambda: "ready." in worker.text(), timeout=120, what="the worker")
