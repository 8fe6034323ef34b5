"""POST /publish: every row of the table in docs/bridge-protocol.md, on every site."""

import hashlib
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from payloads import payload


def other(body, **changes):
    return {**body, **changes}


def fingerprint(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_first_time_creates_the_post(bridge):
    body = payload()
    answer = bridge.publish(body)

    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["state"] == "done"
    assert made["post_status"] == "publish"
    assert {
        name: made[name] for name in ("publication_key", "content_id", "revision", "fence")
    } == {name: body[name] for name in ("publication_key", "content_id", "revision", "fence")}
    (post,) = bridge.posts()
    assert post["id"] == made["post_id"]
    assert post["title"]["rendered"] == body["title"]
    assert post["slug"] == body["slug"]
    assert post["link"] == made["post_url"]


def test_the_same_again_is_answered_from_memory(bridge):
    body = payload()
    first = bridge.publish(body)
    again = bridge.publish(other(body, fence=2))

    assert again.status_code == 200
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json()["post_id"] == first.json()["post_id"]
    assert len(bridge.posts()) == 1


def test_a_higher_revision_updates_the_same_post(bridge):
    body = payload()
    first = bridge.publish(body)
    newer = other(body, fence=2, revision=2, fingerprint=fingerprint("two"), title="A longer walk")
    answer = bridge.publish(newer)

    assert answer.status_code == 200
    assert "Idempotent-Replayed" not in answer.headers
    (post,) = bridge.posts()
    assert post["id"] == first.json()["post_id"]
    assert post["title"]["rendered"] == "A longer walk"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        pytest.param({"fence": 4}, 412, "igny8_stale_fence", id="lower-fence"),
        pytest.param({"revision": 2}, 412, "igny8_stale_revision", id="lower-revision"),
        pytest.param(
            {"fingerprint": fingerprint("other")},
            422,
            "igny8_fingerprint_mismatch",
            id="other-body",
        ),
        pytest.param(
            {"content_id": 8}, 422, "igny8_fingerprint_mismatch", id="same-key-other-content"
        ),
        pytest.param(
            {"publication_key": str(uuid.uuid4())}, 409, "igny8_content_exists", id="other-key"
        ),
    ],
)
def test_what_contradicts_the_site_is_refused_and_changes_nothing(bridge, changes, status, code):
    body = payload(fence=5, revision=3)
    bridge.publish(body)
    refused = bridge.publish(other(body, title="Not this", **changes))

    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert [post["title"]["rendered"] for post in bridge.posts()] == [body["title"]]


def test_another_keys_refusal_names_the_post_that_exists(bridge):
    first = bridge.publish(payload()).json()
    refused = bridge.publish(payload())

    assert refused.json()["data"]["post_id"] == first["post_id"]
    assert refused.json()["data"]["publication_key"] == first["publication_key"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"title": "  "}, "igny8_empty_title", id="empty-title"),
        pytest.param({"title": None}, None, id="title-null"),
        pytest.param({"title": ["a"]}, None, id="title-a-list"),
        pytest.param({"fence": "many"}, None, id="fence-a-word"),
        pytest.param({"fence": -1}, None, id="fence-negative"),
        pytest.param({"revision": 0}, None, id="revision-zero"),
        pytest.param({"publication_key": "12"}, None, id="key-no-uuid"),
        pytest.param({"fingerprint": "abc"}, None, id="fingerprint-no-hash"),
        pytest.param({"status": "exploded"}, None, id="unknown-status"),
        pytest.param({"content_html": 7}, None, id="content-a-number"),
    ],
)
def test_a_malformed_body_is_refused(bridge, changes, code):
    refused = bridge.publish(payload(**changes))

    assert refused.status_code == 400, refused.text
    assert code is None or refused.json()["code"] == code
    assert bridge.posts() == []


@pytest.mark.parametrize("name", ["publication_key", "fence", "revision", "title", "content_html"])
def test_a_missing_field_is_named(bridge, name):
    body = payload()
    headers = {"Idempotency-Key": body["publication_key"], "X-IGNY8-Fence": "1"}
    del body[name]
    refused = bridge.call("POST", "/publish", json=body, headers=headers)

    assert refused.status_code == 400
    assert refused.json()["code"] == "rest_missing_callback_param"
    assert name in refused.text


