"""The sample articles: all of them can be published, and together they show what can be sent."""

import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import pytest
from PIL import Image

from pipeline.drafts import complete
from pipeline.importing import read_article
from settings import Settings

SAMPLES = Path(__file__).parents[3] / "samples"
FILES = sorted(path for path in SAMPLES.iterdir() if path.is_file())
LIMIT = Settings.model_fields["max_content_bytes"].default
DRAFTS = {path.name: read_article(path.name, path.read_bytes(), max_bytes=LIMIT) for path in FILES}


@pytest.mark.parametrize("name", DRAFTS)
def test_each_can_be_published_as_it_is(name):
    draft = DRAFTS[name]
    assert (draft.status, draft.warnings) == ("approved", ())
    assert complete(draft.as_document(), max_bytes=LIMIT).html


def test_they_are_twelve_and_two_share_a_title():
    assert len(DRAFTS) == 12
    titles = Counter(draft.title for draft in DRAFTS.values())
    assert [title for title, count in titles.items() if count > 1] == ["Letter from the editor"]


def test_exactly_one_picture_is_missing():
    missing = [
        (name, picture.src)
        for name, draft in DRAFTS.items()
        for picture in (*filter(None, [draft.featured]), *draft.gallery, *draft.inline)
        if not (SAMPLES / unquote(picture.src)).is_file()
    ]
    assert missing == [("ferry-to-gotland.md", "images/gotland-ferry.jpg")]


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("[äöü]", id="umlaut"),
        pytest.param("[\u3040-\u30ff\u4e00-\u9fff]", id="Japanese"),
        pytest.param("[\u0600-\u06ff]", id="Arabic"),
        pytest.param("[\U0001f300-\U0001faff]", id="emoji"),
        pytest.param("&", id="ampersand"),
    ],
)
def test_titles_in_many_scripts(pattern):
    assert any(re.search(pattern, draft.title) for draft in DRAFTS.values())


@pytest.mark.parametrize(
    "markup",
    [
        "<table>",
        "<pre><code",
        "<blockquote>",
        r"<li>[^<]*\s*<[uo]l>",
        "<img ",
        "<s>",
        "<figcaption>",
        'dir="rtl"',
    ],
)
def test_markup_of_many_kinds(markup):
    assert any(re.search(markup, draft.html) for draft in DRAFTS.values())


@pytest.mark.parametrize(
    "field",
    ["gallery", "seo_title", "seo_description", "primary_keyword", "secondary_keywords", "cluster"],
)
def test_fields_are_used_but_not_everywhere(field):
    assert {bool(getattr(draft, field)) for draft in DRAFTS.values()} == {True, False}


def test_terms_of_many_kinds():
    paths = {path for draft in DRAFTS.values() for path in draft.categories}
    assert {("Places", "Berlin"), ("R&D",), ("Places", "Sweden", "Gotland")} <= paths
    assert any("R&D" in draft.tags for draft in DRAFTS.values())
    assert any(draft.cluster and not draft.categories for draft in DRAFTS.values())


def test_long_and_short():
    lengths = sorted(len(draft.html) for draft in DRAFTS.values())
    assert lengths[0] < 300
    assert lengths[-1] > 3000


def test_pictures_of_many_kinds_and_small():
    files = list((SAMPLES / "images").iterdir())
    shapes = set()
    for path in files:
        with Image.open(path) as picture:
            shapes.add((picture.format, *picture.size))
    assert shapes == {
        ("JPEG", 1600, 900),
        ("JPEG", 900, 1400),
        ("PNG", 1200, 1200),
        ("WEBP", 800, 600),
        ("GIF", 320, 240),
    }
    assert sum(path.stat().st_size for path in files) < 2_500_000
