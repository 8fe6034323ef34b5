"""A site whose answers lag behind what it has taken: nothing is called published, and it ends."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from census_looks import census
from chains import LINKS, run_due
from factories import make_publication, reload
from planned_entries import change
from test_older_text_at_the_site import accept_newer, make_due
from test_site_care import pass_by, posts_sent

from models import PublicationState, SyncEvent
from models.clock import now_plus
from models.session import session_scope
from pipeline.retry import LOOK_UPS_PER_ATTEMPT
from platforms.wordpress import WordPressBridge

MOST_TRIES = 3 * LOOK_UPS_PER_ATTEMPT


def told():
    """Return which revisions were called published, and what was said of failures."""
    with session_scope(read_only=True) as session:
        query = sa.select(SyncEvent).filter_by(action="content_publish").order_by(SyncEvent.id)
        return [
            each.details.get("revision", each.details.get("code"))
            for each in session.scalars(query)
        ]


@pytest.fixture
def publication(integration):
    """What is published in its first revision, and has been accepted in its second."""
    made = make_publication(integration)
    run_due()
    accept_newer(made)
    return made


def lag(monkeypatch, **shown):
    """Have questions answered as of before the second revision."""
    find = WordPressBridge.find_posts

    def find_older(self, keys):
        return {key: replace(post, revision=1, **shown) for key, post in find(self, keys).items()}

    monkeypatch.setattr(WordPressBridge, "find_posts", find_older)


def run_often(runs=MOST_TRIES + 2):
    for _ in range(runs):
        make_due()
        pass_by("window_until")  # of the site's share of retries
        run_due()


def test_it_is_sent_a_bounded_number_of_times_and_fails_with_words(
    publication, simulated_site, monkeypatch
):
    lag(monkeypatch)
    run_often()

    found = reload(publication)
    assert (found.state, found.unclear) == (PublicationState.FAILED, True)
    assert found.failure_code == "older_shown"
    assert "no cache" in found.failure
    assert posts_sent(simulated_site) == 1 + MOST_TRIES
    assert told() == [1, "older_shown"]


def test_the_next_try_waits(publication, monkeypatch):
    lag(monkeypatch)
    run_due()

    found = reload(publication)
    assert (found.state, found.attempts) == (PublicationState.UNCONFIRMED, 1)
    assert found.published_revision == 1
    assert run_due() == []


def test_what_was_brought_back_is_not_called_removed(publication, monkeypatch):
    lag(monkeypatch, status="trash")
    run_due()

    assert reload(publication).failure_code == "older_shown"


def test_once_its_answers_are_up_to_date_it_is_published(publication, simulated_site, monkeypatch):
    with monkeypatch.context() as lagging:
        lag(lagging)
        run_due()
    make_due()
    run_due()

    assert reload(publication).state is PublicationState.PUBLISHED
    assert posts_sent(simulated_site) == 2
    assert told() == [1, 2]


def test_where_it_had_failed_by_then_the_census_finds_it(publication, integration, monkeypatch):
    with monkeypatch.context() as lagging:
        lag(lagging)
        run_often()
    assert reload(publication).state is PublicationState.FAILED
    assert census(integration) == ["reached"]

    found = reload(publication)
    assert (found.state, found.published_revision) == (PublicationState.PUBLISHED, 2)
    assert (found.unclear, found.failure) == (False, None)


def test_an_edit_right_after_it_was_sent_goes_round_at_once(integration, simulated_site):
    made = make_publication(integration)
    run_due([*LINKS[:-1], lambda _: accept_newer(made), LINKS[-1]])
    assert (reload(made).state, reload(made).attempts) == (PublicationState.QUEUED, 0)

    run_due()
    assert (reload(made).state, told()) == (PublicationState.PUBLISHED, [1, 2])


def test_what_missed_its_window_is_known_to_be_out_in_its_older_text(publication):
    change(publication, state=PublicationState.UNCONFIRMED, unclear=True)
    change(publication, publish_until=now_plus(-1))
    run_due()

    found = reload(publication)
    assert (found.state, found.published_revision) == (PublicationState.QUEUED, 1)
