"""GET /post-state: what the site says now of posts, and how many events each had."""

import pytest
from payloads import payload

AUTHOR = {"id": 1, "name": "admin"}


@pytest.fixture
def post(bridge):
    """A published post, as POST /publish answered."""
    document = payload(title="Tea & cake", categories=[["R&D"]], tags=["river", "bridge"])
    return bridge.publish(document).json()


def test_a_post_of_ours(bridge, post):
    [state] = bridge.state(post["post_id"])

    assert state.pop("sequence") > 0
    assert state == {
        "post_id": post["post_id"],
        "publication_key": post["publication_key"],
        "content_id": 7,
        "post_status": "publish",
        "post_url": post["post_url"],
        "post_title": "Tea & cake",
        "modified_gmt": post["modified_gmt"],
        "categories": ["R&D"],
        "tags": ["bridge", "river"],
        "author": AUTHOR,
    }


def test_a_post_that_is_not_ours(bridge):
    post_id = bridge.add_post("By hand")
    [state] = bridge.state(post_id)

    assert (state["publication_key"], state["content_id"], state["sequence"]) == (None, 0, 0)
    assert (state["post_status"], state["post_title"]) == ("publish", "By hand")


def test_a_copy_is_not_ours(bridge, post):
    twin = bridge.duplicate(post["post_id"])

    assert bridge.state(twin)[0]["publication_key"] is None


def test_a_deleted_post_is_gone_but_known(bridge, post):
    bridge.delete(post["post_id"])
    [state] = bridge.state(post["post_id"])

    assert state.pop("sequence") > 1
    assert state == {
        "post_id": post["post_id"],
        "publication_key": post["publication_key"],
        "content_id": 7,
        "post_status": "gone",
        "post_url": None,
        "post_title": None,
        "modified_gmt": None,
        "categories": [],
        "tags": [],
        "author": None,
    }


def test_each_asked_for_in_its_order(bridge, post):
    asked = [999_999, post["post_id"]]
    states = bridge.state(*asked)

    assert [state["post_id"] for state in states] == asked
    assert [state["post_status"] for state in states] == ["gone", "publish"]
    assert (states[0]["publication_key"], states[0]["sequence"]) == (None, 0)


def change_title(bridge, post_id):
    bridge.edit(post_id, title="Another title")


def change_status(bridge, post_id):
    bridge.edit(post_id, status="draft")


def change_terms(bridge, post_id):
    bridge.assign(post_id, categories=["Elsewhere"], tags=["sea"])


def trash(bridge, post_id):
    bridge.trash(post_id)


def delete(bridge, post_id):
    bridge.delete(post_id)


@pytest.mark.parametrize("change", [change_title, change_status, change_terms, trash, delete])
def test_every_change_raises_the_sequence(bridge, post, change):
    before = bridge.state(post["post_id"])[0]["sequence"]
    change(bridge, post["post_id"])

    assert bridge.state(post["post_id"])[0]["sequence"] > before


def test_changes_are_told(bridge, post):
    change_terms(bridge, post["post_id"])
    change_title(bridge, post["post_id"])
    trash(bridge, post["post_id"])
    trashed = bridge.state(post["post_id"])[0]
    bridge.untrash(post["post_id"])
    back = bridge.state(post["post_id"])[0]

    assert (trashed["post_status"], back["post_status"]) == ("trash", "draft")
    assert (back["post_title"], back["categories"], back["tags"]) == (
        "Another title",
        ["Elsewhere"],
        ["sea"],
    )
    assert back["sequence"] > trashed["sequence"]


def test_a_publish_is_one_event(bridge):
    document = payload()
    post_id = bridge.publish(document).json()["post_id"]
    first = bridge.state(post_id)[0]["sequence"]
    bridge.publish(document)
    again = bridge.state(post_id)[0]["sequence"]
    bridge.publish(document | {"revision": 2, "fingerprint": "b" * 64, "title": "New"})
    second = bridge.state(post_id)[0]["sequence"]

    assert (first, again, second) == (1, 1, 2)


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        pytest.param(None, "rest_missing_callback_param", id="missing"),
        pytest.param("", "rest_missing_callback_param", id="empty"),
        pytest.param("12abc", "rest_invalid_param", id="letters"),
        pytest.param("0", "rest_invalid_param", id="zero"),
        pytest.param("-3", "rest_invalid_param", id="negative"),
        pytest.param("1.5", "rest_invalid_param", id="fraction"),
        pytest.param("9" * 19, "rest_invalid_param", id="huge"),
        pytest.param("٣", "rest_invalid_param", id="other-digits"),
        pytest.param(",".join(map(str, range(1, 52))), "rest_invalid_param", id="51"),
    ],
)
def test_what_is_no_list_of_ids_is_refused(bridge, wish, code):
    refused = bridge.call("GET", "/post-state", params={"post_ids": wish})

    assert (refused.status_code, refused.json()["code"]) == (400, code)
