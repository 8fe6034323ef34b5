"""What can't be claimed holds up its own site, and no other one's."""

import pytest
from chains import run_due
from factories import make_account, make_integration, make_publication, make_site, reload
from planned_entries import change

import settings
from models import PublicationState
from models.session import session_scope
from tasks.publishing.dispatching import claim_due

LAST_OF_ITS_COLUMN = 2**31 - 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_fence_that_can_not_be_raised_stops_no_other_site(integration, simulated_site):
    with session_scope() as session:
        other = make_integration(session)
    broken = make_publication(other)
    change(broken, fence=LAST_OF_ITS_COLUMN)
    healthy = make_publication(integration)
    run_due()

    assert reload(broken).state is PublicationState.QUEUED
    assert reload(healthy).state is PublicationState.PUBLISHED


def test_an_account_of_many_slow_sites_leaves_threads_to_the_others(database, monkeypatch):
    monkeypatch.setattr(settings.current(), "publish_concurrency", 4)
    with session_scope() as session:
        owner = make_account(session)
        many = [make_integration(session, make_site(session, owner)) for _ in range(5)]
        make_integration(session)  # of another account
    for site in many:
        make_publication(site)

    assert len(claim_due()) == 3
