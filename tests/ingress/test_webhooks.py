"""The doors for webhooks: what is kept, what is refused before it is read, and what is the same."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
import sqlalchemy as sa
from ingress_rows import point_celery_at, problem_of
from servers import wait_until
from site_calls import at
from webhook_calls import (
    DOORS,
    JSON,
    METADATA,
    SINGLE,
    STATUS,
    key_of,
    keyed,
    make_signing,
    rows,
    said,
    signed,
)

import settings
from ingress import create_app
from models import InboxMessage
from models.session import session_scope


@pytest.mark.parametrize(
    ("path", "door"),
    [
        pytest.param(STATUS, "status", id="status"),
        pytest.param(METADATA, "metadata", id="metadata"),
        pytest.param(SINGLE, "generic", id="the single one"),
    ],
)
def test_a_webhook_is_kept_as_it_came(client, tenant, path, door):
    body = b'{"post_id":  7 }\n'
    answer = client.post(path, data=body, headers=keyed(tenant.site))

    assert answer.status_code == 202
    (row,) = rows()
    assert answer.get_json() == {"accepted": True, "duplicate": False, "id": row.id}
    assert (row.site_id, row.door, row.body, row.signed) == (tenant.site.id, door, body, False)
    assert row.state.value == "waiting"


@pytest.mark.parametrize("path", DOORS)
def test_without_a_key_nothing_is_kept(client, tenant, path):
    for headers in ({}, {"X-IGNY8-API-Key": "igny8_live_wrong"}, tenant.headers):
        answer = client.post(path, data=said(), headers=JSON | headers)
        problem_of(answer, 401, "unauthenticated")
    assert rows() == []


def test_a_bearer_is_a_key_as_well(client, tenant):
    headers = JSON | {"Authorization": f"Bearer {key_of(tenant.site)}"}

    assert client.post(STATUS, data=said(), headers=headers).status_code == 202


def test_a_signed_webhook_is_known_by_its_id(client, tenant):
    make_signing(tenant.site)
    headers = keyed(tenant.site) | signed(said())
    first = client.post(STATUS, data=said(), headers=headers).get_json()
    second = client.post(STATUS, data=said(), headers=headers).get_json()

    (row,) = rows()
    assert (row.signed, row.message_id) == (True, "msg_1")
    assert row.sent_at is not None
    assert second == {"accepted": True, "duplicate": True, "id": first["id"]}


def test_a_site_whose_plugin_signs_must_sign(client, tenant):
    make_signing(tenant.site)
    answer = client.post(STATUS, data=said(), headers=keyed(tenant.site))

    problem_of(answer, 401, "unauthenticated")
    assert rows() == []


def test_a_signature_that_is_there_is_checked(client, tenant):
    make_signing(tenant.site, required=False)
    headers = keyed(tenant.site) | signed(said(post_id=8))

    problem_of(client.post(STATUS, data=said(), headers=headers), 401, "unauthenticated")
    assert rows() == []


def test_a_site_whose_webhooks_are_refused_is_told_of_once_an_hour(client, api, tenant):
    make_signing(tenant.site)
    headers = keyed(tenant.site) | signed(said(), timestamp=time.time_ns() // 10**9 - 400)
    for _ in range(2):
        problem_of(client.post(STATUS, data=said(), headers=headers), 401, "unauthenticated")

    (told,) = api.get(at(tenant, "events/?status=failed")).get_json()["results"]
    assert told["action"] == "signature_refused"
    assert "five minutes from our clock" in told["error_message"]


def test_a_stranger_gets_no_event_written(client, api, tenant):
    make_signing(tenant.site)
    client.post(STATUS, data=said(), headers=JSON | signed(said()))

    assert api.get(at(tenant, "events/")).get_json()["results"] == []


def test_the_same_bytes_without_an_id_are_one_while_nobody_has_read_them(client, tenant):
    def send():
        return client.post(STATUS, data=said(), headers=keyed(tenant.site)).get_json()

    assert [send()["duplicate"] for _ in range(2)] == [False, True]
    with session_scope() as session:
        read = sa.update(InboxMessage).values(state="applied", message_id=None)
        session.execute(read)
    assert send()["duplicate"] is False
    assert len(rows()) == 2


def test_the_same_id_on_another_site_is_another_message(client, tenant, stranger):
    for site in (tenant.site, stranger.site):
        make_signing(site)
        client.post(STATUS, data=said(), headers=keyed(site) | signed(said()))

    assert {row.site_id for row in rows()} == {tenant.site.id, stranger.site.id}


def test_many_at_once_are_one_row(app, tenant):
    make_signing(tenant.site)
    headers = keyed(tenant.site) | signed(said())

    def send(_):
        return app.test_client().post(STATUS, data=said(), headers=headers)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(40)))

    assert {answer.status_code for answer in answers} == {202}
    assert [answer.get_json()["duplicate"] for answer in answers].count(False) == 1
    assert len(rows()) == 1


def test_many_webhooks_are_one_ring(client, tenant, broker):
    for number in range(20):
        client.post(STATUS, data=said(post_id=number + 1), headers=keyed(tenant.site))

    with redis.Redis.from_url(broker.url()) as server:
        wait_until(lambda: server.llen("igny8:webhooks"), what="the ring")
        assert server.llen("igny8:webhooks") < 20


def test_a_broker_that_is_away_loses_nothing(client, tenant, environment):
    point_celery_at(environment, "redis://127.0.0.1:1/0")

    assert client.post(STATUS, data=said(), headers=keyed(tenant.site)).status_code == 202
    assert len(rows()) == 1


def test_a_site_that_tells_too_much_is_told_to_wait(tenant, stranger):
    limited = create_app(settings.current().model_copy(update={"limit_site": 2}))
    client = limited.test_client()

    def send(site, number):
        return client.post(STATUS, data=said(post_id=number), headers=keyed(site))

    answers = [send(tenant.site, number) for number in range(1, 5)]

    assert {answer.status_code for answer in answers[:1]} == {202}
    problem_of(answers[-1], 429, "too_many_requests")
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert send(stranger.site, 9).status_code == 202
