"""The simulated site seen from outside, its log, its control door and its own process."""

import hashlib
import json
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from simulators.wordpress import SimulatedSite

ROOT = Path(__file__).parents[2]
PNG = b"\x89PNG\r\n\x1a\n and the rest"


def test_the_index_names_the_bridge(site, get):
    index = get(site, "/wp-json/").json()

    assert index["url"] == site.url
    assert {"igny8/v1", "wp/v2"} <= set(index["namespaces"])


def test_posts_are_listed_in_pages_with_the_fields_asked_for(site, get, publish):
    for number in range(3):
        publish(site, content_id=number + 1, title=f"Post {number}", slug="")
    listed = get(site, "/wp-json/wp/v2/posts?per_page=2&page=2&_fields=slug,title.rendered")

    assert listed.json() == [{"slug": "post-0", "title": {"rendered": "Post 0"}}]
    assert (listed.headers["X-WP-Total"], listed.headers["X-WP-TotalPages"]) == ("3", "2")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        pytest.param("/wp-json/wp/v2/posts?per_page=101", 400, "rest_invalid_param", id="101"),
        pytest.param(
            "/wp-json/wp/v2/posts?page=2",
            400,
            "rest_post_invalid_page_number",
            id="page-past-the-end",
        ),
        pytest.param("/wp-json/wp/v2/posts/99", 404, "rest_post_invalid_id", id="no-such-post"),
        pytest.param("/wp-json/wp/v2/menus", 404, "rest_no_route", id="no-such-route"),
        pytest.param("/wp-json/igny8/v1/nothing", 404, "rest_no_route", id="not-in-the-bridge"),
    ],
)
def test_errors_have_wordpresss_shape(site, get, path, status, code):
    answer = get(site, path)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["data"]["status"] == status


def test_a_post_found_by_its_slug_has_its_terms_and_image(site, get, publish):
    digest = hashlib.sha256(PNG).hexdigest()
    media = get(site, f"/wp-json/igny8/v1/media?hash={digest}", "POST", data=PNG).json()
    publish(site, categories=[["Places", "Berlin"]], tags=["river"], featured_image_hash=digest)
    (post,) = get(site, "/wp-json/wp/v2/posts?slug=a-walk").json()

    names = {
        kind: {term["id"]: term["name"] for term in get(site, f"/wp-json/wp/v2/{kind}").json()}
        for kind in ("categories", "tags")
    }
    assert [names["categories"][id_] for id_ in post["categories"]] == ["Berlin"]
    assert [names["tags"][id_] for id_ in post["tags"]] == ["river"]
    assert post["featured_media"] == media["attachment_id"]
    assert get(site, "/wp-json/wp/v2/media").json()[0]["source_url"] == media["media_url"]
    assert requests.get(media["media_url"], timeout=30).content == PNG


@pytest.mark.parametrize("slug", ["a-walk", "прогулка"])
def test_a_post_is_a_page(site, publish, slug):
    made = publish(site, slug=slug).json()

    assert "<p>Along the Spree.</p>" in requests.get(made["post_url"], timeout=30).text
    assert "A walk" in requests.get(f"{site.url}/?p={made['post_id']}", timeout=30).text
    site.trash(made["post_id"])
    assert requests.get(made["post_url"], timeout=30).status_code == 404


def test_without_pretty_permalinks_only_rest_route_leads_in(get):
    with SimulatedSite(api_key="k", pretty_permalinks=False) as site:
        assert get(site, "/wp-json/igny8/v1/status").headers["Content-Type"].startswith("text/html")
        assert get(site, "/?rest_route=/igny8/v1/status").json()["protocol"] == 1


def test_two_posts_that_want_one_slug(site, publish):
    for content_id in (1, 2):
        publish(site, content_id=content_id)

    assert [post.slug for post in site.posts] == ["a-walk", "a-walk-2"]


def test_a_private_image_address_is_refused_and_the_post_stays(site, publish):
    made = publish(site, featured_image_url=f"{site.url}/a.png").json()

    assert made["images"][0]["status"] == "failed"
    assert made["post_status"] == "publish"


def test_work_takes_its_time_and_holds_its_key(site, publish):
    site.work_seconds = 0.5
    key = str(uuid.uuid4())
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: publish(site, publication_key=key), range(6)))

    statuses = [answer.status_code for answer in answers]
    assert statuses.count(201) == 1
    assert set(statuses) <= {200, 201, 409}
    assert len(site.posts) == 1


def test_one_connection_serves_many_requests(site):
    with requests.Session() as session:
        ports = set()
        for _ in range(3):
            answer = session.get(f"{site.url}/wp-json/", timeout=30, stream=True)
            ports.add(answer.raw.connection.sock.getsockname()[1])
            answer.content  # noqa: B018 -- reading it gives the connection back

    assert len(ports) == 1


def test_the_log_has_every_request_and_no_key(site, get, publish):
    publish(site)
    get(site, f"/wp-json/igny8/v1/status?key={site.api_key}")

    assert [(entry.method, entry.route, entry.status) for entry in site.requests] == [
        ("POST", "/igny8/v1/publish", 201),
        ("GET", "/igny8/v1/status", 200),
    ]
    assert site.api_key not in repr(site.requests)


def test_a_stopped_site_refuses_and_comes_back_as_it_was(site, get, publish):
    publish(site)
    site.stop()
    with pytest.raises(requests.ConnectionError, match="refused"):
        get(site, "/")

    site.start()
    assert len(get(site, "/wp-json/wp/v2/posts").json()) == 1


def test_the_control_door_turns_the_dial_and_shows_the_state(site, publish):
    door = f"{site.url}/_simulator"
    turned = requests.post(f"{door}/faults", json={"kind": "down", "times": 1}, timeout=30)
    assert turned.status_code == 201
    with pytest.raises(requests.ConnectionError):
        publish(site)

    made = publish(site).json()
    requests.post(f"{door}/posts/{made['post_id']}/trash", timeout=30).raise_for_status()
    state = requests.get(f"{door}/state", timeout=30).json()
    assert state["posts"][0]["status"] == "trash"
    assert state["publications"][0]["state"] == "done"
    assert (state["faults"], state["struck"]) == ([], {"down": 1})


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        pytest.param("POST", "faults", {"kind": "bad_mood"}, 400, id="unknown-kind"),
        pytest.param("POST", "faults", {"kind": "reset", "colour": 1}, 400, id="unknown-field"),
        pytest.param("POST", "settings", {"colour": 1}, 400, id="unknown-setting"),
        pytest.param("POST", "posts/99/trash", None, 404, id="unknown-post"),
        pytest.param("GET", "nothing", None, 404, id="unknown-control"),
        pytest.param("DELETE", "faults", None, 200, id="clear"),
        pytest.param("POST", "settings", {"work_seconds": 0.1, "api_key": "new"}, 200, id="set"),
    ],
)
def test_the_control_door_says_what_it_can_not_do(site, method, path, body, status):
    answer = requests.request(method, f"{site.url}/_simulator/{path}", json=body, timeout=30)

    assert answer.status_code == status


def test_several_sites_in_a_process_of_their_own():
    command = [sys.executable, "-m", "simulators.wordpress", "--key", "k", "--sites", "3"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        urls = json.loads(process.stdout.readline())["urls"]
        names = {requests.get(f"{url}/wp-json/", timeout=30).json()["url"] for url in urls}
        process.terminate()

    assert names == set(urls)
    assert len(names) == 3
    assert process.returncode == 0
