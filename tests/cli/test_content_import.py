"""`igny8 content`: what an import takes in, what it refuses, and that it may be repeated."""

import json
import os
import struct
import zlib

import pytest
import sqlalchemy as sa
from commands import igny8
from factories import make_content, make_integration, make_site

from models import Content, ContentStatus, Image, ImageFile, Revision
from models.session import session_scope


@pytest.fixture
def site(database):
    with session_scope() as session:
        return make_integration(session).site


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "articles"
    made.mkdir()
    return made


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def article(title="A title", body="Some text.", **more):
    front = "".join(f"{name}: {value}\n" for name, value in {"title": title, **more}.items())
    return f"---\n{front}---\n\n{body}\n"


def png(width=1, height=1):
    """A PNG whose header claims a size; only small ones are whole."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = zlib.compress(b"\0" + b"\0\0\0" * min(width, 10))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def imported(folder, site, *words):
    return igny8("--json", "content", "import", folder, "--site", site.id, *words)


def counts(ran):
    return tuple(ran.json[name] for name in ("imported", "changed", "unchanged", "failed"))


def rows(kind):
    with session_scope(read_only=True) as session:
        return session.scalars(sa.select(kind).order_by(sa.inspect(kind).primary_key[0])).all()


def test_a_folder_is_imported_with_its_subfolders_and_kinds_of_files(site, folder):
    write(folder, "one.md", article("One"))
    write(folder, "sub/two.html", "<h1>Two</h1><p>Text.</p>")
    write(folder, "three.jsonl", '{"title": "Three", "body": "a"}\n{"title": "Four", "body": "b"}')
    write(folder, "notes.txt", "not an article")
    write(folder, ".hidden/five.md", article("Five"))

    ran = imported(folder, site)

    assert (ran.code, counts(ran)) == (0, (4, 0, 0, 0)), ran.err
    assert {row.import_key: row.title for row in rows(Content)} == {
        "one.md": "One",
        "sub/two.html": "Two",
        "three.jsonl#1": "Three",
        "three.jsonl#2": "Four",
    }


def test_importing_again_changes_nothing(site, folder):
    write(folder, "one.md", article(body="![A cat](cat.png)", tags="[a, b]"))
    write(folder, "cat.png", png())
    imported(folder, site)

    ran = imported(folder, site)

    assert counts(ran) == (0, 0, 1, 0)
    assert (len(rows(Content)), len(rows(Revision)), len(rows(ImageFile))) == (1, 1, 1)


def test_a_changed_article_gets_its_next_revision(site, folder):
    write(folder, "one.md", article("Old"))
    imported(folder, site)
    write(folder, "one.md", article("New"))

    ran = imported(folder, site)

    (content,) = rows(Content)
    assert (counts(ran), content.title, content.revision) == ((0, 1, 0, 0), "New", 2)


def test_a_picture_that_changed_makes_a_new_revision(site, folder):
    write(folder, "one.md", article(body="![A cat](cat.png)"))
    write(folder, "cat.png", png(1))
    imported(folder, site)
    write(folder, "cat.png", png(2))

    assert counts(imported(folder, site)) == (0, 1, 0, 0)


def test_a_dry_run_changes_nothing(site, folder):
    write(folder, "one.md", article(body="![A cat](cat.png)"))
    write(folder, "cat.png", png())

    ran = imported(folder, site, "--dry-run")

    assert (counts(ran), ran.json["dry_run"]) == ((1, 0, 0, 0), True)
    assert (rows(Content), rows(ImageFile)) == ([], [])


@pytest.mark.parametrize(
    ("words", "front", "status"),
    [
        pytest.param([], {}, "draft", id="draft without a word"),
        pytest.param([], {"status": "review"}, "review", id="what the file says"),
        pytest.param(["--status", "approved"], {"status": "review"}, "approved", id="--status"),
    ],
)
def test_status(site, folder, words, front, status):
    write(folder, "one.md", article(**front))

    imported(folder, site, *words)

    assert rows(Content)[0].status == status


def test_a_picture_is_kept_once_however_often_it_is_used(site, folder):
    write(
        folder, "a/one.md", article(body="![A](../cat%20one.png)", featured_image="../cat one.png")
    )
    write(folder, "two.md", article(body="![B](copy.png)"))
    write(folder, "cat one.png", png())
    write(folder, "copy.png", png())

    ran = imported(folder, site)

    (file,) = rows(ImageFile)
    assert (ran.json["warnings"], file.media_type, file.size) == ([], "image/png", len(png()))
    assert {image.sha256 for image in rows(Image)} == {file.sha256}
    assert sorted(image.role for image in rows(Image)) == ["featured", "inline", "inline"]


def test_a_public_address_is_left_to_the_site(site, folder):
    write(folder, "one.md", article(featured_image="https://example.com/cat.png"))

    ran = imported(folder, site)

    (image,) = rows(Image)
    assert (ran.json["warnings"], image.sha256) == ([], None)


@pytest.mark.parametrize(
    ("source", "data", "reason"),
    [
        pytest.param("cat.png", None, "there is no such file", id="missing"),
        pytest.param("cat.png", b"<!doctype html><p>", "it is a web page", id="HTML as image"),
        pytest.param("cat.svg", b"<svg onload='x'/>", "it is an SVG", id="SVG"),
        pytest.param("cat.png", b"", "the file is empty", id="empty"),
        pytest.param("cat.png", png()[:20], "the file is damaged", id="cut off"),
        pytest.param("cat.png", png(8000, 5001), "40 million pixels", id="40 MP"),
        pytest.param("cat.png", png(40000, 40000), "million pixels", id="decompression bomb"),
        pytest.param("cat.png", png() + b"0" * 2048, "larger than", id="too many bytes"),
        pytest.param("../../etc/passwd", None, "outside", id="path escape"),
        pytest.param("..%2f..%2fetc%2fpasswd", None, "outside", id="escaped path escape"),
        pytest.param("/etc/passwd", None, "outside", id="absolute path"),
        pytest.param("file:///etc/passwd", None, "neither a file", id="file: address"),
        pytest.param("//cdn.example/x.png", None, "neither a file", id="address without scheme"),
    ],
)
def test_a_picture_that_cannot_be_used_is_a_warning(
    site, folder, environment, source, data, reason
):
    environment.setenv("IGNY8_MAX_IMAGE_BYTES", "2048")
    import settings

    settings.current.cache_clear()
    write(folder, "one.md", article(featured_image=source))
    if data is not None:
        write(folder, source, data)

    ran = imported(folder, site)

    (warning,) = ran.json["warnings"]
    (image,) = rows(Image)
    assert (ran.code, counts(ran)) == (0, (1, 0, 0, 0))
    assert reason in warning["reason"]
    assert (image.source, image.sha256, rows(ImageFile)) == (source, None, [])


def test_a_link_out_of_the_folder_is_not_followed(site, folder, tmp_path):
    write(tmp_path, "secret/secret.md", article("Secret"))
    write(tmp_path, "secret/cat.png", png())
    (folder / "linked.md").symlink_to(tmp_path / "secret/secret.md")
    (folder / "cat.png").symlink_to(tmp_path / "secret/cat.png")
    (folder / "sub").symlink_to(tmp_path / "secret")
    write(folder, "one.md", article(featured_image="cat.png"))

    ran = imported(folder, site)

    assert (ran.code, counts(ran)) == (4, (1, 0, 0, 1))
    assert "leads out" in ran.json["problems"][0]["reason"]
    assert "outside" in ran.json["warnings"][0]["reason"]


BAD_FILES = [
    pytest.param("bad.md", b"\xff\xfe\xfa", "UTF-", id="invalid UTF-8"),
    pytest.param("bad.md", "---\ntitle: [\n---\ntext", "", id="broken front matter"),
    pytest.param("bad.md", article(title='""', body="No heading."), "title", id="empty title"),
    pytest.param("bad.md", article(body=""), "body is empty", id="empty body"),
    pytest.param("bad.html", "<h1>A</h1><script>x</script>", "body is empty", id="only a script"),
    pytest.param("bad.md", article(body="x " * 2_500_000), "the limit is", id="5 MB body"),
    pytest.param("bad.md", article(body="x " * 5_000_000), "larger than", id="10 MB file"),
    pytest.param("bad.md", article(title="x" * 501), "501 characters", id="long title"),
    pytest.param("bad.md", article(body="a\x00b"), "NUL", id="NUL"),
    pytest.param("bad.md", article(body="a\x01b"), "control", id="control character"),
    pytest.param("bad.md", article(status="published"), "unknown", id="unknown status"),
    pytest.param("bad.md", article(featured_image="'http://[x'"), "address", id="bad address"),
    pytest.param("bad.jsonl", '{"title": "x"', "JSON", id="broken JSON"),
    pytest.param("bad.jsonl", '{"title": "\\ud800", "body": "x"}', "half", id="lone surrogate"),
]


@pytest.mark.parametrize(("name", "text", "reason"), BAD_FILES)
def test_a_bad_file_is_named_and_the_rest_imported(site, folder, name, text, reason):
    write(folder, "a-good.md", article())
    write(folder, name, text)
    write(folder, "z-good.md", article())

    ran = imported(folder, site)

    assert (ran.code, counts(ran)) == (4, (2, 0, 0, 1))
    (problem,) = ran.json["problems"]
    assert problem["file"].partition("#")[0] == name
    assert reason in problem["reason"]


def test_a_bad_line_is_named_by_its_number(site, folder):
    write(folder, "a.jsonl", '{"title": "A", "body": "a"}\nnonsense\n{"title": "C", "body": "c"}\n')

    ran = igny8("content", "import", folder, "--site", site.url)

    assert (ran.code, "a.jsonl:2: " in ran.err) == (4, True)
    assert ran.out.splitlines()[-1] == "imported 2, changed 0, unchanged 0, failed 1"


def test_a_pipe_and_a_name_that_is_no_text_are_refused(site, folder):
    os.mkfifo(folder / "pipe.md")
    write(folder, os.fsdecode(b"\xff.md"), article())

    ran = imported(folder, site)

    reasons = sorted(problem["reason"] for problem in ran.json["problems"])
    assert (ran.code, reasons) == (4, ["it is not a regular file", "its name is not UTF-8"])


def test_scripts_do_not_reach_the_database(site, folder):
    write(folder, "one.html", "<h1>One</h1><p onclick=x>Text<script>alert(1)</script></p>")

    imported(folder, site)

    assert rows(Revision)[0].document["html"].strip() == "<p>Text</p>"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        pytest.param("nowhere", "no such file", id="missing path"),
        pytest.param("notes.txt", "an article ends in", id="another kind of file"),
        pytest.param("empty", "holds no file", id="empty folder"),
    ],
)
def test_a_path_without_articles_is_refused(site, folder, path, reason):
    write(folder, "notes.txt", "x")
    (folder / "empty").mkdir()

    ran = igny8("content", "import", folder / path, "--site", site.id)

    assert (ran.code, reason in ran.err) == (4, True)


def test_an_unknown_site_is_named(sqlite_database, folder):
    ran = igny8("content", "import", folder, "--site", "7")

    assert (ran.code, "there is no site 7" in ran.err) == (4, True)


def test_list_goes_page_by_page(site):
    with session_scope() as session:
        ids = [make_content(session, site, f"T{n}").id for n in range(3)]

    first = igny8("--json", "content", "list", "--limit", "2").json
    rest = igny8("--json", "content", "list", "--after", first["next"]).json

    assert [row["id"] for row in first["contents"]] == ids[:2]
    assert ([row["id"] for row in rest["contents"]], rest["next"]) == (ids[2:], None)


def test_list_by_site_and_status(site):
    with session_scope() as session:
        other = make_site(session, site.account)
        make_integration(session, other)
        make_content(session, other)
        make_content(session, site)
        draft = make_content(session, site, status=ContentStatus.DRAFT)

    ran = igny8("--json", "content", "list", "--site", site.url, "--status", "draft")

    assert [row["id"] for row in ran.json["contents"]] == [draft.id]


def test_under_json_the_output_is_one_document(site, folder):
    write(folder, "one.md", article(featured_image="nowhere.png"))

    ran = imported(folder, site)

    assert json.loads(ran.out)["imported"] == 1
    assert ran.err == ""
