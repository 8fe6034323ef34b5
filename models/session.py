"""Sessions: the one place that commits and rolls back."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session

import settings
from models.pinging import ping_in_doubt
from models.sqlite_turns import turn_to_write

SQLITE_PATIENCE = 30.0
"""Seconds that who finds the file taken waits, in place of failing at once."""

SQLITE_PRAGMAS = (
    "synchronous=full",  # with WAL and less, a power cut may take what was just accepted
    f"busy_timeout={SQLITE_PATIENCE * 1000:.0f}",
    "foreign_keys=on",  # SQLite ignores them otherwise
)

POSTGRESQL_LIMITS: dict[str, Any] = {
    "connect_timeout": 5,
    # No statement, lock or forgotten transaction may hold up the others.
    "options": "-c statement_timeout=30000 -c lock_timeout=10000"
    " -c idle_in_transaction_session_timeout=60000",
}
PATIENCE_WITH_THE_WIRE: dict[str, Any] = {
    # Of a server that vanished without a word (power cut, a firewall that forgets) nobody is told:
    # without these a thread waits for its answer for two hours, or what it sent for 15 minutes.
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 40_000,  # milliseconds
}


@cache
def engine() -> Engine:
    """Return the process's engine."""
    url = settings.current().database_url
    if url.startswith("sqlite"):
        return _sqlite_engine(url)
    made = sa.create_engine(
        url, pool_size=8, max_overflow=24, connect_args=POSTGRESQL_LIMITS | PATIENCE_WITH_THE_WIRE
    )
    ping_in_doubt(made)
    return made


def _sqlite_engine(url: str) -> Engine:
    made = sa.create_engine(url)

    @event.listens_for(made, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # sqlite3 must not open transactions of its own
        for pragma in SQLITE_PRAGMAS:
            connection.execute(f"pragma {pragma}")
        _let_readers_go_on(connection)

    @event.listens_for(made, "begin")
    def begin(connection: Connection) -> None:
        # A deferred transaction that turns from reading to writing fails at once with
        # "database is locked", whatever the busy_timeout: 6,239 times while six threads of three
        # processes claimed 2,000 rows.
        read_only = connection.get_execution_options().get("read_only")
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return made


def _let_readers_go_on(connection: sqlite3.Connection) -> None:
    """Have the file's writer write ahead, so that readers don't wait for it."""
    # Two that turn a new file into such a one at the same moment: SQLite refuses the second at
    # once, whatever its busy_timeout (10 of 180 times with three processes). So we wait for it.
    deadline = time.monotonic() + SQLITE_PATIENCE
    while True:
        try:
            connection.execute("pragma journal_mode=wal")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


@contextmanager
def session_scope(*, read_only: bool = False, one_statement: bool = False) -> Iterator[Session]:
    """One transaction: commit on the way out, roll back on an error.

    What only reads, or is one statement alone, has no transaction on PostgreSQL: each statement
    sees what is committed when it begins, as it would in one, and is whole by itself. BEGIN and
    COMMIT were two of four trips to the database.
    """
    is_sqlite = engine().dialect.name == "sqlite"
    options: dict[str, Any] = {"read_only": True} if read_only else {}
    if (read_only or one_statement) and not is_sqlite:
        options["isolation_level"] = "AUTOCOMMIT"
    with (
        turn_to_write() if is_sqlite and not read_only else nullcontext(),
        engine().connect().execution_options(**options) as connection,
        Session(connection, expire_on_commit=False) as session,
        session.begin(),
    ):
        yield session


def forget_connections() -> None:
    """Drop inherited connections after a fork, without closing the parent's sockets."""
    engine().dispose(close=False)
