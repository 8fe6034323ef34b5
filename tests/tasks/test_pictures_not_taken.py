"""A picture that the site does not take, or can't be asked for, is told of, and takes none away."""

import pytest
import sqlalchemy as sa
from chains import run_due
from factories import make_content, make_publication, reload
from test_images import keep, png
from test_pictures_told_to_wait import try_once_more

from models import Integration, Publication, PublicationState, SyncEvent
from models.publishing.accepting import Wanted, accept_publish
from models.session import session_scope
from pipeline.documents import Picture

TOO_LARGE = {"kind": "status", "code": 413, "method": "POST", "path": "/media", "body": "json"}
NOT_ASKED = {"kind": "status", "code": 400, "method": "GET", "path": "/media", "body": "json"}


def picture(color, role="featured"):
    return Picture(role, f"{color}.png", keep(png(color)))


def give_picture(row, color, **more):
    pictures = (picture(color),)
    with session_scope() as session:
        known = session.get_one(Publication, row.id)
        changed = make_content(
            session, known.content.site, content=known.content, images=pictures, **more
        )
        accept_publish(session, changed, session.get_one(Integration, row.integration_id), Wanted())


def last_event():
    with session_scope(read_only=True) as session:
        return session.scalars(sa.select(SyncEvent).order_by(SyncEvent.id.desc())).first()


@pytest.mark.parametrize("role", ["featured", "gallery", "inline"])
def test_what_is_not_taken_is_told_with_the_reason(integration, simulated_site, turn_dial, role):
    row = make_publication(integration, images=(picture("teal", role),))
    turn_dial(**TOO_LARGE)
    run_due()

    found = reload(row)
    assert (found.state, len(simulated_site.posts)) == (PublicationState.PUBLISHED, 1)
    [result] = found.image_results
    assert (result["role"], result["status"]) == (role, "failed")
    assert "the site refused it" in result["error"]
    assert last_event().description == "Published; 1 image(s) failed"


def test_the_picture_that_is_live_stays_where_its_successor_is_not_taken(
    integration, simulated_site, turn_dial
):
    row = make_publication(integration, images=(picture("teal"),))
    run_due()
    live = simulated_site.posts[0].featured_media
    give_picture(row, "red")
    turn_dial(**TOO_LARGE)
    run_due()

    assert reload(row).published_revision == 2
    assert simulated_site.posts[0].featured_media == live > 0
    assert last_event().description == "Published; 1 image(s) failed"


def test_what_is_taken_later_is_told_of_no_more(integration, simulated_site, turn_dial):
    row = make_publication(integration, images=(picture("teal"),))
    turn_dial(**TOO_LARGE, times=1)
    turn_dial(kind="reset", path="/publish", times=1)
    run_due()
    try_once_more()

    [result] = reload(row).image_results
    assert (result["status"], result["error"]) == ("attached", None)


def test_a_site_that_can_not_be_asked_for_pictures_is_asked_again(
    integration, simulated_site, turn_dial
):
    row = make_publication(integration, images=(picture("teal"),))
    turn_dial(**NOT_ASKED, times=1)
    run_due()
    assert (reload(row).state, simulated_site.posts) == (PublicationState.QUEUED, [])

    try_once_more()
    assert reload(row).state is PublicationState.PUBLISHED
    assert simulated_site.posts[0].featured_media > 0


def test_a_site_that_can_never_be_asked_shows_the_pictures_that_it_has(
    integration, simulated_site, turn_dial
):
    row = make_publication(integration, images=(picture("teal"),))
    run_due()
    give_picture(row, "teal", title="A longer walk")
    turn_dial(**NOT_ASKED)
    for _ in range(3):
        try_once_more()

    assert reload(row).state is PublicationState.PUBLISHED
    assert simulated_site.posts[0].featured_media > 0
    assert [result["status"] for result in reload(row).image_results] == ["attached"]
