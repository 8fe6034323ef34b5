"""What has a new picture waits for the media worker, and nothing else does."""

import pytest
import sqlalchemy as sa
from chains import WITHOUT_MEDIA, run_due
from factories import make_publication, reload
from planned_entries import add_entry, change, every_hour, now_of, settings_for
from test_images import keep, png

from models import ImageFile, Publication, PublicationState, PublishingSettings, ScheduleEntry
from models.clock import now_plus
from models.publishing.awaited_pictures import PICTURE_AWAITED, begin_preparing
from models.publishing.rescuing import MOST_RESCUES, WORKER_LOST
from models.session import session_scope
from pipeline.documents import Picture
from tasks.publishing import preparing
from tasks.publishing.dispatching import claim_due
from tasks.publishing.preparing import prepare_awaited
from tasks.schedule.due_slots import take_due_slots, tidy_slots
from tasks.schedule.planning import plan_slots
from tasks.sites.settings import write_settings

pytestmark = pytest.mark.usefixtures("broker_away")


TONIGHT = [{"start": "20:00", "end": "21:00"}]
"""The clock of a site with the hours of `every_hour` shows noon."""


def pictures(*colors):
    return tuple(Picture("gallery", f"{color}.png", keep(png(color))) for color in colors)


def with_pictures(integration, *colors):
    return make_publication(integration, title="With pictures", images=pictures(*colors))


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


@pytest.fixture
def entry(integration):
    """What was accepted in its slot, and waits for a picture."""
    with session_scope() as session:
        settings_for(session, session.merge(integration).site, **every_hour())
    slot = {"slot_at": now_plus(-1), "slot_until": now_plus(3600)}
    added = add_entry(integration.site, images=pictures("teal"), **slot)
    take_due_slots()
    run_due(WITHOUT_MEDIA)
    return reload(added)


def miss_the_window(entry, publication):
    with session_scope() as session:
        kept = session.get_one(PublishingSettings, entry.site_id)
        kept.publish_time_slots = TONIGHT
    change(entry, slot_until=now_plus(-1))
    change(publication, publish_until=now_plus(-1))
    tidy_slots()


def choose_another_window(entry, publication):
    with session_scope() as session:
        site = session.get_one(ScheduleEntry, entry.id).integration.site
        write_settings(session, site, {"publish_time_slots": TONIGHT})


@pytest.mark.parametrize("lose_slot", [miss_the_window, choose_another_window])
def test_what_was_planned_anew_meanwhile_keeps_to_its_slot(entry, lose_slot):
    with session_scope(read_only=True) as session:
        publication = session.get_one(Publication, entry.publication_id)
    lose_slot(entry, publication)
    plan_slots()

    prepare_awaited([publication.id])

    slot, found = reload(entry).slot_at, reload(publication)
    assert claim_due() == []
    assert found.due_at == slot > now_of()
    assert (found.failure_code, found.failure) == (None, None)
