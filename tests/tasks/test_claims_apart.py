"""What can't be claimed holds up its own site, and no other one's."""

import pytest
from chains import run_due
from factories import make_integration, make_publication, reload
from planned_entries import change

from models import PublicationState
from models.session import session_scope

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
