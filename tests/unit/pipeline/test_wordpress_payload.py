"""The JSON that the WordPress bridge takes (docs/bridge-protocol.md, S166)."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from pipeline.documents import FEATURED, GALLERY, INLINE, Document
from pipeline.images import ImagePart
from pipeline.payloads.wordpress import SLUG_LIMIT, Parts, Wish, build_publish_payload, build_slug
from pipeline.taxonomy import Taxonomy

PROTOCOL = Path(__file__).parents[3] / "docs" / "bridge-protocol.md"
HASH, OTHER = "a" * 64, "b" * 64
WISH = Wish("key", 3, 2, "f" * 64, 7)


def payload(document=None, images=(), media=None, wish=WISH):
    parts = Parts("An excerpt", Taxonomy((("A", "B"),), ("t",)), images)
    return build_publish_payload(wish, document or Document("T", "<p>x</p>"), parts, media or {})


def image(role, hash_=HASH, url=None, source="a.png", problem=None):
    return ImagePart(role, source, hash_, url, f"Alt of {source}", "Caption", 9, problem)


def test_it_has_exactly_the_fields_of_the_protocol():
    section = PROTOCOL.read_text().partition("## `POST /publish`")[2]
    example = re.search(r"```json\n(.*?)```", section, re.DOTALL)[1]

    assert set(payload()) == set(re.findall(r'"(\w+)":', re.sub(r"\[\{.*?\}\]", "[]", example)))


def test_it_is_json():
    assert json.loads(json.dumps(payload())) == payload()


def test_the_wish_goes_in_as_it_is():
    sent = payload()

    assert sent["publication_key"] == WISH.key
    assert sent["status"] == WISH.post_status
    same = [field.name for field in fields(Wish) if field.name not in {"key", "post_status"}]
    assert {name: sent[name] for name in same} == {name: getattr(WISH, name) for name in same}


@pytest.mark.parametrize(("status", "restore"), [("draft", False), ("publish", True)])
def test_what_is_asked_for_besides(status, restore):
    wish = Wish("key", 1, 1, "f", 7, post_status=status, restore=restore)

    assert (payload(wish=wish)["status"], payload(wish=wish)["restore"]) == (status, restore)


def test_the_document_and_its_parts():
    document = Document(
        " T ",
        "<p>x</p>",
        seo_title="S",
        seo_description="D",
        primary_keyword="one",
        secondary_keywords=("two",),
    )
    sent = payload(document)

    assert (sent["title"], sent["content_html"], sent["excerpt"]) == ("T", "<p>x</p>", "An excerpt")
    assert (sent["seo_title"], sent["seo_description"]) == ("S", "D")
    assert (sent["primary_keyword"], sent["secondary_keywords"]) == ("one", ["two"])
    assert (sent["categories"], sent["tags"]) == ([["A", "B"]], ["t"])


def test_no_picture_is_no_picture():
    sent = payload()

    assert (sent["featured_image_url"], sent["featured_image_hash"]) == (None, None)
    assert (sent["featured_image_alt"], sent["gallery_images"]) == ("", [])


@pytest.mark.parametrize(
    ("part", "url", "hash_"),
    [
        pytest.param(image(FEATURED), None, HASH, id="in-the-library"),
        pytest.param(
            image(FEATURED, None, "https://y/a.png"), "https://y/a.png", None, id="public"
        ),
        pytest.param(image(FEATURED, OTHER), None, OTHER, id="not-pushed"),
        pytest.param(image(FEATURED, OTHER, problem="an SVG"), None, None, id="refused"),
        pytest.param(image(FEATURED, None, None, problem="gone"), None, None, id="no-file"),
    ],
)
def test_the_featured_image(part, url, hash_):
    sent = payload(images=[part], media={HASH: "https://x/1.png"})

    assert (sent["featured_image_url"], sent["featured_image_hash"]) == (url, hash_)
    assert sent["featured_image_alt"] == ("Alt of a.png" if url or hash_ else "")


def test_a_featured_image_that_can_not_be_used_makes_room_for_the_next():
    images = [image(FEATURED, OTHER, source="gone.png"), image(FEATURED, source="b.png")]

    assert payload(images=images, media={HASH: "https://x/1.png"})["featured_image_hash"] == HASH


def test_the_gallery_keeps_its_order_and_leaves_out_what_can_never_be_used():
    images = [
        image(GALLERY, None, "https://y/1.png", source="1"),
        image(GALLERY, OTHER, source="2"),
        image(INLINE, source="3"),
        image(GALLERY, HASH, source="4"),
        image(GALLERY, OTHER, source="5", problem="an SVG"),
    ]
    gallery = payload(images=images, media={HASH: "https://x/4.png"})["gallery_images"]

    assert [(each["url"], each["hash"]) for each in gallery] == [
        ("https://y/1.png", None),
        (None, OTHER),
        (None, HASH),
    ]
    assert gallery[0]["alt"] == "Alt of 1"


def test_inline_pictures_get_their_address_on_the_site():
    document = Document("T", '<p><img src="a.png"><img src="b.png" alt="B"></p>')
    images = [image(INLINE), image(INLINE, OTHER, source="b.png")]
    sent = payload(document, images, {HASH: "https://x/1.png"})

    assert sent["content_html"] == '<p><img src="https://x/1.png">B</p>'


@pytest.mark.parametrize(
    ("document", "slug"),
    [
        pytest.param(Document("A Walk!", ""), "a-walk", id="from-the-title"),
        pytest.param(Document("A Walk", "", slug="Other one"), "other-one", id="the-authors"),
        pytest.param(Document("Brücken & Straßen", ""), "brucken-strassen", id="german"),
        pytest.param(Document("北京", ""), "bei-jing", id="chinese"),
        pytest.param(Document("Привет", ""), "privet", id="cyrillic"),
        pytest.param(Document("👋🏽", ""), "", id="nothing-left-for-wordpress-to-choose"),
        pytest.param(Document("../../etc", ""), "etc", id="no-path"),
    ],
)
def test_slugs(document, slug):
    assert build_slug(document) == slug


@pytest.mark.parametrize("title", ["word " * 100, "x" * 400], ids=["words", "one-word"])
def test_a_slug_fits_the_column(title):
    assert 0 < len(build_slug(Document(title, ""))) <= SLUG_LIMIT
