"""A text that is accepted while an older one is on its way goes out whole, with its own parts."""

import pytest
from chains import LINKS, run_due
from factories import make_content, make_publication, reload
from test_images import keep, png

from models import Content, Integration, PublicationState
from models.publishing.accepting import Wanted, accept_publish
from models.session import session_scope
from pipeline.documents import Picture
from tasks.publishing import building, preparing

OLD = "<p>The text of the older revision.</p>"
NEW = "<p>The text of the newer revision.</p>"


@pytest.fixture
def publication(integration):
    return make_publication(integration, html=OLD)


@pytest.fixture
def picture():
    """A picture that was prepared for some earlier post."""
    digest = keep(png())
    preparing.prepare_pictures({digest})
    return Picture("featured", "a.png", digest)


def accept_newer(publication, **more):
    with session_scope() as session:
        integration = session.get_one(Integration, publication.integration_id)
        content = session.get_one(Content, publication.content_id)
        make_content(session, integration.site, html=NEW, content=content, **more)
        accept_publish(session, content, integration, Wanted())


def before(link, event):
    """Return the links with something that happens between two of them."""
    place = LINKS.index(link)
    return [*LINKS[:place], lambda _: event(), *LINKS[place:]]


@pytest.mark.parametrize("link", LINKS[1:-1], ids=["terms", "images", "push"])
def test_an_edit_on_the_way_goes_out_with_its_own_parts(
    publication, simulated_site, database, picture, link
):
    run_due(before(link, lambda: accept_newer(publication, tags=("new",), images=(picture,))))
    assert simulated_site.posts == []
    found = reload(publication)
    assert (found.state, found.attempts) == (PublicationState.QUEUED, 0)

    run_due()
    (post,) = simulated_site.posts
    assert reload(publication).state is PublicationState.PUBLISHED
    assert "newer" in post.content
    assert "newer" in post.excerpt
    assert post.tags
    assert post.featured_media


def test_the_others_of_its_batch_go_out(publication, integration, simulated_site):
    make_publication(integration, title="Another")
    run_due(before(LINKS[-2], lambda: accept_newer(publication)))

    (post,) = simulated_site.posts
    assert post.title == "Another"


@pytest.mark.parametrize("part", ["excerpt", "taxonomy", "images"])
def test_a_link_that_read_the_older_text_writes_nothing(publication, monkeypatch, part):
    build = building._build

    def late(batch, column, one):
        if column == part:
            accept_newer(publication)
        build(batch, column, one)

    monkeypatch.setattr(building, "_build", late)
    run_due(LINKS[:3])

    assert getattr(reload(publication), part) is None