def test_headers_that_contradict_the_body_are_refused(bridge):
    body = payload()
    headers = {"Idempotency-Key": str(uuid.uuid4()), "X-IGNY8-Fence": "1"}
    refused = bridge.call("POST", "/publish", json=body, headers=headers)

    assert (refused.status_code, refused.json()["code"]) == (400, "igny8_key_mismatch")


@pytest.mark.parametrize(
    ("removal", "code", "created"),
    [
        pytest.param("trash", "igny8_post_trashed", 200, id="trashed"),
        pytest.param("delete", "igny8_post_gone", 201, id="deleted"),
    ],
)
def test_a_removed_post_comes_back_only_when_asked_for(bridge, removal, code, created):
    body = payload()
    getattr(bridge, removal)(bridge.publish(body).json()["post_id"])
    newer = other(body, fence=2, revision=2, fingerprint=fingerprint("two"))

    refused = bridge.publish(newer)
    assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert bridge.posts() == []

    restored = bridge.publish(other(newer, fence=3, restore=True))
    assert restored.status_code == created, restored.text
    assert [post["id"] for post in bridge.posts()] == [restored.json()["post_id"]]


def test_a_draft_is_not_public(bridge):
    made = bridge.publish(payload(status="draft"))

    assert made.status_code == 201
    assert made.json()["post_status"] == "draft"
    assert bridge.posts() == []


def test_twelve_requests_at_once_with_one_key_make_one_post(bridge):
    body = payload()
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: bridge.publish(body), range(12)))

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses.count(201) == 1, statuses
    assert set(statuses) <= {200, 201, 409}
    assert (len(bridge.posts()), bridge.carriers()) == (1, 1)


def test_twelve_requests_at_once_with_other_keys_for_one_content_make_one_post(bridge):
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: bridge.publish(payload()), range(12)))

    assert [answer.status_code for answer in answers].count(201) == 1
    assert (len(bridge.posts()), bridge.carriers()) == (1, 1)


def test_two_contents_may_have_the_same_title(bridge):
    first = bridge.publish(payload(content_id=1)).json()
    second = bridge.publish(payload(content_id=2)).json()

    assert first["post_id"] != second["post_id"]
    assert len(bridge.posts()) == 2


def test_categories_are_made_with_their_parents_once(bridge):
    bridge.publish(payload(content_id=1))
    bridge.publish(payload(content_id=2, categories=[["places", "berlin"], ["R&D"]], tags=[]))

    names = bridge.names("categories")
    found = dict(names.values())
    assert {"News", "Places", "Berlin"} <= set(found)
    assert "R&D" in {name.replace("&amp;", "&") for name in found}
    assert names[found["Berlin"]][0] == "Places"
    assert len([name for name, _ in names.values() if name.lower() == "berlin"]) == 1
    assert {name for name, _ in bridge.names("tags").values()} == {"river"}


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(r"<p>C:\new\table \\ back</p>", id="backslashes"),
        pytest.param("<p>Grüße 👩‍🚀 日本語 مرحبا</p>", id="unicode"),
        pytest.param("<table><tbody><tr><td>1</td></tr></tbody></table>", id="table"),
        pytest.param("<pre><code>if (a &lt; b) { x = 'y'; }</code></pre>", id="code"),
        pytest.param("<blockquote><p>Said he.</p></blockquote>", id="quote"),
        pytest.param("<!-- wp:paragraph --><p>Block</p><!-- /wp:paragraph -->", id="blocks"),
    ],
)
def test_content_arrives_byte_for_byte(bridge, html):
    made = bridge.publish(payload(content_html=html)).json()

    assert bridge.raw_content(made["post_id"]) == html


def test_what_became_of_a_key(bridge):
    body = payload()
    assert bridge.call("GET", f"/publications/{body['publication_key']}").status_code == 404
    made = bridge.publish(body).json()

    one = bridge.call("GET", f"/publications/{body['publication_key']}")
    many = bridge.call(
        "GET", "/publications", params={"keys": f"{body['publication_key']},{uuid.uuid4()}"}
    )
    assert one.json() == made
    assert many.json() == {"publications": [made]}


def test_a_key_knows_that_its_post_was_removed(bridge):
    body = payload()
    made = bridge.publish(body).json()
    bridge.trash(made["post_id"])
    path = f"/publications/{body['publication_key']}"
    assert bridge.call("GET", path).json()["post_status"] == "trash"

    bridge.delete(made["post_id"])
    assert bridge.call("GET", path).json()["post_status"] == "gone"
