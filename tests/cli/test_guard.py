"""Expected errors end a command with one line and a documented status, never with a traceback."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from cli.exits import CommandError, Exit
from cli.guard import expected
from cli.main import app
from cli.output import Output
from embedded.errors import CannotStart
from models import session
from models.encryption import SecretUnreadable


def run(*words):
    return CliRunner().invoke(app, list(words))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(CommandError("no", Exit.BAD_INPUT), 4, id="our own"),
        pytest.param(SecretUnreadable("no key"), 4, id="a secret without its key"),
        pytest.param(CannotStart("port in use"), 1, id="a stack that can't start"),
    ],
)
def test_our_own_errors_have_a_status(error, code):
    assert expected(error).code == code


def test_a_defect_is_not_hidden():
    assert expected(KeyError("a defect")) is None


def test_a_database_that_is_away_is_status_3(environment):
    environment.setenv("DATABASE_URL", "postgresql://me:hushhush@127.0.0.1:1/none")

    done = run("token", "list")

    assert done.exit_code == 3
    assert done.stderr.startswith("igny8: the database does not answer: ")
    assert len(done.stderr.splitlines()) == 1
    assert "hushhush" not in done.stderr


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_missing_tables_are_told_how_to_come(environment, request, dialect):
    if dialect == "postgresql":
        environment.setenv("DATABASE_URL", request.getfixturevalue("postgres_url"))

    done = run("token", "list")
    session.engine().dispose()

    assert done.exit_code == 1
    assert done.stderr.endswith("run `igny8 db upgrade`\n")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("PORT", "http", id="no number"),
        pytest.param("IGNY8_LEASE", "1", id="one that contradicts another"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(environment, name, value):
    environment.setenv(name, value)

    done = run("token", "list")

    assert done.exit_code == 4
    assert name in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_under_json_an_error_is_an_object_on_stderr(environment):
    environment.setenv("PORT", "http")

    done = run("--json", "token", "list")

    assert done.stdout == ""
    assert json.loads(done.stderr)["code"] == 4


def test_an_unknown_command_is_status_2():
    assert run("no-such-command").exit_code == 2


def test_help_and_version_do_not_load_what_commands_need():
    heavy = {"sqlalchemy", "celery", "requests", "pydantic", "flask", "rich.console"}
    code = f"import sys, cli.main; print(sorted({heavy} & set(sys.modules)))"

    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert shown.stdout.strip() == "[]"


def test_the_version_is_shown():
    assert run("--version").stdout.startswith("igny8 ")


def test_a_table_that_is_not_on_a_terminal_is_for_cut_and_awk(capsys):
    Output().table(["id", "title"], [[1, "A\ttab\nand a line"], [2, None]])

    assert capsys.readouterr().out == "id\ttitle\n1\tA tab and a line\n2\t\n"
