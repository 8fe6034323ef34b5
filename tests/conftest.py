"""What every test may ask for: databases, a broker, a site, and rows that belong together."""

import os
import shutil
import socket
import sqlite3
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa
from caches import clear_caches
from factories import SECRET_KEY, SITE_KEY, make_integration, make_site
from kombu import pools
from moved_clock import MovedClock
from servers import Lender, PackageMissing, Postgres, RabbitMQ, Valkey
from sqlalchemy.orm import Session

import settings
from cli import database as migrating
from models import Base, schema
from models import session as sessions

# On a busy machine an example may take any time; no test fails because of one.
hypothesis.settings.register_profile("tests", deadline=None, database=None)
hypothesis.settings.load_profile("tests")

DATABASES = ["sqlite", "postgresql"]


def pytest_addoption(parser):
    parser.addoption(
        "--npm-of-a-wheel",
        action="store_true",
        help="bring npm (61 MB) where it is missing and a WordPress on SQLite needs it",
    )


def pytest_generate_tests(metafunc):
    """Run every test that has a `database` on both, unless it asks for `sqlite_database`.

    A test of one dialect says so: ``parametrize("database", ["postgresql"], indirect=True)``.
    """
    marks = metafunc.definition.iter_markers("parametrize")
    if "database" in metafunc.fixturenames and not any(
        mark.args[0] == "database" for mark in marks
    ):
        only_sqlite = "sqlite_database" in metafunc.fixturenames
        metafunc.parametrize("database", DATABASES[:1] if only_sqlite else DATABASES, indirect=True)


SHARED = ("wordpress", "rabbitmq")
"""What is put up once for all tests that carry such a mark: two at once would put it up twice."""


def pytest_collection_modifyitems(items):
    """Say which tests run one after another, and begin with those that others would wait for."""
    for item in items:
        shared = [mark for mark in SHARED if item.get_closest_marker(mark)]
        item.add_marker(pytest.mark.xdist_group(shared[0] if shared else item.path.stem))
    items.sort(
        key=lambda item: not any(item.get_closest_marker(mark) for mark in ("wordpress", "long"))
    )


@cache
def newest_migration():
    return schema.scripts().get_current_head()


def make_tables(engine):
    """Make every table, and note the migration they are at: a worker refuses others."""
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        note = sa.text("INSERT INTO alembic_version VALUES (:newest)")
        connection.execute(note, {"newest": newest_migration()})


@pytest.fixture(scope="session")
def postgres_server():
    server = Postgres().start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def postgres_lender(postgres_server):
    """Databases with every table."""
    template = postgres_server.create()
    engine = sa.create_engine(postgres_server.url(template))
    make_tables(engine)
    engine.dispose()
    return Lender(postgres_server, template)


