"""The site does not tell what became of what was sent: the posts may be there, and stay unclear."""

import pytest
from chains import LINKS, run_due
from factories import make_publication, reload
from planned_entries import add_entry, change, every_hour, settings_for

from models import PublicationState, ScheduleEntry, Site
from models.clock import now_plus
from models.publishing.outcomes import resume_site
from models.schedule.by_hand import OnItsWay, withdraw
from models.session import session_scope
from tasks.schedule.due_slots import take_due_slots

CONFIRM = LINKS[-1]


def publication_of(entry):
    with session_scope(read_only=True) as session:
        return session.get_one(ScheduleEntry, entry.id).publication


@pytest.fixture
def sent(integration):
    """A publish of the schedule whose post is at the site, and its batch before it is confirmed."""
    with session_scope() as session:
        settings_for(session, session.get_one(Site, integration.site_id), **every_hour())
    entry = add_entry(integration.site, slot_at=now_plus(-1), slot_until=now_plus(3600))
    take_due_slots()
    (claim,) = run_due(LINKS[:-1])
    return entry, claim.batch_id


def test_a_key_refused_after_the_posts_were_sent_leaves_them_unclear(
    integration, simulated_site, sent
):
    entry, batch_id = sent
    simulated_site.api_key = "another"
    CONFIRM(batch_id)

    found = reload(publication_of(entry))
    assert (found.state, found.unclear) == (PublicationState.UNCONFIRMED, True)
    assert (found.attempts, found.failure_code) == (0, "credentials_rejected")
    assert reload(integration).suspended_code == "credentials_rejected"
    with session_scope() as session, pytest.raises(OnItsWay):
        withdraw(session, session.get_one(ScheduleEntry, entry.id))


def test_when_the_site_is_well_again_they_are_found(integration, simulated_site, sent):
    entry, batch_id = sent
    key, simulated_site.api_key = simulated_site.api_key, "another"
    CONFIRM(batch_id)
    simulated_site.api_key = key
    with session_scope() as session:
        resume_site(session, integration.id)
    run_due()

    assert reload(publication_of(entry)).state is PublicationState.PUBLISHED
    assert len(simulated_site.posts) == 1


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.__name__)
def test_a_key_that_can_not_be_read_leaves_unclear_what_may_have_been_sent(integration, link):
    publication = make_publication(integration)
    done = LINKS.index(link)
    (claim,) = run_due(LINKS[:done])
    change(integration.site, _sealed_key="damaged")
    link(claim.batch_id)

    found = reload(publication)
    maybe_sent = link in LINKS[-2:]
    assert found.unclear is maybe_sent
    state = PublicationState.UNCONFIRMED if maybe_sent else PublicationState.QUEUED
    assert (found.state, found.batch_id) == (state, None)
    assert reload(integration).suspended_code == "key_damaged"


A_READ_REFUSED = {"kind": "status", "code": 406, "method": "GET", "path": "/publications"}


def test_a_refused_look_after_the_posts_were_sent_fails_none_of_them(
    integration, simulated_site, turn_dial
):
    publication = make_publication(integration)
    turn_dial(**A_READ_REFUSED, times=1)
    run_due()

    found = reload(publication)
    assert (found.state, found.unclear) == (PublicationState.UNCONFIRMED, True)
    assert (found.attempts, found.failure_code) == (1, "http_406")
    change(publication, due_at=now_plus(-1))
    run_due()
    assert reload(publication).state is PublicationState.PUBLISHED
    assert len(simulated_site.posts) == 1


def test_a_refused_look_before_posts_are_sent_keeps_back_only_those_it_was_about(
    integration, simulated_site, turn_dial
):
    asked, other = (make_publication(integration) for _ in range(2))
    change(asked, state=PublicationState.UNCONFIRMED, unclear=True)
    turn_dial(**A_READ_REFUSED, times=1)
    run_due()

    found = reload(asked)
    assert (found.state, found.unclear) == (PublicationState.UNCONFIRMED, True)
    assert (found.attempts, found.rescues) == (1, 0)
    assert reload(other).state is PublicationState.PUBLISHED
    assert len(simulated_site.posts) == 1
