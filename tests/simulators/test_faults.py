"""Every fault does at the socket what it says."""

import socket
import time
import uuid

import pytest
import requests

from simulators.faults import Fault, FaultDial
from simulators.wordpress import SimulatedSite

JSON, HTML = "application/json; charset=UTF-8", "text/html; charset=UTF-8"


@pytest.mark.parametrize(
    ("fault", "status", "content_type", "posts"),
    [
        pytest.param({"kind": "status"}, 500, HTML, 0, id="500"),
        pytest.param({"kind": "status", "code": 429}, 429, HTML, 0, id="429"),
        pytest.param({"kind": "status", "code": 503, "body": "json"}, 503, JSON, 0, id="503-json"),
        pytest.param({"kind": "html_200"}, 200, HTML, 0, id="html"),
        pytest.param({"kind": "html_200_after_work"}, 200, HTML, 1, id="html-after-work"),
        pytest.param({"kind": "json_without_id"}, 200, JSON, 1, id="no-id"),
        pytest.param({"kind": "truncated_json"}, 201, JSON, 1, id="truncated"),
        pytest.param({"kind": "redirect"}, 301, HTML, 0, id="redirect"),
        pytest.param({"kind": "redirect", "code": 308}, 308, HTML, 0, id="redirect-308"),
        pytest.param({"kind": "plugin_missing"}, 404, JSON, 0, id="plugin-missing"),
        pytest.param({"kind": "not_wordpress"}, 200, HTML, 0, id="not-wordpress"),
        pytest.param({"kind": "wrong_content_id"}, 201, JSON, 1, id="wrong-content-id"),
        pytest.param({"kind": "slow", "seconds": 0.01}, 201, JSON, 1, id="slow"),
        pytest.param({"kind": "late_answer", "seconds": 0.01}, 201, JSON, 1, id="late"),
        pytest.param({"kind": "write_failed"}, 500, JSON, 0, id="write-failed"),
    ],
)
def test_answers(site, publish, fault, status, content_type, posts):
    site.faults.add(**fault)
    answer = publish(site)

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, content_type)
    assert len(site.posts) == posts
    assert (site.requests[-1].status, site.requests[-1].fault) == (status, fault["kind"])


@pytest.mark.parametrize(
    ("fault", "cause", "posts"),
    [
        pytest.param({"kind": "lost_answer"}, "RemoteDisconnected", 1, id="lost-answer"),
        pytest.param({"kind": "reset"}, "ConnectionResetError", 0, id="reset"),
        pytest.param({"kind": "reset_after_work"}, "ConnectionResetError", 1, id="reset-after"),
        # Closed before the body is read: a client still sending it may see either.
        pytest.param({"kind": "down"}, "ConnectionResetError or RemoteDisconnected", 0, id="down"),
        pytest.param({"kind": "crash", "at": "reserved"}, "ConnectionResetError", 0, id="crash"),
        pytest.param({"kind": "crash"}, "ConnectionResetError", 1, id="crash-at-the-draft"),
        pytest.param({"kind": "cut_body"}, "IncompleteRead", 1, id="cut-body"),
    ],
)
def test_broken_connections(site, publish, fault, cause, posts):
    site.faults.add(**fault)
    with pytest.raises(requests.RequestException) as broken:
        publish(site)

    assert type(broken.value.args[0].args[1]).__name__ in cause.split()
    assert len(site.posts) == posts


@pytest.mark.parametrize(("kind", "posts"), [("slow", 0), ("late_answer", 1)])
def test_hanging(site, publish, kind, posts):
    site.faults.add(kind=kind, seconds=600)
    with pytest.raises(requests.ReadTimeout):
        publish(site, timeout=0.3)

    deadline = time.monotonic() + 30
    while len(site.posts) != posts and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(site.posts) == posts


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param("drip_header", (False, 0), id="header"),
        pytest.param("drip_body", (True, 1), id="body"),
    ],
)
def test_dripping(site, kind, expected):
    site.faults.add(kind=kind, path="^/$", bytes_per_second=2)
    with socket.create_connection(("127.0.0.1", site.port), timeout=30) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        received = peer.recv(65536)
        if kind == "drip_body":
            received += peer.recv(65536)

    _head, end, body = received.partition(b"\r\n\r\n")
    assert (bool(end), len(body) >= expected[1]) == (expected[0], True)
    assert not body.endswith(b"</html>")


