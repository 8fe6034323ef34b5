"""Door 5, answers from sites: nothing counts as success that is not our post, whole and named."""

import gzip
import json
import tracemalloc

import pytest
import sqlalchemy as sa
from chains import run_due
from factories import SITE_KEY, make_integration, make_publication, make_site, reload
from peers import RawPeer, answer

import settings
from models import Attempt, Integration, PublicationState, SyncEvent
from models.session import session_scope
from pipeline.errors import PermanentError, PublishError, RateLimited, SiteError, UnclearOutcome
from platforms.base import Target, Upload
from platforms.wordpress import WordPressBridge

KEY = "0e0f7a0c-7a45-4a51-8f4f-6a0f0d8a3c11"
PAYLOAD = {"publication_key": KEY, "content_id": 7, "revision": 2, "fence": 3, "title": "T"}
GOOD = {
    "state": "done",
    "publication_key": KEY,
    "content_id": 7,
    "revision": 2,
    "fence": 3,
    "post_id": 12,
    "post_url": "https://site.example/?p=12",
    "post_status": "publish",
    "images": [],
}


def good(**changes):
    return json.dumps(GOOD | changes).encode()


def without(name):
    return json.dumps({key: value for key, value in GOOD.items() if key != name}).encode()


def bridge(peer):
    return WordPressBridge(Target(peer.port, "wordpress", peer.url, SITE_KEY))


def many_headers(count, length):
    return answer(201, good(), *(f"X-{number}: {'a' * length}" for number in range(count)))


@pytest.fixture
def quick(monkeypatch, sqlite_database):
    """Deadlines that a test can wait for."""
    monkeypatch.setattr(settings.current(), "total_timeout", 1.0)
    monkeypatch.setattr(settings.current(), "read_timeout", 0.8)


def endless(piece, start=b""):
    def pieces():
        yield start
        while True:
            yield piece

    return pieces


NO_SUCCESS = [
    pytest.param(answer(200, b"<p>There has been a critical error"), id="b77-critical-error"),
    pytest.param(answer(200, b"<html>Are you human?</html>"), id="b77-captcha"),
    pytest.param(answer(503, b"<h1>Maintenance</h1>"), id="b77-maintenance"),
    pytest.param(answer(200, b"[]"), id="b78-list"),
    pytest.param(answer(200, b"null"), id="b78-null"),
    pytest.param(answer(200, b'"ok"'), id="b78-text"),
    pytest.param(answer(200, b"[" + good() + b"]"), id="b78-list-of-posts"),
    pytest.param(answer(200, b"<b>Notice</b>: x in y\n" + good()), id="b78-after-notices"),
    pytest.param(answer(201, good()[:-20]), id="b78-cut-off"),
    pytest.param(answer(201, b""), id="b78-empty"),
    pytest.param(answer(201, b"[" * 100_000), id="b78-nested"),
    pytest.param(answer(201, without("post_id")), id="b79-no-id"),
    pytest.param(answer(201, good(post_id=None)), id="b79-null"),
    pytest.param(answer(201, good(post_id=0)), id="b79-zero"),
    pytest.param(answer(201, good(post_id=-1)), id="b79-negative"),
    pytest.param(answer(201, good(post_id=1e30)), id="b79-float"),
    pytest.param(answer(201, good(post_id=10**30)), id="b79-beyond-64-bits"),
    pytest.param(answer(201, good(post_id=True)), id="b79-boolean"),
    pytest.param(answer(201, good(post_id="12abc")), id="b79-text"),
    pytest.param(answer(201, good().replace(b"12,", b"9" * 5000 + b",")), id="b79-5000-digits"),
    pytest.param(answer(201, good(content_id=8)), id="b80-another-content"),
    pytest.param(answer(201, good(publication_key=KEY[::-1])), id="b80-another-key"),
    pytest.param(answer(201, good(revision=1)), id="b80-older-revision"),
    pytest.param(answer(201, good().replace(b'"fence": 3', b'"fence": 1e999')), id="b80-infinity"),
    pytest.param(answer(201, good().replace(b'"fence": 3', b'"fence": NaN')), id="b80-nan"),
    pytest.param(answer(201, good(revision=10**20)), id="b80-huge-revision"),
    pytest.param(answer(201, good(revision=2**31 - 1)), id="b80-none-goes-above-its-revision"),
    pytest.param(answer(201, good(fence=2**31 - 1)), id="b80-none-goes-above-its-fence"),
    pytest.param(answer(409), id="b81-409-without-data"),
    pytest.param(answer(409, b"<html>"), id="b81-409-html"),
    pytest.param(answer(201, good() + b" " * 1_100_000), id="b83-too-large"),
    pytest.param(endless(b"x" * 65536, b"HTTP/1.1 200 OK\r\n\r\n"), id="b83-endless-body"),
    pytest.param(many_headers(100_000, 1), id="b83-100000-headers"),
    pytest.param(many_headers(1, 1_000_000), id="b83-long-header"),
    pytest.param(answer(201, good(post_status="é").replace(b"\\u00e9", b"\xe9")), id="b84-latin-1"),
    pytest.param(b"<html>hello", id="b86-http-0.9"),
    pytest.param(answer(204), id="b86-no-content"),
    pytest.param(endless(b"HTTP/1.1 100 Continue\r\n\r\n"), id="b86-endless-continue"),
    pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" * 99 + answer(201, good()), id="b86-99-continue"),
    pytest.param(b"HTTP/1.1 abc\r\n\r\n", id="b86-no-status"),
    pytest.param(b"HTTP/1.1 201 C\r\nContent-Length: -5\r\n\r\n", id="b86-negative-length"),
    pytest.param(
        answer(201, good()).replace(b"Connection", b"Content-Encoding: gzip\r\nX"),
        id="b86-not-what-its-encoding-says",
    ),
    pytest.param(answer(201, good(images="abc")), id="b78-images-as-text"),
    pytest.param(answer(201, good(images=5)), id="b78-images-as-number"),
]


