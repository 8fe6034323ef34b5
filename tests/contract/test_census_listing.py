"""GET /publications?after=K&limit=N: all publications of a site, on every site."""

import uuid

import pytest
from payloads import payload
from sites import KEY

from platforms.base import Target
from platforms.wordpress import WordPressBridge


def publish(bridge, count):
    made = [
        bridge.publish(payload(content_id=number + 1, title=f"Post {number}", slug="")).json()
        for number in range(count)
    ]
    return {each["publication_key"]: each for each in made}


def page(bridge, **params):
    answer = bridge.call("GET", "/publications", params={"limit": 200, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_empty_site_lists_nothing(bridge):
    assert page(bridge) == {"publications": [], "next": None}


def test_each_key_comes_once_and_in_order(bridge):
    made = publish(bridge, 5)
    seen, after, pages = [], "", 0
    while after is not None:
        found = page(bridge, after=after, limit=2)
        seen += [each["publication_key"] for each in found["publications"]]
        after, pages = found["next"], pages + 1

    assert (seen, pages) == (sorted(made), 3)


def test_a_full_last_page_says_that_it_is_the_last(bridge):
    publish(bridge, 2)

    assert page(bridge, limit=2)["next"] is None


def test_a_publication_is_as_elsewhere_and_its_posts_are_counted(bridge):
    made = bridge.publish(payload()).json()

    (listed,) = page(bridge)["publications"]
    assert listed == made | {
        "posts": 1,
        "post_ids": [made["post_id"]],
        "in_progress_seconds": None,
    }


@pytest.mark.parametrize(
    ("removal", "status", "posts"),
    [pytest.param("trash", "trash", 1, id="trashed"), pytest.param("delete", "gone", 0, id="gone")],
)
def test_a_removed_post_is_still_listed(bridge, removal, status, posts):
    made = bridge.publish(payload()).json()
    getattr(bridge, removal)(made["post_id"])

    (listed,) = page(bridge)["publications"]
    assert (listed["post_status"], listed["posts"]) == (status, posts)


def test_a_copy_of_a_post_is_counted_until_it_is_deleted(bridge):
    made = bridge.publish(payload()).json()
    page(bridge)
    copy = bridge.duplicate(made["post_id"])
    (listed,) = page(bridge)["publications"]
    assert (listed["posts"], listed["post_ids"]) == (2, [made["post_id"], copy])

    bridge.delete(copy)
    (listed,) = page(bridge)["publications"]
    assert (listed["posts"], listed["post_ids"]) == (1, [made["post_id"]])


def test_a_key_that_only_a_post_carries_is_listed_and_then_adopted(bridge):
    body = payload()
    made = bridge.publish(body).json()
    bridge.forget_publications()

    (listed,) = page(bridge)["publications"]
    expected = {"state": "done", "revision": 0, "fence": 0, "content_id": 0, "posts": 1}
    assert {name: listed[name] for name in expected} == expected
    assert listed["post_id"] == made["post_id"]

    again = bridge.publish({**body, "fence": 2})
    assert (again.status_code, again.json()["post_id"]) == (200, made["post_id"])
    assert len(bridge.posts()) == 1


@pytest.mark.parametrize(
    "params",
    [
        pytest.param({"limit": "0"}, id="limit-0"),
        pytest.param({"limit": "201"}, id="limit-201"),
        pytest.param({"limit": "many"}, id="limit-a-word"),
        pytest.param({"limit": "-1"}, id="limit-negative"),
        pytest.param({"after": "here"}, id="after-no-key"),
    ],
)
def test_what_is_no_cursor_and_no_limit_is_refused(bridge, params):
    refused = bridge.call("GET", "/publications", params=params)

    assert (refused.status_code, refused.json()["code"]) == (400, "rest_invalid_param")


def test_the_listing_needs_the_key(bridge):
    assert bridge.call("GET", "/publications", key=None, params={"limit": 5}).status_code == 401


def test_a_cursor_past_the_end_is_the_end(bridge):
    publish(bridge, 1)

    assert page(bridge, after=str(uuid.UUID(int=2**128 - 1))) == {"publications": [], "next": None}


def test_our_adapter_reads_every_page(bridge, sqlite_database):
    made = publish(bridge, 5)
    site = WordPressBridge(Target(1, "wordpress", bridge.url, KEY))
    site.page_size = 2
    seen, after = [], ""
    while after is not None:
        found = site.list_posts(after)
        seen += found.posts
        after = found.next

    assert [each.post.key for each in seen] == sorted(made)
    assert {each.post.external_id for each in seen} == {
        str(each["post_id"]) for each in made.values()
    }
    assert {each.carriers for each in seen} == {1}
    assert len(site.exchanges) == 3
