"""Door 1, webhooks: what the site's plugin has not sent, and signed, is not even kept."""

import gzip
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from ingress_rows import problem_of
from webhook_calls import (
    JSON,
    STATUS,
    key_of,
    keyed,
    make_signing,
    rows,
    said,
    signature,
    signed,
)

from models import SyncEvent
from models.pruning import prune_history
from models.session import session_scope

pytestmark = pytest.mark.usefixtures("sqlite_database")

NOW = int(time.time())


@pytest.mark.parametrize(
    "method",
    [
        pytest.param("get", id="b1-get"),
        pytest.param("put", id="b1-put"),
        pytest.param("options", id="b1-options"),
        pytest.param("trace", id="b1-trace"),
        pytest.param("delete", id="b1-delete"),
    ],
)
def test_only_post_is_taken(client, tenant, method):
    answer = getattr(client, method)(STATUS, headers=keyed(tenant.site))

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("environ", "status", "code"),
    [
        pytest.param({"CONTENT_LENGTH": ""}, 411, "length_required", id="b2-no-length"),
        pytest.param(
            {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"},
            411,
            "length_required",
            id="b2-chunked",
        ),
        pytest.param(
            {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": 1},
            411,
            "length_required",
            id="b3-chunked-and-long",
        ),
        pytest.param({"CONTENT_LENGTH": "0"}, 400, "bad_request", id="b4-empty"),
        pytest.param({"CONTENT_LENGTH": "400"}, 400, "bad_request", id="b4-shorter-than-said"),
    ],
)
def test_a_body_must_be_measured(client, tenant, environ, status, code):
    answer = client.post(STATUS, data=said(), headers=keyed(tenant.site), environ_overrides=environ)

    problem_of(answer, status, code)
    assert rows() == []


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        pytest.param({}, b" " * (257 * 1024), 413, id="b6-257-kib"),
        pytest.param({"Content-Encoding": "gzip"}, gzip.compress(said()), 415, id="b7-gzip"),
        pytest.param(
            {"Content-Encoding": "gzip"}, gzip.compress(b" " * 10**7), 415, id="b7-gzip-bomb"
        ),
        pytest.param({"Content-Type": "text/plain"}, said(), 415, id="b8-text"),
        pytest.param(
            {"Content-Type": "application/x-www-form-urlencoded"}, said(), 415, id="b8-form"
        ),
        pytest.param(
            {"Content-Type": "application/json; charset=utf-16"}, said(), 415, id="b8-utf-16"
        ),
    ],
)
def test_a_body_of_another_kind_is_not_read(client, tenant, headers, body, status):
    answer = client.post(STATUS, data=body, headers=keyed(tenant.site) | headers)

    assert answer.status_code == status
    assert rows() == []


def looking_alike(key):
    return key.replace("i", "\u0456", 1)  # Cyrillic


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda _: {}, id="b12-none"),
        pytest.param(lambda _: {"X-IGNY8-API-Key": ""}, id="b12-empty"),
        pytest.param(lambda _: {"X-IGNY8-API-Key": "   "}, id="b12-blank"),
        pytest.param(lambda key: {"X-IGNY8-API-Key": key * 250}, id="b12-10-kib"),
        pytest.param(lambda key: {"X-IGNY8-API-Key": looking_alike(key)}, id="b12-look-alike"),
        pytest.param(lambda key: {"X-IGNY8-API-Key": key[:-1]}, id="b12-cut"),
        pytest.param(
            lambda key: {"X-IGNY8-API-Key": key, "Authorization": "Bearer igny8_live_other"},
            id="b13-two-keys",
        ),
    ],
)
def test_without_the_sites_key_nothing_is_kept(client, tenant, spoil):
    headers = spoil(key_of(tenant.site))
    encoded = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    answer = client.post(STATUS, data=said(), headers=JSON | encoded)

    wrong = client.post(STATUS, data=said(), headers=JSON | {"X-IGNY8-API-Key": "igny8_live_no"})
    same = ("title", "detail", "code", "status")
    got, as_wrong = (problem_of(each, 401, "unauthenticated") for each in (answer, wrong))
    assert [got[name] for name in same] == [as_wrong[name] for name in same]
    assert rows() == []


@pytest.mark.parametrize("line", [pytest.param("a\nb", id="b12-newline")])
def test_a_key_of_two_lines_is_no_header(client, line):
    with pytest.raises(ValueError, match="newline"):
        client.post(STATUS, data=said(), headers=JSON | {"X-IGNY8-API-Key": line})


@pytest.mark.parametrize("place", [pytest.param("query", id="b13-key-in-the-address")])
def test_a_key_in_the_address_is_none(client, tenant, place, capsys):
    key = key_of(tenant.site)
    answer = client.post(f"{STATUS}?api_key={key}", data=said(), headers=JSON)

    problem_of(answer, 401, "unauthenticated")
    out = capsys.readouterr()
    assert key not in out.out + out.err


