"""A site that asks us to wait with every picture, and takes posts, gets them in the end."""

import pytest
from chains import run_due
from factories import make_publication, reload
from planned_entries import change
from test_images import keep, png
from test_site_care import change as change_site
from test_site_care import make_due

from models import PublicationState
from pipeline.documents import Picture
from pipeline.retry import MOST_WAITS

ANSWERS = [
    pytest.param({"code": 429, "retry_after": "60"}, id="429"),
    pytest.param({"code": 429}, id="429-without-a-time"),
    pytest.param({"code": 503, "retry_after": "60"}, id="503-with-a-time"),
]


def make_pictured(integration, color="teal"):
    picture = Picture("featured", f"{color}.png", keep(png(color)))
    return make_publication(integration, title=color, images=(picture,))


def try_once_more():
    """Pass by whatever the site asked us to wait for, and the breaker's pause."""
    make_due()
    change_site(next_post_at=None, breaker_open_until=None)
    run_due()


@pytest.fixture
def shut(integration, simulated_site, turn_dial, request):
    """The site, with no ear for pictures."""
    turn_dial(kind="status", method="POST", path="/media", **request.param)
    return simulated_site


@pytest.mark.parametrize("shut", ANSWERS, indirect=True)
@pytest.mark.parametrize("attempts", [0, 2], ids=["first-attempt", "last-attempt"])
def test_the_post_goes_without_its_picture_when_it_has_waited_for_long(integration, shut, attempts):
    item = make_pictured(integration)
    change(item, attempts=attempts)
    for _ in range(MOST_WAITS - 1):
        try_once_more()
    assert (reload(item).waits, reload(item).attempts) == (MOST_WAITS - 1, attempts)
    assert (reload(item).state, shut.posts) == (PublicationState.QUEUED, [])

    try_once_more()
    assert reload(item).state is PublicationState.PUBLISHED
    assert (len(shut.posts), shut.media) == (1, [])


@pytest.mark.parametrize("shut", ANSWERS[:1], indirect=True)
def test_what_has_waited_for_long_does_not_wait_for_the_pictures_of_others(integration, shut):
    others = [make_pictured(integration, color) for color in ("red", "green")]
    item = make_pictured(integration)
    change(item, waits=MOST_WAITS - 1)
    try_once_more()

    assert reload(item).state is PublicationState.PUBLISHED
    assert {reload(other).state for other in others} == {PublicationState.QUEUED}
    assert [reload(other).waits for other in others] == [0, 0]