@pytest.mark.parametrize("reply", NO_SUCCESS)
def test_what_is_not_our_post_leaves_the_outcome_open(quick, reply):
    with RawPeer(reply) as peer, pytest.raises(UnclearOutcome) as unclear:
        bridge(peer).publish(PAYLOAD)

    assert str(unclear.value)


def inflating(encoding, times):
    """Return a good answer and 300 MB of spaces after it, packed so many times."""
    body = gzip.compress(good() + b" " * 10_000_000) + gzip.compress(b" " * 10_000_000) * 29
    for _ in range(times - 1):
        body = gzip.compress(body)
    return answer(201, body, f"Content-Encoding: {encoding}")


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(inflating("gzip", 1), id="b72-gzip-bomb"),
        pytest.param(inflating("gzip, gzip", 2), id="b72-gzip-bomb-in-gzip"),
        pytest.param(
            answer(201).replace(b"Length: 0", b"Length: 10") + good() + b" " * 20_000_000,
            id="b72-says-10-bytes-and-sends-20-megabytes",
        ),
    ],
)
def test_an_answer_costs_no_more_memory_than_its_limit(quick, reply):
    with RawPeer(reply) as peer:
        tracemalloc.start()
        with pytest.raises(UnclearOutcome):
            bridge(peer).publish(PAYLOAD)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert most < 16_000_000


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "body", [pytest.param(b"", id="b82-plain"), pytest.param(good(), id="b82-with-a-post")]
)
def test_a_redirect_is_never_a_success(quick, code, body):
    reply = answer(code, body, "Location: https://elsewhere.example/\x01x")
    with RawPeer(reply) as peer, pytest.raises(SiteError, match="final address") as moved:
        bridge(peer).publish(PAYLOAD)

    assert moved.value.code == "redirected"
    # The same site was asked by ?rest_route=, and whether it takes a harmless write.
    assert len(peer.heard) <= 4


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        pytest.param(
            answer(409, b'{"code": "igny8_post_trashed"}'), "igny8_post_trashed", id="b81-trashed"
        ),
        pytest.param(
            answer(422, b'{"code": ["a"], "message": {"b": 1}}'), "http_422", id="b78-odd-reasons"
        ),
        pytest.param(answer(400, b'{"message": "a\\u0000b\\ud800c"}'), "http_400", id="b84-nul"),
        pytest.param(answer(418, b"{}"), "http_418", id="b78-teapot"),
    ],
)
def test_a_refusal_is_final_and_said_in_words(quick, reply, code):
    with RawPeer(reply) as peer, pytest.raises(PermanentError) as refused:
        bridge(peer).publish(PAYLOAD)

    assert refused.value.code == code
    assert storable(str(refused.value))


def storable(text):
    return "\0" not in text and text.encode() is not None and len(text) < 2200


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        pytest.param({}, "https://site.example/?p=12", id="b78-as-it-should-be"),
        pytest.param({"post_url": None}, None, id="b78-no-address"),
        pytest.param({"post_url": ["x"]}, None, id="b78-address-as-list"),
        pytest.param({"post_url": "https://x/\0\ud800y"}, "https://x/y", id="b84-nul-and-half"),
        pytest.param({"post_url": "x" * 5000}, "x" * 2000, id="b83-long-address"),
        pytest.param({"images": [{"status": "a\0", "x": [1]}, {}]}, GOOD["post_url"], id="b78-im"),
        pytest.param({"post_status": {"a": 1}}, GOOD["post_url"], id="b78-odd-status"),
    ],
)
def test_what_is_kept_of_a_good_answer_fits_into_a_database(quick, changes, url):
    with RawPeer(answer(201, good(**changes))) as peer:
        post = bridge(peer).publish(PAYLOAD)

    assert (post.external_id, post.url) == ("12", url)
    assert storable(repr(post.images) + post.status)


