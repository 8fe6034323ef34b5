"""What has a new picture waits for the media worker, and nothing else does."""

import pytest
import sqlalchemy as sa
from chains import WITHOUT_MEDIA, run_due
from factories import make_publication, reload
from test_images import keep, png

from models import ImageFile, Publication, PublicationState
from models.clock import now_plus
from models.publishing.awaited_pictures import PICTURE_AWAITED, begin_preparing
from models.publishing.rescuing import MOST_RESCUES, WORKER_LOST
from models.session import session_scope
from pipeline.documents import Picture
from tasks.publishing import preparing
from tasks.publishing.preparing import prepare_awaited

pytestmark = pytest.mark.usefixtures("broker_away")


def with_pictures(integration, *colors):
    pictures = tuple(Picture("gallery", f"{color}.png", keep(png(color))) for color in colors)
    return make_publication(integration, title="With pictures", images=pictures)


@pytest.fixture
def publication(integration):
    return with_pictures(integration, "teal")


def let_its_pause_pass():
    with session_scope() as session:
        session.execute(sa.update(Publication).values(due_at=now_plus(-1)))


def prepared():
    with session_scope(read_only=True) as session:
        return len(session.scalars(sa.select(ImageFile.sha256).filter_by(checked=True)).all())


def lose_a_media_worker(publication):
    with session_scope() as session:
        begin_preparing(session, [publication.id])


def test_while_nobody_prepares_pictures_the_others_of_the_batch_go_out(
    integration, publication, simulated_site
):
    make_publication(integration, title="Text")
    run_due(WITHOUT_MEDIA)

    assert [post.title for post in simulated_site.posts] == ["Text"]
    found = reload(publication)
    assert (found.state, found.attempts) == (PublicationState.QUEUED, 0)
    assert found.failure_code == PICTURE_AWAITED


def test_what_waits_for_pictures_stands_in_nobodys_way(integration, publication, simulated_site):
    run_due(WITHOUT_MEDIA)
    make_publication(integration, title="Later")
    (claim,) = run_due(WITHOUT_MEDIA)

    assert publication.id not in claim.publication_ids
    assert [post.title for post in simulated_site.posts] == ["Later"]


def test_it_goes_out_as_soon_as_they_are_prepared(publication, simulated_site):
    run_due(WITHOUT_MEDIA)
    for _ in range(2):  # a message may come twice
        prepare_awaited([publication.id])
    run_due(WITHOUT_MEDIA)

    found = reload(publication)
    assert (found.state, found.rescues, found.failure) == (PublicationState.PUBLISHED, 0, None)
    assert len(simulated_site.media) == 1


def test_many_pictures_are_prepared_in_several_goes(integration, simulated_site, monkeypatch):
    monkeypatch.setattr(preparing, "AT_A_TIME", 0.0)
    publication = with_pictures(integration, "red", "green", "blue")
    for done in (1, 2, 3):
        run_due(WITHOUT_MEDIA)
        assert reload(publication).state is PublicationState.QUEUED
        prepare_awaited([publication.id])
        assert prepared() == done
    run_due(WITHOUT_MEDIA)

    found = reload(publication)
    assert (found.state, found.attempts) == (PublicationState.PUBLISHED, 0)
    assert len(simulated_site.media) == 3


def test_however_long_the_media_worker_is_away_nothing_fails(publication):
    for _ in range(MOST_RESCUES + 1):
        run_due(WITHOUT_MEDIA)
        let_its_pause_pass()

    found = reload(publication)
    assert (found.state, found.rescues) == (PublicationState.QUEUED, 0)


def test_what_ends_every_media_worker_fails(publication):
    for _ in range(MOST_RESCUES):
        run_due(WITHOUT_MEDIA)
        lose_a_media_worker(publication)
        let_its_pause_pass()
    run_due(WITHOUT_MEDIA)

    found = reload(publication)
    assert (found.state, found.failure_code) == (PublicationState.FAILED, WORKER_LOST)
    assert found.rescues == 0
