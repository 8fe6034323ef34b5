"""Images on their way: once per hash, and never the reason that a post is lost."""

import hashlib
import io

import pytest
import sqlalchemy as sa
from chains import LINKS, build_prepared_images, run_due
from factories import make_publication, reload
from PIL import ExifTags, Image

from models import Attempt, ImageFile, Publication, PublicationState
from models.authoring import keep_image
from models.session import session_scope
from pipeline.documents import Picture
from pipeline.pictures import prepare
from tasks.publishing import preparing


def encoded(kind, color="teal", size=(40, 30), **more):
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, kind, **more)
    return out.getvalue()


def png(color="teal", size=(40, 30)):
    return encoded("PNG", color, size)


def photograph(copyright_="A. Nonymous"):
    told = Image.Exif()
    told[ExifTags.Base.Orientation] = 6
    told[ExifTags.Base.Copyright] = copyright_
    return encoded("JPEG", exif=told)


def keep(data):
    digest = hashlib.sha256(data).hexdigest()
    with session_scope() as session:
        keep_image(session, digest, data, "image/png")
    return digest


def test_two_posts_share_one_image(integration, simulated_site):
    picture = Picture("featured", "a.png", keep(png()), "A bridge")
    for title in ("One", "Two"):
        make_publication(integration, title=title, images=(picture,))
    run_due()

    assert len(simulated_site.media) == 1
    assert all(post.featured_media for post in simulated_site.posts)


def test_an_inline_image_gets_its_address_on_the_site(integration, simulated_site):
    picture = Picture("inline", "pics/a.png", keep(png()))
    make_publication(integration, html='<p><img src="pics/a.png" alt="A"></p>', images=(picture,))
    run_due()

    (media,) = simulated_site.media
    assert media.media_url in simulated_site.posts[0].content


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        pytest.param(lambda: Picture("featured", "gone.jpg"), "no such file", id="missing"),
        pytest.param(
            lambda: Picture("featured", "a.jpg", keep(b"<html>login</html>")), "web page", id="html"
        ),
        pytest.param(lambda: Picture("featured", "a.svg", keep(b"<svg></svg>")), "SVG", id="svg"),
        pytest.param(
            lambda: Picture("featured", "a.png", keep(png(size=(9000, 5000)))),
            "45 million pixels",
            id="40-megapixels",
        ),
        pytest.param(
            lambda: Picture("featured", "a.png", keep(png()[:60])), "damaged", id="truncated"
        ),
    ],
)
def test_an_image_that_can_not_be_used_does_not_lose_the_post(
    integration, simulated_site, picture, words
):
    publication = make_publication(integration, images=(picture(),))
    run_due()

    found = reload(publication)
    assert found.state is PublicationState.PUBLISHED
    assert len(simulated_site.posts) == 1
    (result,) = found.image_results
    assert result["status"] == "failed"
    assert words in result["error"]


def test_a_passing_failure_of_an_image_delays_the_post(integration, simulated_site, turn_dial):
    publication = make_publication(integration, images=(Picture("featured", "a.png", keep(png())),))
    turn_dial(kind="status", code=503, path="/media", times=1)
    run_due()

    assert reload(publication).state is not PublicationState.PUBLISHED
    assert simulated_site.posts == []


def files():
    with session_scope(read_only=True) as session:
        return {file.sha256: file for file in session.scalars(sa.select(ImageFile))}


def test_what_goes_out_is_the_picture_written_anew(integration, simulated_site):
    given = photograph()
    publication = make_publication(integration, images=(Picture("featured", "a.jpg", keep(given)),))
    run_due()

    (media,) = simulated_site.media
    assert media.data == prepare(given, 40_000_000).data != given
    assert b"Nonymous" not in media.data
    (result,) = reload(publication).image_results
    assert (result["status"], result["hash"]) == ("attached", media.hash)

    held, sent = files()[hashlib.sha256(given).hexdigest()], files()[media.hash]
    assert (held.prepared_sha256, sent.prepared_sha256) == (sent.sha256, sent.sha256)
    assert (held.checked, sent.checked, sent.size) == (True, True, len(media.data))
    assert (sent.width, sent.height) == (30, 40)


def test_pictures_that_differ_in_what_is_left_out_are_one_on_the_site(integration, simulated_site):
    for name in ("A. Nonymous", "B. Nonymous"):
        make_publication(
            integration, images=(Picture("featured", "a.jpg", keep(photograph(name))),)
        )
    run_due()

    assert len(simulated_site.media) == 1
    assert len(files()) == 3


def test_a_picture_that_was_prepared_is_not_prepared_again(integration, simulated_site):
    make_publication(integration, images=(Picture("featured", "a.jpg", keep(photograph())),))
    run_due()
    (media,) = simulated_site.media
    # Somebody takes it from the site, and imports it again: else it would lose a little each time.
    keep(media.data)
    make_publication(integration, images=(Picture("featured", "b.jpg", media.hash),))
    run_due()

    assert len(simulated_site.media) == 1
    assert len(files()) == 2


def test_what_another_worker_prepared_meanwhile_is_kept_once(database):
    sha256 = keep(photograph())
    preparing.prepare_pictures({sha256})
    once = preparing.known_pictures({sha256})
    with session_scope() as session:
        session.execute(sa.update(ImageFile).values(prepared_sha256=None, checked=False))

    preparing.prepare_pictures({sha256})

    assert preparing.known_pictures({sha256}) == once
    assert len(files()) == 2
    assert all(file.prepared_sha256 == once[sha256].hash for file in files().values())


def test_parts_of_the_release_before_wait_for_their_pictures(integration, simulated_site):
    sha256 = keep(photograph())
    publication = make_publication(integration, images=(Picture("featured", "a.jpg", sha256),))

    def as_it_built_them(batch_id):
        """It names the bytes that the author gave."""
        build_prepared_images(batch_id)
        with session_scope() as session:
            row = session.get_one(Publication, publication.id)
            row.images = [row.images[0] | {"hash": sha256}]

    run_due([as_it_built_them if link is build_prepared_images else link for link in LINKS])

    assert simulated_site.posts == []
    found = reload(publication)
    assert (found.state, found.failure_code) == (PublicationState.QUEUED, "image_not_prepared")
    with session_scope() as session:
        session.execute(sa.update(Publication).values(due_at=publication.due_at))
        assert session.scalars(sa.select(Attempt.error).filter_by(method="POST")).all() == []
    run_due()
    assert len(simulated_site.media) == len(simulated_site.posts) == 1
