"""What a role opens: to look takes a viewer, to change an editor, keys an admin (S91)."""

import pytest
import sqlalchemy as sa
from flask import g
from ingress_rows import issue_token, problem_of

import settings
from ingress import create_app
from ingress.auth import require_role, require_token
from models import Account, Role, User
from models.clock import now
from models.session import session_scope

DOOR = "/door"


@pytest.fixture
def app(database, broker):
    made = create_app(settings.current())
    made.testing = False

    @made.route(DOOR, methods=["GET", "POST", "DELETE"])
    def door():
        require_token()
        return {"role": g.role}

    @made.route("/keys", methods=["POST"])
    def keys():
        require_token()
        require_role(Role.ADMIN)
        return {}

    return made


def headers(tenant, role=Role.ADMIN, user=None, **user_values):
    """Return the headers of a new token: of a user with the role ``user``, where it is given."""
    with session_scope() as session:
        account = session.get_one(Account, tenant.account.id)
        values = {"role": role}
        if user is not None:
            row = User(
                account_id=account.id,
                email=f"{len(user_values)}{user}{role}@example.com",
                role=user,
                **user_values,
            )
            session.add(row)
            session.flush()
            values["user_id"] = row.id
        return {"Authorization": f"Bearer {issue_token(session, account, **values)}"}


@pytest.mark.parametrize(
    ("role", "opened"),
    [
        pytest.param(Role.VIEWER, [200, 403, 403, 403], id="viewer"),
        pytest.param(Role.EDITOR, [200, 200, 200, 403], id="editor"),
        pytest.param(Role.ADMIN, [200, 200, 200, 200], id="admin"),
    ],
)
def test_what_a_role_opens(client, tenant, role, opened):
    sent = headers(tenant, role)

    answers = [
        client.get(DOOR, headers=sent),
        client.post(DOOR, headers=sent),
        client.delete(DOOR, headers=sent),
        client.post("/keys", headers=sent),
    ]

    assert [each.status_code for each in answers] == opened
    for answer in answers:
        if answer.status_code == 403:
            problem_of(answer, 403, "forbidden")


@pytest.mark.parametrize(
    ("of_token", "of_user", "expected"),
    [
        pytest.param(Role.ADMIN, Role.VIEWER, "viewer", id="the user may less"),
        pytest.param(Role.VIEWER, Role.ADMIN, "viewer", id="the token may less"),
    ],
)
def test_a_users_token_opens_no_more_than_both_may(client, tenant, of_token, of_user, expected):
    answer = client.get(DOOR, headers=headers(tenant, of_token, of_user))

    assert answer.get_json() == {"role": expected}


def test_a_disabled_user_stays_outside(client, tenant):
    sent = headers(tenant, user=Role.ADMIN, disabled_at=now())

    problem_of(client.get(DOOR, headers=sent), 403, "forbidden")


def test_a_suspended_account_stays_outside(client, tenant):
    with session_scope() as session:
        suspended = sa.update(Account).where(Account.id == tenant.account.id)
        session.execute(suspended.values(suspended_at=now()))

    problem_of(client.get(DOOR, headers=tenant.headers), 403, "account_suspended")


def test_a_viewer_publishes_nothing(client, tenant):
    sent = headers(tenant, Role.VIEWER)
    path = f"/api/v1/writer/content/{tenant.content.id}/"

    assert client.get(path, headers=sent).status_code == 200
    problem_of(client.post(f"{path}publish/", json={}, headers=sent), 403, "forbidden")
