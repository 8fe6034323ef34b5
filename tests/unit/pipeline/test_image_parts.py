"""Which pictures a post gets, and in whose words the others are refused (S165, C26)."""

import pytest

from pipeline.documents import Document, Picture
from pipeline.images import (
    FileFacts,
    ImagePart,
    build_images,
    describe_foreign,
    file_name,
    is_public_url,
    media_type_of,
)

HASH, PREPARED = "a" * 64, "b" * 64


def part(picture, files=None):
    (made,) = build_images(Document("T", "<p>", images=(picture,)), files or {})
    return made


@pytest.mark.parametrize(
    ("picture", "files", "hash_", "url", "problem"),
    [
        pytest.param(
            Picture("inline", "a.png", HASH),
            {HASH: FileFacts(PREPARED, 9)},
            PREPARED,
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
            {HASH: FileFacts(PREPARED, 9)},
            PREPARED,
            None,
            None,
            id="ours-before-theirs",
        ),
        pytest.param(
            Picture("inline", "a.png", HASH),
            {HASH: FileFacts(problem="the file is damaged")},
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
    files = {HASH: FileFacts(PREPARED, 9)}
    made = part(Picture("featured", "a.png", HASH, "Alt", "Caption"), files)

    assert made.as_json() == {
        "role": "featured",
        "source": "a.png",
        "hash": PREPARED,
        "url": None,
        "alt": "Alt",
        "caption": "Caption",
        "size": 9,
        "problem": None,
        "not_brought": None,
    }


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({}, id="of-an-older-release"),
        pytest.param({"of_the_next_release": 1, "also": ["new"]}, id="of-a-newer-release"),
    ],
)
def test_a_part_that_another_release_wrote_can_be_read(values):
    held = {"role": "inline", "source": "a.png", "hash": HASH, "size": 9}

    assert ImagePart.from_json(held | values) == ImagePart(
        "inline", "a.png", HASH, None, "", "", size=9, problem=None
    )
    assert ImagePart.from_json(values) == ImagePart("", "", None, None, "", "")


def test_a_part_is_read_as_it_was_written():
    made = part(Picture("gallery", "a.png", HASH, "Alt", "Caption"), {HASH: FileFacts(PREPARED, 9)})

    assert ImagePart.from_json(made.as_json()) == made


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


@pytest.mark.parametrize(
    "start",
    [b"", b"\xff\xd8", b"RIFFxxxxWAVE", b"BM", b"<svg>", b"\x00\x00\x00\x18ftypheic", b"%PDF-1.7"],
)
def test_other_bytes_are_no_image(start):
    assert media_type_of(start) is None


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
