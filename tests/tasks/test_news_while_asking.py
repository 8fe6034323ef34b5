"""What a webhook tells while a batch is on its way outlives what the site had said before."""

import pytest
from chains import run_due
from factories import make_publication, reload
from inbox_messages import read_inbox, store_webhooks
from planned_entries import change
from test_older_text_at_the_site import accept_newer, make_due

from models import PublicationState
from models.clock import now_plus
from platforms.wordpress import WordPressBridge

SECRET = "whsec_" + "c2VjcmV0" * 6


@pytest.fixture
def publication(integration, simulated_site):
    """Published, with its webhooks read, some seconds ago; a newer text is accepted."""
    simulated_site.pair("http://engine.example", integration.site_id, SECRET)
    made = make_publication(integration)
    run_due()
    change(made, remote_seen_at=now_plus(-60))
    accept_newer(made)
    return made


@pytest.fixture
def trashed_during(environment, integration, simulated_site, publication):
    """Have a person trash the post around a call of ours, and the webhook of it applied."""

    def arrange(name, *, before):
        ask = getattr(WordPressBridge, name)

        def asked(bridge, *words):
            answer = None if before else ask(bridge, *words)
            simulated_site.trash(int(reload(publication).external_id))
            store_webhooks(integration, simulated_site.take_webhooks())
            read_inbox()
            return ask(bridge, *words) if before else answer

        environment.setattr(WordPressBridge, name, asked)

    return arrange


def test_a_post_that_is_trashed_after_the_look_is_not_called_published(
    publication, trashed_during, turn_dial
):
    turn_dial(kind="reset", times=1)
    run_due()
    make_due()
    trashed_during("publish", before=True)
    run_due()

    found = reload(publication)
    assert (found.state, found.failure_code) == (PublicationState.FAILED, "igny8_post_trashed")
    assert found.external_status == "trash"


def test_a_post_that_is_trashed_while_the_site_answers_is_noted_as_trashed(
    publication, trashed_during
):
    trashed_during("find_posts", before=False)
    run_due()

    found = reload(publication)
    assert (found.external_status, found.published_revision) == ("trash", 2)
