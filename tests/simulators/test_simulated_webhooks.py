"""What people do on a simulated site waits as signed events, mixed up as the dials say."""

import base64
import hashlib
import hmac
import json

import pytest
import requests

from simulators.engine import NotConnected

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
ENGINE = "http://127.0.0.1:9"


@pytest.fixture
def post_id(site, publish):
    """A published post of a site that knows the engine; its own event is taken."""
    site.pair(ENGINE, 7, SECRET)
    made = publish(site, categories=[["News"]], tags=["river"]).json()["post_id"]
    site.take_webhooks()
    return made


def told(site):
    return [json.loads(webhook.body) for webhook in site.take_webhooks()]


def test_a_publish_is_one_event_of_our_own(site, publish):
    site.pair(ENGINE, 7, SECRET)
    publication = publish(site).json()
    [body] = told(site)

    assert body == {
        "event": "created",
        "origin": "igny8",
        "post_status": "publish",
        "post_title": "A walk",
        "sequence": 1,
        "site_url": site.url,
    } | {
        name: publication[name]
        for name in (
            "post_id",
            "content_id",
            "publication_key",
            "post_url",
            "modified_gmt",
            "revision",
            "fingerprint",
        )
    }


@pytest.mark.parametrize(
    ("act", "events"),
    [
        pytest.param(lambda site, id_: site.edit(id_, title="New"), ["updated"], id="title"),
        pytest.param(lambda site, id_: site.edit(id_, status="draft"), ["status"], id="status"),
        pytest.param(lambda site, id_: site.trash(id_), ["trashed"], id="trash"),
        pytest.param(lambda site, id_: site.delete(id_), ["deleted"], id="delete"),
        pytest.param(
            lambda site, id_: site.assign(id_, categories=["Else"], tags=[]),
            ["updated", None],
            id="terms",
        ),
        pytest.param(
            lambda site, id_: [site.trash(id_), site.untrash(id_)],
            ["trashed", "untrashed"],
            id="trash and back",
        ),
    ],
)
def test_what_people_do_is_told_in_order(site, post_id, act, events):
    act(site, post_id)
    bodies = told(site)

    assert [body.get("event") for body in bodies] == events
    assert [body["sequence"] for body in bodies] == list(range(2, 2 + len(events)))


def test_terms_and_author_are_told_by_their_names(site, post_id):
    site.assign(post_id, categories=["R&D"], tags=["sea", "art"])
    body = told(site)[1]

    assert (body["categories"], body["tags"]) == (["R&D"], ["art", "sea"])
    assert body["author"] == {"id": 1, "name": "admin"}


def test_a_message_is_signed_for_its_door(site, post_id):
    site.assign(post_id, categories=["Else"], tags=[])
    doors = [webhook.path.rsplit("/", 2)[1] for webhook in site.take_webhooks()]
    site.trash(post_id)
    [webhook] = site.take_webhooks()
    headers = webhook.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + webhook.body
    wanted = hmac.new(b"s" * 32, signed, hashlib.sha256).digest()

    assert doors == ["status", "metadata"]
    assert headers["webhook-signature"] == "v1," + base64.b64encode(wanted).decode()
    assert headers["X-IGNY8-API-Key"] == site.api_key


def test_the_dials_shuffle_and_repeat(site, post_id):
    for number in range(200):
        site.edit(post_id, title=f"Title {number}")
    ids = [w.event.id for w in site.take_webhooks(shuffled=True, duplicated=0.3, seed=1)]

    assert len(set(ids)) == 200
    assert 230 < len(ids) < 270
    assert ids != sorted(ids, key=lambda id_: int(id_.split(".")[2]))


def test_nothing_is_kept_for_nobody(site, publish):
    publish(site)
    site.pair(ENGINE, 7, SECRET)

    assert site.take_webhooks() == []


def test_a_site_that_knows_no_engine_says_so(site):
    with pytest.raises(NotConnected):
        site.send_webhooks()


def test_the_control_door_does_the_same(site, post_id):
    door = f"{site.url}/_simulator"
    for path, body in (
        (f"/posts/{post_id}/edit", {"title": "New"}),
        (f"/posts/{post_id}/terms", {"categories": ["Else"], "tags": []}),
        (f"/posts/{post_id}/untrash", {}),
    ):
        requests.post(door + path, json=body, timeout=10).raise_for_status()
    refused = requests.post(f"{door}/webhooks", json={}, timeout=30)

    assert refused.status_code == 502
    assert [post.title for post in site.posts] == ["New"]
