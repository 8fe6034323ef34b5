"""Each way in which a database fails a request is told as what it is, and promises nothing more."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from ingress_rows import problem_of

import settings
from ingress import create_app
from models import session as sessions
from models.session import session_scope

postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
FIRST, SECOND = "UPDATE pairs SET n = n + 1 WHERE id = 1", "UPDATE pairs SET n = n + 1 WHERE id = 2"

CUT_OFF = """
CREATE FUNCTION cut_off() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); RETURN NULL; END $$
"""
AT_COMMIT = """
CREATE CONSTRAINT TRIGGER cut_off AFTER UPDATE ON pairs
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut_off()
"""


@pytest.fixture
def pairs(database, broker):
    with session_scope() as session:
        session.execute(sa.text("CREATE TABLE pairs (id INTEGER PRIMARY KEY, n INTEGER)"))
        session.execute(sa.text("INSERT INTO pairs VALUES (1, 0), (2, 0)"))


@pytest.fixture
def ask(pairs):
    """Answer what a request is answered whose transaction runs these statements."""

    def run(*statements, **options):
        app = create_app(settings.current())

        @app.get("/run")
        def view():
            with session_scope(**options) as session:
                for statement in statements:
                    session.execute(sa.text(statement))
            return {}

        answer = app.test_client().get("/run")
        assert answer.headers["Retry-After"]
        return problem_of(answer, 503, "unavailable")["detail"]

    return run


def lock(statement):
    """Return a connection that has run a statement in a transaction it has not ended."""
    connection = sa.create_engine(sessions.engine().url, poolclass=sa.NullPool).connect()
    connection.execute(sa.text(statement))
    return connection


def loop(query):
    """Return a statement that ends when ``query`` finds a row."""
    sleep = "PERFORM pg_sleep(0.02)"
    return f"DO $$ BEGIN WHILE NOT EXISTS ({query}) LOOP {sleep}; END LOOP; END $$"


@postgresql
def test_a_statement_that_takes_too_long(ask):
    said = ask(FIRST, "SET LOCAL statement_timeout = 50", "SELECT pg_sleep(10)")

    assert said == "The database is too busy for this. Try again in a moment."


@postgresql
def test_a_lock_that_another_one_holds(ask):
    with lock(FIRST):
        said = ask("SET LOCAL lock_timeout = 50", FIRST)

    assert "too busy" in said


@postgresql
def test_two_that_wait_for_each_other(ask):
    until_ours = loop("SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 7")
    with lock(SECOND) as other, ThreadPoolExecutor(1) as pool:
        pid = other.scalar(sa.text("SELECT pg_backend_pid()"))
        until_theirs = loop(f"SELECT FROM pg_locks WHERE NOT granted AND pid = {pid}")
        pool.submit(lambda: [other.execute(sa.text(each)) for each in (until_ours, FIRST)])
        ours = "SET LOCAL deadlock_timeout = 20", FIRST, "SELECT pg_advisory_xact_lock(7)"
        said = ask(*ours, until_theirs, SECOND)

    assert "too busy" in said


@postgresql
def test_a_connection_that_breaks_off_as_it_commits(ask):
    with session_scope() as session:
        session.execute(sa.text(CUT_OFF))
        session.execute(sa.text(AT_COMMIT))

    said = ask(FIRST)

    assert "nobody knows whether this was done" in said
    assert "Idempotency-Key" in said


@pytest.mark.usefixtures("sqlite_database")
def test_a_file_that_another_one_writes(ask, database):
    with lock(FIRST):
        said = ask("PRAGMA busy_timeout = 50", FIRST, read_only=True)
    sessions.engine().dispose()

    assert "too busy" in said
