"""Door 4, pictures: one that can't be used is left out with a reason, and never costs the post."""

import io
import re
import struct
import subprocess
import sys
import zipfile
import zlib

import pytest
import sqlalchemy as sa
from chains import run_due
from commands import igny8
from PIL import ExifTags, Image

import settings
from models import Content, ImageFile, Integration, Publication, PublicationState
from models.authoring import keep_image
from models.publishing.accepting import Wanted, accept_publish
from models.session import session_scope

pytestmark = pytest.mark.usefixtures("sqlite_database")


def picture(kind="PNG", size=(8, 6), mode="RGB", **more):
    out = io.BytesIO()
    Image.new(mode, size).save(out, kind, **more)
    return out.getvalue()


def claiming(width, height):
    """A PNG of a few bytes whose header claims any size."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 100)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def zipped():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.php", "<?php")
    return out.getvalue()


REFUSED = [
    pytest.param(lambda: claiming(50_000, 50_000), "million pixels", id="b67-bomb"),
    pytest.param(lambda: claiming(2**31 - 1, 2**31 - 1), "pixels|damaged", id="b67-largest-claim"),
    pytest.param(lambda: claiming(0, 0), "damaged", id="b67-no-pixels"),
    pytest.param(lambda: b"GIF89a" + b"\0" * (16 * 1024 * 1024), "larger", id="b68-16-megabytes"),
    pytest.param(lambda: b"<svg><script>alert(1)</script></svg>", "SVG", id="b69-svg"),
    pytest.param(lambda: b"<!doctype html><html>", "web page", id="b69-html"),
    pytest.param(lambda: b"<?php system($_GET[0]);", "not a JPEG", id="b69-php"),
    pytest.param(zipped, "not a JPEG", id="b69-zip"),
    pytest.param(lambda: b"%PDF-1.7", "not a JPEG", id="b69-pdf"),
    pytest.param(lambda: picture("JPEG", (200, 200))[:300], "damaged", id="b71-truncated"),
    pytest.param(lambda: b"", "empty", id="b71-zero-bytes"),
    pytest.param(lambda: b"<html>Not found</html>", "web page", id="b71-404-page"),
    pytest.param(lambda: b"GIF89a=1;alert(1)//", "damaged", id="b70-script-with-a-gif-head"),
]
SECRET = b"=1;alert(1)//"


def polyglot():
    """A GIF that is JavaScript, too: its width reads `/*`, and its comment ends that."""
    told = bytearray(picture("GIF", comment=b"*/" + SECRET))
    told[6:8] = b"/*"
    return bytes(told)


def photograph():
    told = Image.Exif()
    told[ExifTags.Base.Orientation] = 6
    told[ExifTags.Base.ImageDescription] = SECRET.decode()
    told.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (52.0, 30.0, 58.7)
    return picture("JPEG", exif=told)


def animation(frames):
    first, *others = (Image.new("L", (8, 6), number % 256) for number in range(frames))
    out = io.BytesIO()
    first.save(out, "GIF", save_all=True, append_images=others, loop=0)
    return out.getvalue()


TAKEN = [
    pytest.param(polyglot, ("GIF", "P", (10_799, 6)), id="b70-polyglot"),
    pytest.param(
        lambda: picture("PNG") + b"<script>" + SECRET, ("PNG", "RGB", (8, 6)), id="b70-trailing"
    ),
    pytest.param(photograph, ("JPEG", "RGB", (6, 8)), id="b73-where-it-was-taken"),
    pytest.param(lambda: picture("JPEG", mode="CMYK"), ("JPEG", "RGB", (8, 6)), id="b73-cmyk"),
    pytest.param(lambda: picture(mode="I;16"), ("PNG", "L", (8, 6)), id="b73-16-bit"),
    pytest.param(
        lambda: picture("JPEG", icc_profile=SECRET * 80_000),
        ("JPEG", "RGB", (8, 6)),
        id="b73-large-profile",
    ),
]


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "articles"
    made.mkdir()
    return made


def write_article(folder, *sources):
    images = "".join(f'<p><img src="{source}" alt="A picture"></p>' for source in sources)
    (folder / "a.html").write_text(f"---\ntitle: A title\n---\n<p>Text.</p>{images}", "utf-8")


def publish_folder(folder, integration):
    """Import the folder and publish what it holds; return its one publication."""
    ran = igny8("--json", "content", "import", folder, "--site", integration.site_id)
    with session_scope() as session:
        content = session.scalars(sa.select(Content)).one()
        ours = session.get_one(Integration, integration.id)
        publication = accept_publish(session, content, ours, Wanted()).publication
    run_due()
    with session_scope(read_only=True) as session:
        return ran, session.get_one(Publication, publication.id)


def reasons(publication):
    return " ".join(str(image.get("error")) for image in publication.image_results or ())


@pytest.mark.parametrize(("data", "reason"), REFUSED)
def test_a_bad_picture_is_left_out_and_the_post_is_published(
    folder, integration, simulated_site, data, reason
):
    (folder / "a.jpg").write_bytes(data())
    write_article(folder, "a.jpg")
    ran, publication = publish_folder(folder, integration)

    assert publication.state is PublicationState.PUBLISHED
    assert simulated_site.media == []
    (post,) = simulated_site.posts
    assert "<img" not in post.content
    told = " ".join(warning["reason"] for warning in ran.json["warnings"]) + reasons(publication)
    assert re.search(reason, told), told


@pytest.mark.parametrize(("data", "reason"), REFUSED)
def test_the_same_from_the_database_is_refused_by_the_media_worker(
    integration, simulated_site, data, reason
):
    from factories import make_publication, reload

    from pipeline.documents import Picture

    with session_scope() as session:
        keep_image(session, "a" * 64, data(), "image/jpeg")
    made = make_publication(integration, images=(Picture("featured", "a.jpg", "a" * 64),))
    run_due()

    publication = reload(made)
    assert publication.state is PublicationState.PUBLISHED
    assert simulated_site.media == []
    with session_scope(read_only=True) as session:
        problem = session.get_one(ImageFile, "a" * 64).problem
    assert problem
    assert problem in reasons(publication)


@pytest.mark.parametrize(("data", "shown"), TAKEN)
def test_an_unusual_picture_is_written_anew(folder, integration, simulated_site, data, shown):
    (folder / "a.jpg").write_bytes(data())
    write_article(folder, "a.jpg")
    _, publication = publish_folder(folder, integration)

    assert publication.state is PublicationState.PUBLISHED
    (media,) = simulated_site.media
    assert SECRET not in media.data
    with Image.open(io.BytesIO(media.data)) as sent:
        assert (sent.format, sent.mode, sent.size) == shown
        assert dict(sent.getexif()) == {}
        assert "icc_profile" not in sent.info


@pytest.mark.parametrize("frames", [pytest.param(300, id="b68-many-frames")])
def test_an_animation_stays_one(folder, integration, simulated_site, frames):
    (folder / "a.gif").write_bytes(animation(frames))
    write_article(folder, "a.gif")
    publish_folder(folder, integration)

    (media,) = simulated_site.media
    with Image.open(io.BytesIO(media.data)) as sent:
        assert sent.n_frames == frames


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("x.php.png", id="b74-two-endings"),
        pytest.param("n" * 200 + ".png", id="b74-200-letters"),
        pytest.param("\N{GRINNING FACE}\N{RIGHT-TO-LEFT OVERRIDE}gnp.png", id="b74-emoji-and-rtl"),
        pytest.param("a'b;c$(d).png", id="b74-shell"),
        pytest.param("..png", id="b74-dots"),
    ],
)
def test_a_strange_name_becomes_a_safe_one(folder, integration, simulated_site, name):
    (folder / name).write_bytes(picture())
    write_article(folder, name)
    publish_folder(folder, integration)

    (media,) = simulated_site.media
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,90}\.png", media.media_url.rsplit("/", 1)[-1])


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("../../x.php", id="b74-climbing"),
        pytest.param("/etc/passwd", id="b74-absolute"),
        pytest.param("n" * 300 + ".png", id="b74-300-letters"),
        pytest.param("a&#0;.png", id="b74-nul"),
        pytest.param("endless.png", id="b68-endless-stream"),
        pytest.param("pipe.png", id="b68-pipe"),
        pytest.param("data:image/png;base64,AAAA", id="b76-data-address"),
        pytest.param("file:///etc/passwd", id="b76-file-address"),
    ],
)
def test_a_source_that_is_no_picture_beside_the_article(
    folder, integration, simulated_site, source
):
    (folder / "endless.png").symlink_to("/dev/zero")
    subprocess.run(["mkfifo", folder / "pipe.png"], check=True)
    write_article(folder, source)
    _, publication = publish_folder(folder, integration)

    assert publication.state is PublicationState.PUBLISHED
    assert simulated_site.media == []
    assert "src=" not in simulated_site.posts[0].content


@pytest.mark.parametrize("names", [pytest.param(50, id="b75-fifty-names")])
def test_one_picture_behind_many_names_is_sent_once(folder, integration, simulated_site, names):
    for number in range(names):
        (folder / f"{number}.png").write_bytes(picture())
    write_article(folder, *(f"{number}.png" for number in range(names)))
    publish_folder(folder, integration)

    assert len(simulated_site.media) == 1
    assert simulated_site.posts[0].content.count("<img") == names


MEASURE = """
import resource, sys
from pipeline.pictures import prepare
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
verdict = prepare(sys.stdin.buffer.read(), 40_000_000)
assert verdict.problem, verdict
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def webp_claiming(width, height):
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + (10).to_bytes(4, "little") + b"\0" * 4 + size
    image = picture("WEBP")[12:]
    return b"RIFF" + (4 + len(chunk + image)).to_bytes(4, "little") + b"WEBP" + chunk + image


def gif_claiming(width, height):
    size = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    return b"GIF89a" + size + b"\0\0\0," + b"\0" * 4 + size + b"\0\x08\x01\0\0;"


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param(claiming(50_000, 50_000), id="b67-memory-png"),
        pytest.param(webp_claiming(16_000, 10_000), id="b67-memory-webp"),
        pytest.param(gif_claiming(50_000, 50_000), id="b67-memory-gif"),
    ],
)
def test_a_bomb_costs_no_memory(bomb):
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE],
        input=bomb,
        capture_output=True,
        cwd=settings.ROOT,
        check=True,
    )

    assert int(measured.stdout) < 50 * 1024  # kB
