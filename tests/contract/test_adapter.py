"""Our adapter against every site: the protocol as the engine speaks it."""

import pytest
from payloads import payload, png
from sites import KEY

from pipeline.errors import CredentialsRejected, PermanentError, StaleWrite
from platforms.base import Target, Upload
from platforms.wordpress import WordPressBridge


@pytest.fixture
def connect(bridge, sqlite_database):
    def connected(key=KEY):
        return WordPressBridge(Target(1, "wordpress", bridge.url, key))

    return connected


def test_status(connect, bridge):
    assert connect().status().site_url.startswith(bridge.url)


def test_a_wrong_key_is_the_sites_error(connect):
    with pytest.raises(CredentialsRejected):
        connect("igny8_live_wrong").status()


def test_publish_then_find(connect):
    site = connect()
    body = payload()
    assert site.find_posts([body["publication_key"]]) == {}

    made = site.publish(body)
    assert site.find_posts([body["publication_key"]]) == {body["publication_key"]: made}


def test_a_stale_fence_is_no_failure_of_the_item(connect):
    site = connect()
    body = payload(fence=5)
    site.publish(body)

    with pytest.raises(StaleWrite):
        site.publish({**body, "fence": 4})


def test_a_trashed_post_says_what_to_do(connect, bridge):
    site = connect()
    body = payload()
    bridge.trash(int(site.publish(body).external_id))

    with pytest.raises(PermanentError, match="restore"):
        site.publish({**body, "revision": 2, "fence": 2})


def test_an_image_is_found_again_by_its_hash(connect):
    import hashlib

    site, data = connect(), png()
    digest = hashlib.sha256(data).hexdigest()
    assert site.find_media([digest]) == {}

    address = site.upload(Upload(digest, data, "image/png", "a.png", "alt"))
    assert site.find_media([digest]) == {digest: address}


def test_every_exchange_is_written_down_without_its_key(connect):
    site = connect()
    site.publish(payload())

    (exchange,) = site.exchanges
    assert (exchange.method, exchange.status_code) == ("POST", 201)
    assert KEY not in repr(exchange)


def test_a_site_without_pretty_permalinks_is_reached_by_rest_route(connect, bridge):
    site = connect()
    site._pretty = False

    assert site.status().plugin_version
    assert site.publish(payload()).finished
