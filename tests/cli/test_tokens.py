"""`igny8 token`: shown once, found by digest, ended at once."""

import json

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from cli.main import app
from models import Account, ApiToken
from models.encryption import digest
from models.session import session_scope


@pytest.fixture
def igny8(sqlite_database):
    """Run a command and return its exit code, its answer and what it said on stderr."""

    def run(*words):
        done = CliRunner().invoke(app, ["--json", *words])
        return done.exit_code, json.loads(done.stdout or "null"), done.stderr

    return run


def stored():
    with session_scope(read_only=True) as session:
        return list(session.scalars(sa.select(ApiToken).order_by(ApiToken.id)))


def test_a_token_is_shown_once_and_kept_as_its_digest(igny8):
    code, made, _ = igny8("token", "create", "ci")

    (row,) = stored()
    assert (code, made["account"], made["name"]) == (0, "default", "ci")
    assert made["token"].startswith("igny8_api_")
    assert row.digest == digest(made["token"])
    assert row.prefix == made["token"][:14]
    assert made["token"] not in json.dumps(igny8("token", "list")[1])


def test_without_json_the_token_alone_is_on_stdout(igny8):
    done = CliRunner().invoke(app, ["token", "create", "ci"])

    assert done.stdout.strip().startswith("igny8_api_")
    assert len(done.stdout.splitlines()) == 1
    assert "shown once" in done.stderr


def test_the_default_account_is_made_once(igny8):
    igny8("token", "create", "one")
    igny8("token", "create", "two")

    with session_scope(read_only=True) as session:
        assert list(session.scalars(sa.select(Account.name))) == ["default"]


def test_another_account_must_exist(igny8):
    code, _, said = igny8("token", "create", "ci", "--account", "acme")

    assert (code, stored()) == (4, [])
    assert json.loads(said)["error"] == "there is no account 'acme'"


@pytest.mark.parametrize("which", ["1", "ci"])
def test_a_token_is_revoked_by_id_or_name(igny8, which):
    igny8("token", "create", "ci")

    code, said, _ = igny8("token", "revoke", which)

    assert (code, said["revoked"]) == (0, True)
    assert stored()[0].revoked_at is not None


@pytest.mark.parametrize(
    ("which", "fault"),
    [
        pytest.param("ci", "more than one", id="two of that name"),
        pytest.param("nobody", "no token in use", id="an unknown name"),
        pytest.param("99", "no token in use", id="an unknown id"),
        pytest.param("9" * 30, "no token in use", id="a number no database has"),
    ],
)
def test_what_names_no_single_token_is_refused(igny8, which, fault):
    igny8("token", "create", "ci")
    igny8("token", "create", "ci")

    code, _, said = igny8("token", "revoke", which)

    assert code == 4
    assert fault in said
    assert [row.revoked_at for row in stored()] == [None, None]


def test_a_revoked_token_cannot_be_revoked_again(igny8):
    igny8("token", "create", "ci")
    igny8("token", "revoke", "ci")

    assert igny8("token", "revoke", "ci")[0] == 4