@pytest.mark.parametrize("mark", [pytest.param(b"\xef\xbb\xbf", id="b78-byte-order-mark")])
def test_a_byte_order_mark_is_no_reason_to_ask_again(quick, mark):
    with RawPeer(answer(201, mark + good())) as peer:
        assert bridge(peer).publish(PAYLOAD).external_id == "12"


@pytest.mark.parametrize("cookies", [pytest.param(80, id="b85-cookie-storm")])
def test_cookies_are_not_kept(quick, cookies):
    storm = [f"Set-Cookie: c{number}={'x' * 100}; Path=/" for number in range(cookies)]
    with RawPeer(answer(201, good(), *storm)) as peer:
        for _ in range(2):
            bridge(peer).publish(PAYLOAD)

    assert not any(b"cookie" in request.lower() for request in peer.heard)


JUNK = [
    pytest.param(b"<html>", id="b77-html"),
    pytest.param(b"[]", id="b78-list"),
    pytest.param(b"null", id="b78-null"),
    pytest.param(b'{"publications": 5, "media": 5}', id="b78-numbers"),
    pytest.param(b'{"publications": {"a": 1}, "media": {"a": 1}}', id="b78-objects"),
    pytest.param(b'{"publications": [1, null, {}], "media": [1, null, {}]}', id="b78-odd-entries"),
    pytest.param(
        b'{"plugin_version": ["1.4"], "gmt_offset": "abc", "timezone": 7}', id="b78-odd-status"
    ),
    pytest.param(
        b'{"plugin_version": "1.4.0", "gmt_offset": "abc", "seo_plugin": [1]}', id="b78-odd-offset"
    ),
]


@pytest.mark.parametrize("body", JUNK)
@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda site: site.status(), id="status"),
        pytest.param(lambda site: site.find_posts([KEY]), id="posts"),
        pytest.param(lambda site: site.find_media(["a" * 64]), id="media"),
        pytest.param(
            lambda site: site.upload(Upload("a" * 64, b"x", "image/png", "a.png")), id="upload"
        ),
    ],
)
def test_a_question_gets_an_answer_or_an_error_of_ours(quick, ask, body):
    with RawPeer(answer(200, body)) as peer:
        told = answer_or_error(lambda: ask(bridge(peer)))

    assert told is not None
    assert storable(repr(told))


def answer_or_error(ask):
    try:
        return ask()
    except PublishError as error:
        return error


@pytest.mark.parametrize(
    "wait",
    [
        pytest.param("1000000000", id="b88-a-billion"),
        pytest.param("-5", id="b88-negative"),
        pytest.param("abc", id="b88-a-word"),
        pytest.param("", id="b88-empty"),
        pytest.param("Thu, 01 Jan 2099 00:00:00 GMT", id="b88-2099"),
        pytest.param("1e9", id="b88-exponent"),
        pytest.param("Mon, 32 Foo 99999 99:99:99 GMT", id="b88-no-date"),
    ],
)
def test_a_wish_to_wait_is_bounded(quick, wait):
    reply = answer(429, b"{}", f"Retry-After: {wait}")
    with RawPeer(reply) as peer, pytest.raises(RateLimited) as told:
        bridge(peer).publish(PAYLOAD)

    assert 1 <= (told.value.retry_after or 60) <= 3600


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(answer(400, b'{"message": "\\u0000\\ud800 no"}'), id="b84-nul-in-the-reason"),
        pytest.param(
            answer(422, b'{"code": "x\\u0000", "message": [1]}'), id="b84-nul-in-the-code"
        ),
        pytest.param(
            answer(400, b'{"message": "you sent ' + SITE_KEY.encode() + b'"}'), id="b102-echoed-key"
        ),
        pytest.param(
            answer(302, b"", f"Location: https://x.example/?k={SITE_KEY}"),
            id="b102-echoed-in-header",
        ),
    ],
)
def test_a_refusal_is_written_down_whatever_it_says(database, reply):
    with RawPeer(reply) as peer:
        with session_scope() as session:
            site = make_site(session, url=peer.url, key=SITE_KEY)
            integration = make_integration(session, site)
        publication = make_publication(integration)
        run_due()

    found = reload(publication)
    assert found.state in {PublicationState.FAILED, PublicationState.QUEUED}
    with session_scope(read_only=True) as session:
        told = [found.failure, session.get_one(Integration, integration.id).suspended_reason]
        told += session.scalars(sa.select(SyncEvent.error_message)).all()
        told += session.scalars(sa.select(Attempt.error)).all()
    assert any(told)
    assert SITE_KEY not in repr(told)
