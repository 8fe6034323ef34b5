"""What a look finds at the site is kept, though the newer text does not get there."""

import pytest
import sqlalchemy as sa
from chains import run_due
from factories import make_content, make_publication, reload

from models import Content, Integration, Publication, PublicationState
from models.clock import now_plus
from models.publication import WITHOUT_EFFECT
from models.publishing.accepting import Wanted, accept_publish
from models.session import session_scope

BUSY = {"kind": "status", "code": 429}
NOT_TAKEN = {"kind": "status", "code": 403}


@pytest.fixture
def publication(integration):
    return make_publication(integration)


def accept_newer(publication):
    with session_scope() as session:
        integration = session.get_one(Integration, publication.integration_id)
        content = session.get_one(Content, publication.content_id)
        make_content(session, integration.site, title="Newer", content=content)
        accept_publish(session, content, integration, Wanted())


def make_due():
    with session_scope() as session:
        session.execute(sa.update(Publication).values(due_at=now_plus(-1)))
        session.execute(sa.update(Integration).values(next_post_at=None))


def passes_for_never_published(publication):
    query = sa.select(Publication.id).where(Publication.id == publication.id, WITHOUT_EFFECT)
    with session_scope(read_only=True) as session:
        return session.scalar(query) is not None


@pytest.mark.parametrize("answer", [BUSY, NOT_TAKEN], ids=["asked-to-wait", "refused-for-good"])
def test_the_older_post_is_kept_in_mind(publication, simulated_site, turn_dial, answer):
    turn_dial(kind="lost_answer", times=1)
    run_due()
    accept_newer(publication)
    turn_dial(**answer)
    make_due()
    run_due()

    (post,) = simulated_site.posts
    found = reload(publication)
    assert found.state is not PublicationState.PUBLISHED
    assert (found.external_id, found.external_url) == (str(post.id), post.link)
    assert (found.published_revision, found.revision) == (1, 2)
    assert not passes_for_never_published(publication)


def test_what_was_found_unfinished_stays_unclear(publication, simulated_site, turn_dial):
    turn_dial(kind="crash", at="draft", times=1)
    run_due()
    accept_newer(publication)
    turn_dial(**BUSY)
    make_due()
    run_due()

    found = reload(publication)
    assert (found.state, found.unclear) == (PublicationState.UNCONFIRMED, True)
    assert found.external_id is None


def test_in_the_end_the_newer_text_is_at_the_same_post(publication, simulated_site, turn_dial):
    turn_dial(kind="lost_answer", times=1)
    run_due()
    accept_newer(publication)
    turn_dial(**BUSY, times=1)
    for _ in range(2):
        make_due()
        run_due()

    (post,) = simulated_site.posts
    assert post.title == "Newer"
    found = reload(publication)
    assert (found.state, found.published_revision) == (PublicationState.PUBLISHED, 2)
