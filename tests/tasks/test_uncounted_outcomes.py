"""What an outcome that says nothing of the item leaves of what is known of it."""

import pytest
from chains import LINKS, run_due
from factories import SITE_KEY, make_integration, make_publication, make_site, reload
from planned_entries import change
from test_restored_database import edit
from test_site_care import change as change_site
from test_site_care import make_due

from models import PublicationState
from models.clock import now_plus
from models.publishing.accepting import Wanted
from models.publishing.suspects import CONTENT_REFUSED
from models.session import session_scope
from pipeline.retry import MOST_WAITS
from platforms.wordpress import WordPressBridge
from simulators.wordpress import SimulatedSite
from tasks.publishing.dispatching import claim_due
from tasks.publishing.pushing import push_batch

BEFORE_SENDING = LINKS[: LINKS.index(push_batch)]


def send(claim):
    for link in LINKS[len(BEFORE_SENDING) :]:
        link(claim.batch_id)


def meanwhile(monkeypatch, act):
    """Do something after a batch was read, while its post is on its way."""
    publish = WordPressBridge.publish

    def slow(self, payload):
        act()
        return publish(self, payload)

    monkeypatch.setattr(WordPressBridge, "publish", slow)


@pytest.mark.usefixtures("simulated_site")
def test_a_newer_wish_begins_to_wait_anew(integration, turn_dial, monkeypatch):
    turn_dial(kind="status", code=429)
    item = make_publication(integration)
    change(item, waits=5)
    meanwhile(monkeypatch, lambda: edit(item, "The newer text"))
    run_due()

    assert (reload(item).state, reload(item).waits) == (PublicationState.QUEUED, 0)


@pytest.fixture
def refused(integration, simulated_site):
    """What a firewall refused at its last attempt; it waits for its next one."""
    item = make_publication(integration, wanted=Wanted(until=now_plus(3600)))
    change(item, attempts=1, failure_code=CONTENT_REFUSED, failure="a firewall refuses this text")
    return item


def window_closes(_site, item):
    change(item, publish_until=now_plus(-1))


def site_goes_away(site, _item):
    site.stop()


def retries_are_spent(_site, _item):
    change_site(window_sends=50, window_retries=50, window_until=now_plus(600))


@pytest.mark.parametrize("meets", [window_closes, site_goes_away, retries_are_spent])
def test_what_a_firewall_refused_goes_alone_after_it_was_not_sent(
    integration, simulated_site, refused, meets
):
    (claim,) = run_due(BEFORE_SENDING)
    meets(simulated_site, refused)
    send(claim)
    found = reload(refused)
    assert (found.state, found.attempts, found.failure_code) == (
        PublicationState.QUEUED,
        1,
        CONTENT_REFUSED,
    )

    change(refused, publish_until=None)
    make_due()
    make_publication(integration)
    (claim,) = claim_due()
    assert claim.publication_ids == (refused.id,)


@pytest.mark.usefixtures("database")
def test_a_key_at_which_nobody_works_any_more_has_an_end():
    with SimulatedSite(api_key=SITE_KEY, stale_seconds=10.0**6) as site:
        with session_scope() as session:
            made = make_integration(session, make_site(session, url=site.url, key=SITE_KEY))
        site.faults.add(kind="crash", at="reserved", times=1)
        item = make_publication(made)
        for _ in range(2 + MOST_WAITS):  # it breaks off, and answers once before that is counted
            make_due()
            change_site(window_retries=0)  # as hours would
            run_due()

    found = reload(item)
    assert (found.state, found.attempts) == (PublicationState.FAILED, 1)
    assert found.unclear  # the census still looks for it
    assert "still working on it" in found.failure
