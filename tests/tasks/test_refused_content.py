"""One text that a site's firewall refuses has an end of its own, and does not hold up its site."""

import pytest
import sqlalchemy as sa
from chains import run_due
from factories import make_publication, reload
from test_images import keep, png
from test_site_care import change, make_due, pass_by, posts_sent, told

from models import Attempt, PublicationState
from models.publishing.outcomes import resume_site
from models.publishing.suspects import CONTENT_REFUSED
from models.session import session_scope
from pipeline.documents import Picture
from platforms.refusals import SAMPLE
from tasks.publishing.dispatching import claim_due
from tasks.sites.looking import look_at_suspended

ATTACK = "drop table"
MAX_ATTEMPTS = 3
REQUESTS_AT_ONCE = 2

FIREWALLS = [
    pytest.param({"kind": "status", "code": 403}, id="403"),
    pytest.param({"kind": "redirect"}, id="a-challenge"),
]


def run_often(runs=MAX_ATTEMPTS + 3):
    for _ in range(runs):
        make_due()
        run_due()


def end_of(item):
    found = reload(item)
    return found.state, found.failure_code, found.attempts


@pytest.mark.parametrize("firewall", FIREWALLS)
def test_a_refused_text_fails_with_words_and_the_others_are_published(
    integration, simulated_site, turn_dial, firewall
):
    turn_dial(text=ATTACK, **firewall)
    refused = make_publication(integration, html=f"<p>{ATTACK}</p>")
    others = [make_publication(integration, title=f"Post {number}") for number in range(4)]
    run_often()

    assert {reload(item).state for item in others} == {PublicationState.PUBLISHED}
    assert end_of(refused) == (PublicationState.FAILED, CONTENT_REFUSED, MAX_ATTEMPTS)
    assert "a firewall at the site refuses this text" in reload(refused).failure
    assert told() == []


def test_what_was_refused_goes_alone(integration, turn_dial):
    turn_dial(kind="status", code=403, text=ATTACK)
    refused = make_publication(integration, html=f"<p>{ATTACK}</p>")
    run_due()
    make_due()
    make_publication(integration)

    (claim,) = claim_due()
    assert claim.publication_ids == (refused.id,)


@pytest.mark.parametrize("firewall", FIREWALLS)
def test_a_site_that_refuses_every_write_is_suspended_and_burns_no_queue(
    integration, simulated_site, turn_dial, firewall
):
    turn_dial(method="POST", path="", **firewall)
    items = [make_publication(integration, title=f"Post {number}") for number in range(12)]
    run_due()

    assert {reload(item).state for item in items} == {PublicationState.QUEUED}
    assert sum(reload(item).attempts for item in items) <= REQUESTS_AT_ONCE
    assert told() == [("error", "site_suspended")]


def test_while_it_answers_questions_only_it_stays_suspended(integration, simulated_site, turn_dial):
    turn_dial(kind="status", code=403, method="POST", path="")
    item = make_publication(integration)
    run_due()
    look_at_suspended()
    pass_by("next_look_at")
    assert look_at_suspended() == 0

    simulated_site.faults.clear()
    pass_by("next_look_at")
    assert look_at_suspended() == 1
    make_due()
    run_due()
    assert reload(item).state is PublicationState.PUBLISHED
    assert told() == [("error", "site_suspended"), ("sync", "site_resumed")]


def test_a_text_that_gets_us_banned_suspends_its_site_no_more_often_than_it_is_tried(
    integration, simulated_site, turn_dial
):
    turn_dial(kind="status", code=403, text=ATTACK)
    refused = make_publication(integration, html=f"<p>{ATTACK}</p>")
    for _ in range(MAX_ATTEMPTS + 3):
        turn_dial(kind="status", code=403, text=SAMPLE["title"], times=1)
        make_due()
        run_due()
        with session_scope() as session:
            resume_site(session, integration.id)

    assert end_of(refused) == (PublicationState.FAILED, CONTENT_REFUSED, MAX_ATTEMPTS)
    assert "everything else for a while after it" in reload(refused).failure
    assert told().count(("error", "site_suspended")) == MAX_ATTEMPTS


@pytest.mark.parametrize("bans", [False, True], ids=["alone", "with-all-after-it"])
def test_a_refused_picture_has_an_end_too(integration, simulated_site, turn_dial, bans):
    turn_dial(kind="status", code=403, method="POST", path="/media")
    picture = Picture("featured", "a.png", keep(png()))
    item = make_publication(integration, images=(picture,))
    for _ in range(MAX_ATTEMPTS + 3):
        if bans:
            turn_dial(kind="status", code=403, text=SAMPLE["title"], times=1)
        make_due()
        run_due()
        with session_scope() as session:
            resume_site(session, integration.id)

    expected = PublicationState.FAILED if bans else PublicationState.PUBLISHED
    assert reload(item).state is expected


def test_five_refusals_in_a_row_open_the_breaker(integration, simulated_site, turn_dial):
    change(config_json={"site_url": simulated_site.url, "requests_per_site": 1})
    turn_dial(kind="status", code=403, text=ATTACK)
    for number in range(8):
        make_publication(integration, title=f"Post {number}", html=f"<p>{ATTACK}</p>")
    run_due()

    with session_scope(read_only=True) as session:
        sent = sa.select(sa.func.count()).where(Attempt.publication_id.is_not(None))
        assert session.scalar(sent) == 5
    assert posts_sent(simulated_site) == 10  # each with a harmless one after it
    assert told() == [("error", "breaker_opened")]
