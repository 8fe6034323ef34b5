"""The migrations make the tables of the models, on both databases, and can be taken back."""

import os
import subprocess
import sys

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from factories import make_account

from cli import database as migrating
from cli.exits import CommandError
from models import Base, session
from settings import ROOT


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request, environment, tmp_path):
    """A database without a table, behind `models.session`."""
    if request.param == "postgresql":
        environment.setenv("DATABASE_URL", request.getfixturevalue("postgres_url"))
    engine = session.engine()
    yield engine
    engine.dispose()


def tables(engine):
    return set(sa.inspect(engine).get_table_names())


def partial_indexes(engine):
    key = f"{engine.dialect.name}_where"
    return {
        index["name"]: str(index["dialect_options"][key])
        for index in sa.inspect(engine).get_indexes("publications")
        if index["dialect_options"].get(key) is not None
    }


def test_an_empty_database_gets_every_table(empty_database):
    assert not migrating.is_current(empty_database)

    migrating.upgrade()

    assert tables(empty_database) == {*Base.metadata.tables, "alembic_version"}
    assert migrating.is_current(empty_database)


def test_the_migrations_make_what_the_models_say(empty_database):
    migrating.upgrade()

    with empty_database.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []


def test_what_is_partial_in_the_models_is_partial_in_the_database(empty_database):
    migrating.upgrade()

    found = partial_indexes(empty_database)
    assert "publishing" in found["ix_publications_leased"]
    assert "unconfirmed" in found["ix_publications_waiting"]


def test_a_row_gets_its_time_from_the_database(empty_database):
    migrating.upgrade()

    with session.session_scope() as opened:
        account = make_account(opened)
        opened.refresh(account)
        assert account.created_at.tzinfo is not None


def test_each_migration_can_be_taken_back_and_made_again(empty_database):
    migrating.upgrade()

    while migrating.current() is not None:
        migrating.downgrade()
    assert tables(empty_database) == {"alembic_version"}

    migrating.upgrade()
    assert migrating.is_current(empty_database)


def test_upgrading_twice_changes_nothing(empty_database):
    migrating.upgrade()
    with session.session_scope() as opened:
        make_account(opened, "kept")

    migrating.upgrade()

    with session.session_scope() as opened:
        assert opened.scalar(sa.text("SELECT name FROM accounts")) == "kept"


def test_sqlite_keeps_its_foreign_keys_on_after_a_migration(environment):
    migrating.upgrade()

    with session.engine().connect() as connection:
        assert connection.exec_driver_sql("pragma foreign_keys").scalar() == 1
    session.engine().dispose()


def test_a_database_newer_than_the_code_is_refused_with_words(empty_database):
    migrating.upgrade()
    with empty_database.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'ffff'"))

    with pytest.raises(CommandError, match="ffff"):
        migrating.upgrade()


@pytest.mark.slow
def test_two_releases_at_once_wait_for_one_another(empty_database, tmp_path):
    command = [sys.executable, "-P", "-m", "cli", "db", "upgrade"]
    url = empty_database.url.render_as_string(hide_password=False)
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": url}

    both = [subprocess.Popen(command, env=variables, cwd=tmp_path) for _ in range(2)]

    assert [process.wait(60) for process in both] == [0, 0]
    assert migrating.is_current(empty_database)
