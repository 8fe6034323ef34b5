"""A site that lost much at once: nothing is sent again before a person says so."""

import pytest
from census_looks import census, conflicts, open_findings, revise, shown
from chains import run_due
from factories import make_publication, reload

from models import EventStatus, PublicationState
from pipeline.census import Kind
from tasks.sites.census_taking import take_census


@pytest.fixture
def emptied(integration, simulated_site):
    """A site that was emptied after ten posts were published."""
    rows = [make_publication(integration, title=f"Post {number}") for number in range(10)]
    run_due()
    simulated_site.restore(({}, {}, {}, {}))
    return rows


def test_an_emptied_site_is_not_filled_again_without_a_word(integration, emptied, simulated_site):
    for _ in range(2):
        assert census(integration) == [Kind.MANY_LOST, *[Kind.LOST] * 10]
        run_due()

    assert simulated_site.posts == []
    assert {reload(row).state for row in emptied} == {PublicationState.PUBLISHED}
    assert open_findings() == ["lost"] * 10 + ["many_lost"]
    told = conflicts()
    assert [event.action for event in told] == ["census_many_lost", *["census_lost"] * 10]
    assert {event.details["repair"] for event in told} == {"report", "held"}
    assert not told[0].success
    assert "igny8 census --site" in told[0].description


def test_after_a_word_every_post_comes_back_exactly_once(integration, emptied, simulated_site):
    census(integration)
    taken = take_census(integration.id, forced=True, approved=True)
    run_due()

    assert (taken.queued, taken.held) == (True, False)
    assert sorted(post.title for post in simulated_site.posts) == [
        f"Post {number}" for number in range(10)
    ]
    assert census(integration) == []
    assert open_findings() == []
    assert [event.status for event in conflicts()[-10:]] == [EventStatus.PENDING] * 10


def test_what_is_edited_meanwhile_goes_out_beside_what_is_held(
    integration, emptied, simulated_site
):
    census(integration)
    revise(emptied[0], integration, "Edited")
    run_due()

    assert shown(simulated_site) == [("Edited", "publish")]