@pytest.mark.parametrize("times", [pytest.param(100, id="b23-a-hundred-at-once")])
def test_one_message_a_hundred_times_is_one_row(app, tenant, times):
    make_signing(tenant.site)
    headers = keyed(tenant.site) | signed(said())

    def send(_):
        return app.test_client().post(STATUS, data=said(), headers=headers).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(times))) == {202}
    assert len(rows()) == 1


@pytest.mark.parametrize("times", [pytest.param(3, id="b24-other-body")])
def test_an_id_with_another_body_is_kept_aside(client, tenant, times):
    make_signing(tenant.site)
    bodies = [said(), *([said(post_id=8)] * times)]
    answers = [
        client.post(STATUS, data=each, headers=keyed(tenant.site) | signed(each)) for each in bodies
    ]

    assert {answer.status_code for answer in answers} == {202}
    assert [row.state.value for row in rows()] == ["waiting", "conflict"]
    assert "msg_1" in rows()[1].reason
    with session_scope(read_only=True) as session:
        (event,) = session.scalars(sa.select(SyncEvent))
    assert event.status.value == "failed"
    assert (event.error_message, event.details["inbox_id"]) == (rows()[1].reason, rows()[1].id)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param({"webhook-id": "a" * 129}, id="b25-129-letters"),
        pytest.param({"webhook-id": "a b"}, id="b25-space"),
        pytest.param({"webhook-id": ""}, id="b25-empty"),
        pytest.param({"webhook-timestamp": str(NOW - 302)}, id="b26-old"),
        pytest.param({"webhook-timestamp": str(NOW + 900)}, id="b26-ahead"),
        pytest.param({"webhook-timestamp": f"{NOW}000"}, id="b26-milliseconds"),
        pytest.param({"webhook-timestamp": f"{NOW}.5"}, id="b26-fraction"),
        pytest.param({"webhook-timestamp": "1_700_000_000"}, id="b26-underscores"),
        pytest.param({"webhook-timestamp": "nan"}, id="b26-nan"),
        pytest.param({"webhook-timestamp": f"-{NOW}"}, id="b26-negative"),
        pytest.param({"webhook-signature": "v1AAAA"}, id="b27-no-comma"),
        pytest.param({"webhook-signature": "v1,,AAAA"}, id="b27-two-commas"),
        pytest.param({"webhook-signature": "v1,@@"}, id="b27-no-base64"),
        pytest.param({"webhook-signature": ""}, id="b27-empty"),
        pytest.param({"webhook-signature": "V1,{good}"}, id="b27-capital"),
        pytest.param({"webhook-signature": "v1a,{good}"}, id="b27-other-version"),
        pytest.param({"webhook-signature": " ".join(["v1,{good}"] * 1000)}, id="b27-1000"),
        pytest.param({"webhook-signature": " ".join(["v1,{good}"] * 6)}, id="b27-six"),
    ],
)
def test_a_malformed_signature_is_none(client, tenant, spoil):
    make_signing(tenant.site)
    headers = signed(said())
    name = next(iter(spoil))
    message_id = spoil.get("webhook-id", "msg_1")
    stamp = spoil.get("webhook-timestamp", headers["webhook-timestamp"])
    good = signature(message_id, stamp, said())
    headers |= {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": good}
    headers[name] = spoil[name].replace("{good}", good.removeprefix("v1,"))

    answer = client.post(STATUS, data=said(), headers=keyed(tenant.site) | headers)

    problem_of(answer, 401, "unauthenticated")
    assert rows() == []


@pytest.mark.parametrize("body", [pytest.param(said() + b" ", id="b28-one-more-space")])
def test_a_signature_is_of_these_bytes_alone(client, tenant, body):
    make_signing(tenant.site)
    answer = client.post(STATUS, data=body, headers=keyed(tenant.site) | signed(said()))

    problem_of(answer, 401, "unauthenticated")


@pytest.mark.parametrize("seconds", [pytest.param(360, id="b29-after-six-minutes")])
def test_an_old_message_that_is_played_again_is_refused(client, tenant, seconds):
    make_signing(tenant.site)
    headers = keyed(tenant.site) | signed(said(), timestamp=int(time.time()) - seconds)

    problem_of(client.post(STATUS, data=said(), headers=headers), 401, "unauthenticated")


@pytest.mark.parametrize("days", [pytest.param(30, id="b29-seen-30-days-ago")])
def test_an_id_is_known_for_longer_than_anybody_repeats_it(client, tenant, days):
    make_signing(tenant.site)
    headers = keyed(tenant.site) | signed(said())
    client.post(STATUS, data=said(), headers=headers)
    with session_scope() as session:
        session.execute(
            sa.text(
                "UPDATE inbox_messages SET state = 'applied',"
                f" received_at = datetime('now', '-{days} days')"
            )
        )
    prune_history(session_scope, 90)

    assert client.post(STATUS, data=said(), headers=headers).get_json()["duplicate"] is True
