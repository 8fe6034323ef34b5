"""What a commit promises on SQLite, who writes to it first, and which connections are trusted."""

import os
import signal
import socket
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from models import Account, pinging, sqlite_turns
from models import session as sessions


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        pytest.param("journal_mode", "wal", id="readers-do-not-wait"),
        pytest.param("synchronous", 2, id="what-was-accepted-outlives-a-power-cut"),
        pytest.param("foreign_keys", 1, id="no-row-without-its-owner"),
    ],
)
def test_how_the_database_is_opened(sqlite_database, pragma, value):
    with sessions.engine().connect() as connection:
        assert connection.scalar(sa.text(f"pragma {pragma}")) == value


def test_who_opens_a_new_file_waits_for_whoever_opened_it_just_before(environment, tmp_path):
    environment.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/new.db")
    first = sqlite3.connect(tmp_path / "new.db", isolation_level=None)
    first.execute("begin immediate")

    with ThreadPoolExecutor(1) as other:
        second = other.submit(lambda: sessions.engine().connect().close())
        time.sleep(0.3)
        first.execute("commit")
        second.result()


WRITERS, ROWS = 8, 25


def test_threads_that_write_at_once_take_turns(sqlite_database, environment):
    impatient = tuple(p for p in sessions.SQLITE_PRAGMAS if not p.startswith("busy_timeout"))
    environment.setattr(sessions, "SQLITE_PRAGMAS", (*impatient, "busy_timeout=0"))
    sessions.engine().dispose()

    def write(number):
        for row in range(ROWS):
            with sessions.session_scope() as session:
                session.add(Account(name=f"{number} {row}"))
                session.flush()
                time.sleep(0.001)  # so that the others want to write meanwhile

    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(write, range(WRITERS)))
    with sessions.session_scope(read_only=True) as session:
        assert session.scalar(sa.select(sa.func.count(Account.id))) == WRITERS * ROWS


def test_a_fork_while_a_thread_writes_leaves_the_child_its_turn(sqlite_database):
    def child():
        try:
            with sqlite_turns.turn_to_write():
                os._exit(0)
        finally:
            os._exit(1)

    with sqlite_turns.turn_to_write(), ThreadPoolExecutor(1) as other:
        forked = other.submit(fork_and_run, child).result()
        assert forked == 0


def fork_and_run(child):
    """Return how a child ended that ran ``child``; one that waits for ever is ended."""
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(25)
        child()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("read_only", [True, False], ids=["to-read", "to-write"])
def test_a_connection_that_was_cut_off_is_replaced_before_it_is_used(database, read_only):
    with sessions.session_scope():
        pass
    cut_off_all()
    with sessions.session_scope(read_only=read_only) as session:
        assert session.scalar(sa.select(1)) == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("longest", "times"),
    [pytest.param(3600.0, 0, id="used-lately"), pytest.param(-1.0, 1, id="idle-for-long")],
)
def test_a_silent_connection_is_asked_when_it_has_idled_long(database, environment, longest, times):
    with sessions.session_scope() as session:
        session.scalar(sa.select(1))
    asked = []
    environment.setattr(pinging, "IDLE", longest)
    environment.setattr(sessions.engine().dialect, "do_ping", asked.append)
    with sessions.session_scope() as session:
        session.scalar(sa.select(1))
    assert len(asked) == times


def test_a_database_that_vanishes_in_silence_is_given_up_within_a_minute(
    environment, postgres_server
):
    with over_tcp(postgres_server.socket) as port:
        environment.setenv(
            "DATABASE_URL", f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
        )
        with sessions.session_scope(read_only=True) as session:
            ours = session.connection().connection.dbapi_connection.fileno()
            kept = dict(options_of(ours))
        sessions.engine().dispose()
    unanswered = kept["TCP_KEEPIDLE"] + kept["TCP_KEEPINTVL"] * kept["TCP_KEEPCNT"]
    assert kept["SO_KEEPALIVE"]
    assert unanswered <= 60
    assert 0 < kept["TCP_USER_TIMEOUT"] <= 60_000


def options_of(descriptor):
    """Yield what the kernel does with a silent connection, by the options' names."""
    with socket.socket(fileno=os.dup(descriptor)) as seen:
        yield "SO_KEEPALIVE", seen.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT"):
            yield name, seen.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))


@contextmanager
def over_tcp(folder):
    """Lead one TCP connection to the server that listens in ``folder``; give the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    inside = socket.socket(socket.AF_UNIX)

    def lead():
        outside, _ = listener.accept()
        inside.connect(f"{folder}/.s.PGSQL.5432")
        with outside, ThreadPoolExecutor(1) as back:
            back.submit(pump, inside, outside)
            pump(outside, inside)

    with listener, inside, ThreadPoolExecutor(1) as threads:
        led = threads.submit(lead)
        yield listener.getsockname()[1]
        led.result()


def pump(source, target):
    """Pass on what comes until nothing does."""
    while data := source.recv(65536):
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)


def cut_off_all():
    """End every connection to this database; return when the server has done so."""
    other = sa.create_engine(sessions.engine().url, poolclass=sa.NullPool)
    here = "datname = current_database() and pid <> pg_backend_pid()"
    with other.connect() as connection:
        connection.execute(
            sa.text(f"select pg_terminate_backend(pid, 20000) from pg_stat_activity where {here}")
        )