@pytest.mark.parametrize("text", ["30", "1000000000", "-1", "Wed, 01 Jan 2099 00:00:00 GMT", ""])
def test_retry_after_travels_as_it_is(site, publish, text):
    site.faults.add(kind="status", code=429, retry_after=text)

    assert publish(site).headers["Retry-After"] == text


def test_what_an_answer_says_wrongly(site, get, publish):
    site.faults.add(kind="wrong_content_id", times=1)
    site.faults.add(kind="plugin_version", version="1.2.0", times=1)
    site.faults.add(kind="redirect", path="/media", location="https://a.example/", times=1)

    assert publish(site, content_id=7).json()["content_id"] == 8
    assert get(site, "/wp-json/igny8/v1/status").json()["plugin_version"] == "1.2.0"
    assert get(site, "/wp-json/igny8/v1/media").headers["Location"] == "https://a.example/"


def test_truncated_json_is_no_json(site, publish):
    site.faults.add(kind="truncated_json")

    with pytest.raises(requests.JSONDecodeError):
        publish(site).json()


def test_a_missing_plugin_leaves_wordpress_alone(site, get):
    site.faults.add(kind="plugin_missing")

    assert get(site, "/wp-json/igny8/v1/status").json()["code"] == "rest_no_route"
    assert get(site, "/wp-json/wp/v2/posts").status_code == 200


def test_a_write_that_failed_frees_the_key(site, publish):
    site.faults.add(kind="write_failed", times=1)
    key = str(uuid.uuid4())

    assert publish(site, publication_key=key).json()["code"] == "igny8_write_failed"
    assert publish(site, publication_key=key).status_code == 201


@pytest.mark.parametrize("place", ["reserved", "draft"])
@pytest.mark.parametrize(
    ("stale_seconds", "status"), [(120, 409), (0, 201)], ids=["fresh", "stale"]
)
def test_a_crash_leaves_the_key_taken_until_it_is_stale(publish, place, stale_seconds, status):
    key = str(uuid.uuid4())
    with SimulatedSite(api_key="k", stale_seconds=stale_seconds) as site:
        site.faults.add(kind="crash", at=place, times=1)
        with pytest.raises(requests.ConnectionError):
            publish(site, publication_key=key)

        assert site.publications[0].state == "in_progress"
        assert publish(site, publication_key=key, fence=2).status_code == status
        assert len(site.posts) == (place == "draft" or status == 201)


# ------------------------------------------------------------------ the dial itself


@pytest.mark.parametrize(
    ("fault", "hit"),
    [
        pytest.param({}, ["POST /igny8/v1/publish"], id="publish-by-default"),
        pytest.param(
            {"path": "/media"}, ["GET /igny8/v1/media", "POST /igny8/v1/media"], id="path"
        ),
        pytest.param({"path": "/media", "method": "GET"}, ["GET /igny8/v1/media"], id="method"),
        pytest.param({"path": "nowhere"}, [], id="nothing"),
    ],
)
def test_a_fault_hits_what_it_matches(fault, hit):
    asked = ["POST /igny8/v1/publish", "GET /igny8/v1/media", "POST /igny8/v1/media"]
    dial = FaultDial()
    dial.add(kind="reset", **fault)

    assert [line for line in asked if dial.strike(*line.split())] == hit


def test_a_fault_is_used_up_and_the_next_one_follows():
    dial = FaultDial()
    dial.add(kind="reset", times=2)
    dial.add(kind="status")
    kinds = [dial.strike("POST", "/igny8/v1/publish").kind for _ in range(4)]

    assert kinds == ["reset", "reset", "status", "status"]
    assert dial.struck() == {"reset": 2, "status": 2}
    dial.clear()
    assert dial.strike("POST", "/igny8/v1/publish") is None


def test_chance_repeats_with_its_seed():
    def hits(seed):
        dial = FaultDial(seed)
        dial.add(kind="reset", probability=0.3)
        return [dial.strike("POST", "/igny8/v1/publish") is not None for _ in range(200)]

    assert hits(1) == hits(1) != hits(2)
    assert 30 < sum(hits(1)) < 90


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"kind": "bad_mood"}, id="unknown-kind"),
        pytest.param({"kind": "reset", "probability": 2}, id="probability"),
        pytest.param({"kind": "drip_body", "bytes_per_second": 0}, id="rate"),
        pytest.param({"kind": "crash", "at": "night"}, id="place"),
        pytest.param({"kind": "status", "body": "xml"}, id="body"),
    ],
)
def test_a_fault_that_can_not_be(fields):
    with pytest.raises(ValueError, match=r"."):
        Fault(**fields)
