"""Every error is a problem (RFC 9457), and says nothing that is not the caller's business."""

import json

import pytest
import sqlalchemy as sa
import structlog
from ingress_rows import problem_of

import settings
from ingress import create_app
from models import Content, encryption
from models import session as sessions
from models.session import session_scope

CONTENT = "/api/v1/writer/content/"


def send(api, data, content_type="application/json", **more):
    return api.post(CONTENT, data=data, content_type=content_type, **more)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"{", id="cut off"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="array"),
        pytest.param(b'"text"', id="text"),
        pytest.param(b'"{\\"title\\": \\"x\\"}"', id="object in a text"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"title": "\xff"}', id="not UTF-8"),
        pytest.param(b'\xef\xbb\xbf{"title": "x"}', id="byte order mark"),
        pytest.param(b'{"title": "a\\u0000b"}', id="NUL"),
        pytest.param(b'{"a\\u0000": 1}', id="NUL in a name"),
        pytest.param(b'{"title": "\\ud800"}', id="lone surrogate"),
        pytest.param(b'{"title": "a", "title": "b"}', id="name twice"),
        pytest.param(b'{"site_id": NaN}', id="NaN"),
        pytest.param(b'{"site_id": -Infinity}', id="Infinity"),
        pytest.param(b'{"site_id": 1e400}', id="number out of range"),
        pytest.param(b'{"site_id": ' + b"9" * 5000 + b"}", id="integer of 5000 digits"),
        pytest.param(b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", id="nested deeply"),
        pytest.param(b"[" * 100_000, id="nested very deeply"),
    ],
)
def test_what_is_no_json_of_ours_is_refused_in_words(api, data):
    answer = send(api, data)

    assert answer.status_code == 400
    problem_of(answer, 400, answer.get_json()["code"])


@pytest.mark.parametrize(
    ("content_type", "headers"),
    [
        pytest.param("text/plain", {}, id="text"),
        pytest.param(None, {}, id="no type"),
        pytest.param("application/x-www-form-urlencoded", {}, id="form"),
        pytest.param("application/json; charset=utf-16", {}, id="charset"),
        pytest.param("application/json", {"Content-Encoding": "gzip"}, id="compressed"),
    ],
)
def test_only_plain_json_is_read(api, content_type, headers):
    answer = send(api, b'{"title": "x"}', content_type, headers=headers)

    problem_of(answer, 415, "unsupported_media_type")


def test_a_body_of_unknown_length_is_refused(api, tenant):
    chunked = {"Transfer-Encoding": "chunked"}
    environ = {"wsgi.input_terminated": True}
    for path in (CONTENT, f"{CONTENT}{tenant.content.id}/publish/"):
        answer = api.post(
            path, headers=chunked, content_type="application/json", environ_overrides=environ
        )
        problem_of(answer, 411, "length_required")


def test_a_body_that_is_too_large_is_not_read(api):
    answer = send(api, b" " * (settings.current().max_content_bytes + 300_000))

    problem_of(answer, 413, "too_large")


def test_a_wrong_method_names_the_right_ones(api, tenant):
    answer = api.delete(f"{CONTENT}{tenant.content.id}/")

    problem_of(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, PATCH, PUT"


@pytest.mark.parametrize("method", ["get", "put"])
@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/", id="root"),
        pytest.param("/api/v1/nothing/", id="unknown"),
        pytest.param(f"{CONTENT}0/", id="zero"),
        pytest.param(f"{CONTENT}-1/", id="negative"),
        pytest.param(f"{CONTENT}{2**31}/", id="larger than an id"),
        pytest.param(f"{CONTENT}{'9' * 5000}/", id="5000 digits"),
        pytest.param(f"{CONTENT}1.0/", id="float"),
        pytest.param(f"{CONTENT}..%2f..%2fetc%2fpasswd", id="path"),
        pytest.param(f"/{CONTENT}", id="two slashes"),
        pytest.param("/static/app.js", id="static file"),
    ],
)
def test_there_is_nothing_elsewhere(api, path, method):
    body = {} if method == "get" else {"json": {"title": "x", "html": "x"}}
    problem_of(getattr(api, method)(path, **body), 404, "not_found")


def test_a_database_that_is_away_is_said_so(api, tenant, environment):
    sessions.engine().dispose()
    environment.setenv("DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/none")
    settings.current.cache_clear()
    sessions.engine.cache_clear()

    answer = api.get(f"{CONTENT}{tenant.content.id}/")

    problem_of(answer, 503, "unavailable")
    assert answer.headers["Retry-After"]
    assert "secret" not in answer.text
    assert "127.0.0.1" not in answer.text


def test_a_missing_encryption_key_is_said_so(api, environment):
    environment.delenv("IGNY8_SECRET_KEYS")
    for cached in (settings.current, encryption.key_ring, encryption._cipher):
        cached.cache_clear()

    problem_of(api.get(CONTENT), 503, "unavailable")


def test_our_own_mistake_shows_no_trace(database, broker):
    app = create_app(settings.current())

    @app.get("/mistake")
    def mistake():
        raise ZeroDivisionError("a secret")

    answer = app.test_client().get("/mistake")

    problem_of(answer, 500, "server_error")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_a_refused_value_is_not_repeated(api):
    answer = send(api, json.dumps({"password": "hunter2", "title": ["hunter2"]}).encode())

    assert answer.status_code == 400
    assert "hunter2" not in answer.text


def test_a_request_has_one_log_line_without_secrets(client, tenant):
    with structlog.testing.capture_logs() as lines:
        client.post(
            f"{CONTENT}?key=hunter2",
            json={"site_id": tenant.site.id, "title": "hunter2", "html": "<p>x</p>"},
            headers=tenant.headers | {"X-Request-ID": "abc-1"},
        )

    [line] = [line for line in lines if line["event"] == "request"]
    assert line["path"] == CONTENT
    assert (line["method"], line["status"], line["request_id"]) == ("POST", 201, "abc-1")
    assert line["account_id"] == tenant.account.id
    assert line["ms"] >= 0
    assert "hunter2" not in str(lines)
    assert tenant.token not in str(lines)


def test_a_strange_request_id_is_replaced(client):
    answer = client.get("/healthz", headers={"X-Request-ID": "a b{}" * 50})

    assert len(answer.headers["X-Request-ID"]) == 36


def test_nothing_is_kept_of_a_refused_request(api, tenant):
    send(api, json.dumps({"site_id": tenant.site.id, "title": "x"}).encode())

    with session_scope(read_only=True) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Content)) == 1
