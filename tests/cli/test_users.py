"""`igny8 user`, and tokens that belong to somebody."""

import pytest
import sqlalchemy as sa
from commands import igny8

from models import ApiToken, Role, User
from models.session import session_scope


@pytest.fixture(autouse=True)
def tables(sqlite_database):
    pass


def stored(kind=User):
    with session_scope(read_only=True) as session:
        return session.scalars(sa.select(kind).order_by(kind.id)).all()


def test_somebody_is_added_listed_and_given_another_role():
    ran = igny8("--json", "user", "add", "Ann@Example.com ", "--role", "viewer")
    igny8("user", "role", "ann@example.com", "admin")

    assert (ran.code, ran.json["email"], ran.json["role"]) == (0, "ann@example.com", "viewer")
    assert [row.role for row in stored()] == [Role.ADMIN]
    (listed,) = igny8("--json", "user", "list").json["users"]
    assert (listed["account"], listed["role"]) == ("default", "admin")


@pytest.mark.parametrize(
    "email", ["ann", "@example.com", "ann@", "a b@example.com", "a" * 260 + "@x"]
)
def test_what_is_no_address_is_refused(email):
    assert igny8("user", "add", email).code == 4
    assert stored() == []


def test_an_address_is_one_persons():
    igny8("user", "add", "ann@example.com")

    ran = igny8("user", "add", "ANN@example.com")

    assert ran.code == 4
    assert "there already" in ran.err


def test_somebody_is_kept_out_and_let_in_again():
    igny8("user", "add", "ann@example.com")

    igny8("user", "disable", "ann@example.com")
    assert stored()[0].disabled_at is not None

    igny8("user", "enable", "ann@example.com")
    assert stored()[0].disabled_at is None


@pytest.mark.parametrize("words", [("role", "nobody@x", "admin"), ("disable", "nobody@x")])
def test_nobody_is_nobody(words):
    ran = igny8("user", *words)

    assert ran.code == 4
    assert "there is no user" in ran.err


def test_a_token_belongs_to_somebody_and_their_account():
    igny8("user", "add", "ann@example.com", "--account", "acme")

    made = igny8("--json", "token", "create", "ci", "--user", "ann@example.com", "--role", "viewer")

    (token,) = stored(ApiToken)
    assert made.json["account"] == "acme"
    assert (token.user_id, token.role) == (stored()[0].id, Role.VIEWER)
    (listed,) = igny8("--json", "token", "list").json["tokens"]
    assert (listed["user"], listed["role"]) == ("ann@example.com", "viewer")


def test_a_machines_token_has_a_role_of_its_own():
    igny8("token", "create", "ci", "--role", "editor")

    (token,) = stored(ApiToken)
    assert (token.user_id, token.role) == (None, Role.EDITOR)


def test_a_users_token_opens_no_other_account():
    igny8("user", "add", "ann@example.com", "--account", "acme")

    words = ("--user", "ann@example.com", "--account", "default")
    assert igny8("token", "create", "ci", *words).code == 4
    assert stored(ApiToken) == []
