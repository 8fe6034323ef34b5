"""Images: pushed by content hash, once; a failed one never loses the post."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from payloads import payload, png, upload


def test_an_image_is_kept_once_however_often_it_is_sent(bridge):
    data = png()
    first, again = upload(bridge, data), upload(bridge, data)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert first.json() == again.json()
    assert first.json()["media_url"].startswith(bridge.url)
    assert bridge.media_count() == 1


def test_the_site_says_which_images_it_has(bridge):
    data = png()
    digest = hashlib.sha256(data).hexdigest()
    kept = upload(bridge, data).json()

    found = bridge.call("GET", "/media", params={"hashes": f"{digest},{'0' * 64}"})
    assert found.json() == {"media": [kept]}


def test_eight_uploads_at_once_keep_one_image(bridge):
    data = png("olive")
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: upload(bridge, data), range(8)))

    assert {answer.status_code for answer in answers} <= {200, 201, 409}
    assert bridge.media_count() == 1


@pytest.mark.parametrize(
    ("data", "named", "status", "code"),
    [
        pytest.param(png(), "0" * 64, 422, "igny8_hash_mismatch", id="other-bytes"),
        pytest.param(b"", None, 400, "igny8_empty_body", id="empty"),
        pytest.param(b"<html>no</html>", None, 415, "igny8_not_an_image", id="html"),
        pytest.param(
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
            None,
            415,
            "igny8_not_an_image",
            id="svg",
        ),
    ],
)
def test_what_is_no_image_is_refused(bridge, data, named, status, code):
    refused = upload(bridge, data, named=named)

    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert bridge.media_count() == 0


def test_a_post_gets_its_featured_image_and_its_gallery(bridge):
    kept = [upload(bridge, png(color)).json() for color in ("red", "green", "blue")]
    gallery = [
        {"url": None, "hash": image["hash"], "alt": "a", "caption": "c"} for image in kept[1:]
    ]
    made = bridge.publish(
        payload(featured_image_hash=kept[0]["hash"], gallery_images=gallery)
    ).json()

    assert [(image["role"], image["status"]) for image in made["images"]] == [
        ("featured", "attached"),
        ("gallery", "attached"),
        ("gallery", "attached"),
    ]
    (post,) = bridge.posts()
    assert post["featured_media"] == kept[0]["attachment_id"]
    assert bridge.media_count() == 3


def test_an_image_that_the_site_does_not_have_does_not_lose_the_post(bridge):
    answer = bridge.publish(payload(featured_image_hash="a" * 64))

    assert answer.status_code == 201
    (image,) = answer.json()["images"]
    assert image["status"] == "failed"
    assert image["error"]
    assert len(bridge.posts()) == 1


def test_a_featured_image_stays_where_its_successor_is_not_there(bridge):
    kept = upload(bridge, png("gold")).json()
    body = payload(featured_image_hash=kept["hash"])
    bridge.publish(body)

    answer = bridge.publish(
        {
            **body,
            "fence": 2,
            "revision": 2,
            "fingerprint": "2" * 64,
            "featured_image_hash": "a" * 64,
        }
    )

    assert [image["status"] for image in answer.json()["images"]] == ["failed"]
    assert bridge.posts()[0]["featured_media"] == kept["attachment_id"]


def test_an_image_that_failed_is_tried_again_with_the_same_revision(bridge):
    data = png("gold")
    digest = hashlib.sha256(data).hexdigest()
    body = payload(featured_image_hash=digest)
    bridge.publish(body)
    upload(bridge, data)

    again = bridge.publish({**body, "fence": 2})
    assert [image["status"] for image in again.json()["images"]] == ["attached"]
    assert bridge.posts()[0]["featured_media"] > 0
