"""Which pictures a post gets, and in whose words the others are refused (S165, C26)."""

import io

import pytest
from PIL import Image

from pipeline.documents import Document, Picture
from pipeline.images import (
    EXTENSIONS,
    FileFacts,
    build_images,
    describe_foreign,
    file_name,
    is_public_url,
    media_type_of,
)
from pipeline.pictures import inspect

HASH = "a" * 64
LIMIT = 40_000_000


def encoded(kind, size=(4, 3)):
    out = io.BytesIO()
    Image.new("RGB", size).save(out, kind)
    return out.getvalue()


def part(picture, files=None):
    (made,) = build_images(Document("T", "<p>", images=(picture,)), files or {})
    return made


@pytest.mark.parametrize(
    ("picture", "files", "hash_", "url", "problem"),
    [
        pytest.param(
            Picture("inline", "a.png", HASH),
            {HASH: FileFacts(9, None)},
            HASH,
            None,
            None,
            id="ours",
        ),
        pytest.param(
            Picture("inline", "https://x.example/a.png"),
            {},
            None,
            "https://x.example/a.png",
            None,
            id="the-site-fetches-it",
        ),
        pytest.param(
            Picture("inline", "https://x.example/a.png", HASH),
            {HASH: FileFacts(9, None)},
            HASH,
            None,
            None,
            id="ours-before-theirs",
        ),
        pytest.param(
            Picture("inline", "a.png", HASH),
            {HASH: FileFacts(9, "the file is damaged")},
            HASH,
            None,
            "damaged",
            id="damaged",
        ),
        pytest.param(Picture("inline", "a.png", HASH), {}, HASH, None, "missing", id="bytes-gone"),
        pytest.param(Picture("inline", "a.png"), {}, None, None, "no such file", id="no-file"),
        pytest.param(Picture("inline", "ftp://x/a.png"), {}, None, None, "no such", id="ftp"),
    ],
)
def test_a_picture_becomes_a_part(picture, files, hash_, url, problem):
    made = part(picture, files)

    assert (made.hash, made.url) == (hash_, url)
    assert problem in made.problem if problem else made.problem is None


def test_a_part_is_plain_values():
    made = part(Picture("featured", "a.png", HASH, "Alt", "Caption"), {HASH: FileFacts(9, None)})

    assert made.as_json() == {
        "role": "featured",
        "source": "a.png",
        "hash": HASH,
        "url": None,
        "alt": "Alt",
        "caption": "Caption",
        "size": 9,
        "problem": None,
    }


@pytest.mark.parametrize(
    ("source", "public"),
    [
        ("https://x.example/a.png", True),
        ("HTTP://X.EXAMPLE/A.PNG", True),
        ("//x.example/a.png", False),
        ("https:///a.png", False),
        ("a.png", False),
        ("C:\\a.png", False),
        ("data:image/png;base64,AA==", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_public_addresses(source, public):
    assert is_public_url(source) is public


def test_what_is_no_address_at_all_is_an_error():
    with pytest.raises(ValueError, match="IPv6"):  # what pipeline.drafts tells the author
        is_public_url("http://[x/a.png")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_the_bytes_say_what_it_is(kind):
    verdict = inspect(encoded(kind), LIMIT)

    assert verdict.problem is None
    assert verdict.media_type == f"image/{kind.lower()}"
    assert (verdict.width, verdict.height) == (4, 3)
    assert verdict.media_type in EXTENSIONS


@pytest.mark.parametrize(
    "start",
    [b"", b"\xff\xd8", b"RIFFxxxxWAVE", b"BM", b"<svg>", b"\x00\x00\x00\x18ftypheic", b"%PDF-1.7"],
)
def test_other_bytes_are_no_image(start):
    assert media_type_of(start) is None


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"<svg onload=x>", "SVG", id="svg"),
        pytest.param(b'<?xml version="1.0"?><svg/>', "SVG", id="svg-with-a-prolog"),
        pytest.param(b"\n<!DOCTYPE html><html>", "web page", id="html"),
        pytest.param(b"GIF89a", "damaged", id="header-alone"),
        pytest.param(encoded("PNG")[:40], "damaged", id="cut-png"),
        pytest.param(encoded("JPEG", (90, 90))[:200], "damaged", id="cut-jpeg"),
        pytest.param(b"\xff\xd8\xff" + encoded("PNG"), "damaged", id="a-lie"),
        pytest.param(b"BM0000", "not a JPEG", id="bmp"),
    ],
)
def test_what_can_not_be_shown_is_said_in_words(data, problem):
    assert problem in inspect(data, LIMIT).problem


@pytest.mark.parametrize(("limit", "taken"), [(12, True), (11, False)], ids=["fits", "too-large"])
def test_too_many_pixels(limit, taken):
    verdict = inspect(encoded("PNG"), limit)

    assert (verdict.problem is None) is taken
    assert (verdict.width, verdict.height) == (4, 3)


def test_a_bomb_is_refused_by_its_header():
    assert "pixels" in inspect(encoded("PNG", (20_000, 5_000)), LIMIT).problem


def test_words_for_bytes_of_another_kind():
    assert describe_foreign(b"PK\x03\x04") == "it is not a JPEG, PNG, GIF, WebP or AVIF"


@pytest.mark.parametrize(
    ("source", "media_type", "expected"),
    [
        ("pics/a bridge.png", "image/png", "a-bridge.png"),
        ("a.png", "image/jpeg", "a.jpg"),
        ("https://x.example/b.gif?size=2#top", "image/gif", "b.gif"),
        ("..\\..\\evil.php", "image/png", "evil.png"),
        ("../../etc/passwd", "image/webp", "passwd.webp"),
        ("Brücke.jpg", "image/jpeg", "Br-cke.jpg"),
        ("橋.png", "image/png", "image.png"),
        ("", None, "image.jpg"),
        ("x" * 300 + ".png", "image/png", "x" * 80 + ".png"),
        ("archive.tar.gz", "image/avif", "archive-tar.avif"),
    ],
)
def test_file_names(source, media_type, expected):
    assert file_name(source, media_type) == expected