@pytest.fixture
def postgres_url(postgres_server):
    """The URL of a fresh, empty database."""
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """Our settings for one test: nothing of the developer's own, no cache left from another."""
    for name in ("REDIS_URL", "CELERY_BROKER_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.startswith("IGNY8_")]:
        monkeypatch.delenv(name)
    monkeypatch.setitem(settings.Settings.model_config, "env_file", None)
    monkeypatch.setenv("IGNY8_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("IGNY8_SECRET_KEYS", SECRET_KEY)
    monkeypatch.setenv("IGNY8_ALLOWED_PRIVATE_HOSTS", "127.0.0.1")
    for limit in ("TOKEN", "SITE", "REFUSED", "ONBOARDING"):
        monkeypatch.setenv(f"IGNY8_LIMIT_{limit}", "0")  # tests come in crowds
    clear_caches()
    yield monkeypatch
    clear_caches()


class SqliteFile:
    """A place where each test finds an empty database, copied from a template.

    The place is always the same, and so is the engine: it keeps the statements it has compiled,
    and to compile them anew would cost more than most tests.
    """

    def __init__(self, folder):
        self.path, self._template = folder / "igny8.db", folder / "template.db"
        self.url = f"sqlite:///{self.path}"
        with closing(sqlite3.connect(self._template)) as connection:
            connection.execute("pragma journal_mode=wal")  # else each copy is turned into one
        engine = sa.create_engine(f"sqlite:///{self._template}")
        make_tables(engine)
        engine.dispose()
        self.engine_of = cache(sessions._sqlite_engine)

    def renew(self):
        for file in self.path.parent.glob(f"{self.path.name}*"):
            file.unlink()  # whoever still has it open keeps the old one
        shutil.copyfile(self._template, self.path)


@pytest.fixture(scope="session")
def sqlite_file():
    """Kept in memory where the system offers that: else every commit waits for the disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield SqliteFile(Path(folder))


@pytest.fixture
def database(request, environment):
    """A database of the test's own with every table, behind `models.session`; its dialect."""
    dialect = getattr(request, "param", "sqlite")
    if dialect == "sqlite":
        file = request.getfixturevalue("sqlite_file")
        file.renew()
        environment.setattr(sessions, "_sqlite_engine", file.engine_of)
        url = file.url
    else:
        lender = request.getfixturevalue("postgres_lender")
        name = lender.lend()
        url = request.getfixturevalue("postgres_server").url(name)
    environment.setenv("DATABASE_URL", url)
    yield dialect
    sessions.engine().dispose()
    if dialect != "sqlite":
        lender.take_back(name)


@pytest.fixture
def moved_clock(environment, postgres_server):
    """The clock of a PostgreSQL that our settings name: a test sets it."""
    name = postgres_server.create()
    clock = MovedClock(postgres_server.url(name))
    environment.setenv("DATABASE_URL", postgres_server.url(name))
    migrating.upgrade()
    yield clock
    sessions.engine().dispose()
    clock.dispose()
    postgres_server.drop(name)


@pytest.fixture
def sqlite_database(database):
    """`database` for tests that need one, whichever: SQLite only."""
    return database


@pytest.fixture
def session(database):
    """A session in an open transaction; commit it where another one shall see its rows."""
    with Session(sessions.engine(), expire_on_commit=False) as opened:
        yield opened


@pytest.fixture
def statements(database):
    """What is sent to the database from now on; clear it at will."""
    seen = []

    def note(_connection, _cursor, statement, *_):
        if not statement.startswith(("BEGIN", "pragma")):
            seen.append(statement)

    sa.event.listen(sessions.engine(), "before_cursor_execute", note)
    yield seen
    sa.event.remove(sessions.engine(), "before_cursor_execute", note)


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory):
    server = Valkey(tmp_path_factory.mktemp("valkey")).start()
    yield server
    server.stop()


@pytest.fixture
def broker_url(valkey_server, environment):
    """The URL of an empty Valkey; our settings name it as the broker."""
    valkey_server.flush()
    pools.reset()  # the same port in every test: drop connections that a killed broker left dead
    environment.setenv("CELERY_BROKER_URL", valkey_server.url())
    settings.current.cache_clear()
    return valkey_server.url()


@pytest.fixture
def broker_away(monkeypatch):
    """A port that nobody listens on, so that no other broker of this machine is rung."""
    from tasks.app import app as celery

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


@pytest.fixture(scope="session")
def rabbitmq_server(tmp_path_factory):
    """A RabbitMQ node; its tests carry the mark `rabbitmq`."""
    server = RabbitMQ(tmp_path_factory.mktemp("rabbitmq"))
    try:
        yield server.start()
    except PackageMissing as missing:
        pytest.skip(str(missing))
    finally:
        server.stop()


@pytest.fixture
def simulated_site():
    """A WordPress with our bridge, as a small server of its own that accepts SITE_KEY."""
    from simulators.wordpress import SimulatedSite

    with SimulatedSite(api_key=SITE_KEY) as site:
        yield site


@pytest.fixture
def turn_dial(simulated_site):
    """Set a fault of `simulated_site`; see `simulators.faults.Fault` for the fields."""
    return simulated_site.faults.add


@pytest.fixture
def integration(database, simulated_site):
    """Account, site and integration, committed, that point at `simulated_site`."""
    with sessions.session_scope() as session:
        site = make_site(session, url=simulated_site.url, key=SITE_KEY)
        return make_integration(session, site)
