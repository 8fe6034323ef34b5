"""Who gets in, and that nobody sees another tenant's rows."""

import pytest
import sqlalchemy as sa
from ingress_rows import Caller, issue_token, problem_of

from models import Content, Publication
from models.clock import now
from models.session import session_scope

CONTENT = "/api/v1/writer/content/"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no header"),
        pytest.param({"Authorization": ""}, id="empty header"),
        pytest.param({"Authorization": "Bearer"}, id="no token"),
        pytest.param({"Authorization": "Bearer igny8_api_wrong"}, id="wrong token"),
        pytest.param({"Authorization": "Bearer igny8_live_0123456789"}, id="a site's key"),
        pytest.param({"Authorization": "Bearer igny8_api_" + "x" * 10_000}, id="very long"),
        pytest.param({"Authorization": "Bearer igny8_api_ключ".encode()}, id="look-alike letters"),
        pytest.param({"Authorization": "Basic aWdueTg6eA=="}, id="another scheme"),
    ],
)
def test_without_a_valid_token_nothing_is_shown(client, tenant, headers):
    answers = [
        client.get(CONTENT, headers=headers),
        client.post(f"{CONTENT}{tenant.content.id}/publish/", json={}, headers=headers),
        client.get("/api/v1/runs/00000000-0000-4000-8000-000000000000/", headers=headers),
    ]

    for answer in answers:
        problem_of(answer, 401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_a_token_in_the_query_is_none(client, tenant):
    problem_of(client.get(f"{CONTENT}?token={tenant.token}"), 401, "unauthenticated")


def test_a_revoked_token_is_like_a_wrong_one(client, tenant):
    with session_scope() as session:
        token = issue_token(session, session.merge(tenant.account), revoked_at=now())

    revoked = client.get(CONTENT, headers={"Authorization": f"Bearer {token}"})
    wrong = client.get(CONTENT, headers={"Authorization": "Bearer igny8_api_wrong"})

    assert revoked.headers["WWW-Authenticate"] == wrong.headers["WWW-Authenticate"]
    details = [problem_of(each, 401, "unauthenticated")["detail"] for each in (revoked, wrong)]
    assert details[0] == details[1]


def test_the_scheme_may_be_written_in_small_letters(client, tenant):
    headers = {"Authorization": f"bearer {tenant.token}"}

    assert client.get(CONTENT, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("get", "{id}/", None, id="read"),
        pytest.param("put", "{id}/", {"title": "x", "html": "<p>x</p>"}, id="replace"),
        pytest.param("patch", "{id}/", {"title": "x"}, id="change"),
        pytest.param("post", "{id}/publish/", {}, id="publish"),
    ],
)
def test_another_tenants_content_is_like_a_missing_one(api, tenant, stranger, method, path, body):
    bodies = []
    for number in (stranger.content.id, 999_999):
        sent = {} if body is None else {"json": body}
        answer = getattr(api, method)(CONTENT + path.format(id=number), **sent)
        bodies.append(problem_of(answer, 404, "not_found"))
        bodies[-1].pop("request_id")

    assert bodies[0] == bodies[1]
    with session_scope(read_only=True) as session:
        assert session.scalars(sa.select(Publication)).all() == []
        assert session.get(Content, stranger.content.id).revision == 1


def test_another_tenants_site_takes_no_content(api, stranger):
    body = {"site_id": stranger.site.id, "title": "x", "html": "<p>x</p>"}

    problem_of(api.post(CONTENT, json=body), 404, "not_found")


def test_another_tenants_run_is_not_there(client, tenant, stranger):
    ours, theirs = Caller(client, tenant.headers), Caller(client, stranger.headers)
    accepted = theirs.post(f"{CONTENT}{stranger.content.id}/publish/", json={}).get_json()

    problem_of(ours.get(accepted["status_url"]), 404, "not_found")
    assert theirs.get(accepted["status_url"]).status_code == 200


def test_a_list_shows_only_ones_own(api, tenant, stranger):
    assert [each["id"] for each in api.get(CONTENT).get_json()["results"]] == [tenant.content.id]
