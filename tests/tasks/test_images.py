"""Images on their way: once per hash, and never the reason that a post is lost."""

import hashlib
import io

import pytest
from chains import run_due
from factories import make_publication, reload
from PIL import Image

from models import PublicationState
from models.authoring import keep_image
from models.session import session_scope
from pipeline.documents import Picture


def png(color="teal", size=(40, 30)):
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "PNG")
    return out.getvalue()


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
