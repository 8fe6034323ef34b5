"""A document as plain values: what goes into a row comes out again, and a change shows."""

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.documents import FEATURED, INLINE, Document, Picture, wish_fingerprint

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.lists(words, max_size=3).map(tuple)
pictures = st.builds(
    Picture,
    role=st.sampled_from(["featured", "gallery", "inline"]),
    source=words,
    hash=st.none() | words,
    alt=words,
    caption=words,
)
documents = st.builds(
    Document,
    title=words,
    html=words,
    slug=words,
    seo_title=words,
    seo_description=words,
    primary_keyword=words,
    secondary_keywords=names,
    cluster=words,
    categories=st.lists(names, max_size=3).map(tuple),
    tags=names,
    images=st.lists(pictures, max_size=2).map(tuple),
)

FULL = Document(
    title="A title",
    html="<p>Text.</p>",
    slug="a-title",
    seo_title="SEO",
    seo_description="About",
    primary_keyword="one",
    secondary_keywords=("two",),
    cluster="Cluster",
    categories=(("A", "B"),),
    tags=("t",),
    images=(Picture(INLINE, "a.png", "0" * 64, "Alt", "Caption"),),
)


def through_a_row(document):
    return json.loads(json.dumps(document.as_json()))


@given(documents)
def test_a_document_survives_its_row(document):
    again = Document.from_json(through_a_row(document))

    assert again == document
    assert again.fingerprint() == document.fingerprint()


@given(documents, documents)
def test_fingerprints_are_equal_exactly_when_documents_are(one, other):
    assert (one.fingerprint() == other.fingerprint()) is (one == other)


@pytest.mark.parametrize("name", [field.name for field in fields(Document)])
def test_every_field_counts(name):
    empty = () if isinstance(getattr(FULL, name), tuple) else ""

    assert replace(FULL, **{name: empty}).fingerprint() != FULL.fingerprint()


@pytest.mark.parametrize("name", [field.name for field in fields(Picture)])
def test_every_field_of_a_picture_counts(name):
    (picture,) = FULL.images
    other = replace(FULL, images=(replace(picture, **{name: "other"}),))

    assert other.fingerprint() != FULL.fingerprint()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"tags": ("a", "b")}, {"tags": ("b", "a")}, id="order-of-tags"),
        pytest.param({"tags": ("a b",)}, {"tags": ("a", "b")}, id="one-name-or-two"),
        pytest.param({"categories": (("a", "b"),)}, {"categories": (("a",), ("b",))}, id="path"),
        pytest.param({"slug": "x"}, {"seo_title": "x"}, id="same-text-elsewhere"),
    ],
)
def test_near_misses_differ(one, other):
    first, second = (Document("T", "<p>", **values) for values in (one, other))

    assert first.fingerprint() != second.fingerprint()


def test_an_old_row_lacks_later_fields():
    assert Document.from_json({"title": "T", "html": "<p>"}) == Document("T", "<p>")


def test_fields_of_a_later_version_are_ignored():
    assert Document.from_json(FULL.as_json() | {"mood": "glad"}) == FULL


def test_fields_of_a_later_versions_picture_are_ignored():
    values = through_a_row(FULL)
    values["images"][0]["focus"] = "left"

    assert Document.from_json(values) == FULL


def test_pictures_by_their_role():
    images = (Picture(FEATURED, "a"), Picture(INLINE, "b"), Picture(INLINE, "c"))

    assert [p.source for p in Document("T", "", images=images).pictures(INLINE)] == ["b", "c"]


def test_a_wish_is_its_document_and_its_status():
    wishes = {wish_fingerprint(d, status) for d in ("a", "b") for status in ("draft", "publish")}

    assert len(wishes) == 4
