"""Rows: the database restarts, drops its clients, is locked, or has no room left."""

import subprocess
import sys

import sqlalchemy as sa
from chaos_table import POSTGRESQL, SQLITE, NotRun, Row, Size
from chaos_world import PUBLISHERS
from servers import wait_until

from models.session import session_scope

BUSY = 30
"""Seconds that a connection waits for the lock (`models.session`): a shorter one is a pause."""

LOCK = (
    "import sqlite3, sys, time\n"
    "connection = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)\n"
    "connection.execute('begin immediate')\n"
    "print('locked', flush=True)\n"
    "time.sleep(float(sys.argv[2]))\n"
)


def restart_postgres(run):
    """What `pg_ctl restart -m immediate` does: no goodbye to anybody, then a recovery."""
    for _ in run.strikes():
        run.world.end("SIGQUIT", "postgresql")
        wait_until(run.world.database_answers, what="the database")


def cut_connections(run):
    for _ in run.strikes():
        run.world.database.cut()


def fill_disk(run):
    """Nothing can be written any more, then there is room again."""
    database = run.world.database
    if not database.mounted:
        raise NotRun("only root can mount a small disk for the database")
    for _ in run.strikes():
        run.publish_slowly(8)
        ballast = database.fill()
        run.undo(ballast.unlink, missing_ok=True)
        run.undial()
        database.prove_that_it_is_full()
        run.pause(run.size.seconds / run.size.times)
        ballast.unlink()
        wait_until(run.world.database_answers, what="the database")


def lock_sqlite(run):
    """Another process holds the write lock; ``size.seconds`` is for how long."""
    run.publish_slowly(12)
    words = [sys.executable, "-c", LOCK, str(run.world.database.path), str(run.size.seconds)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as locker:
        is_locked = locker.stdout.readline() == b"locked\n"
        run.undial()
        if not is_locked or locker.wait():
            raise AssertionError("the database was not locked for as long as it should be")
        run.struck()
    if run.size.seconds > BUSY:
        prove_that_it_was_told(run)
    with session_scope(read_only=True) as session:
        verdict = session.scalar(sa.text("pragma integrity_check"))
    if verdict != "ok":
        raise AssertionError(f"SQLite's integrity check says {verdict}")


def prove_that_it_was_told(run):
    """A worker's own waiting came to its end: the work met the error, and not only a pause."""
    if not any("database is locked" in run.world.said(name) for name in PUBLISHERS):
        raise AssertionError("no publisher was ever told that the database is locked")


ROWS = [
    Row(
        "PostgreSQL restarted, immediate",
        restart_postgres,
        Size(2, 30, 4),
        Size(5, 150, 20),
        databases=(POSTGRESQL,),
        full_databases=(POSTGRESQL,),
    ),
    Row(
        "PostgreSQL's connections cut",
        cut_connections,
        Size(3, 24, 2),
        Size(20, 150, 20),
        databases=(POSTGRESQL,),
        full_databases=(POSTGRESQL,),
    ),
    Row(
        "PostgreSQL's disk full",
        fill_disk,
        Size(1, 16, 3),
        Size(5, 100, 15),
        databases=(POSTGRESQL,),
        full_databases=(POSTGRESQL,),
    ),
    Row(
        "SQLite locked by another process (quick: 6 s, full: 40 s)",
        lock_sqlite,
        Size(1, 16, 6),
        Size(1, 100, 40),
        databases=(SQLITE,),
        full_databases=(SQLITE,),
    ),
]
