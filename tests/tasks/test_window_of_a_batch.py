"""A batch on its way when its site's window closes: what has not been sent by then is not."""

import pytest
import sqlalchemy as sa
from chains import LINKS, run_due
from factories import make_publication, reload

from models import Publication, PublicationState
from models.clock import now_plus
from models.publishing.accepting import Wanted
from models.session import session_scope
from tasks.publishing.pushing import push_batch


def closes_in(seconds):
    """Return a link that moves the end of the window."""

    def close(_batch_id):
        with session_scope() as session:
            session.execute(sa.update(Publication).values(publish_until=now_plus(seconds)))

    return close


def run_with_window(seconds):
    before = LINKS[: LINKS.index(push_batch)]
    run_due([*before, closes_in(seconds), *LINKS[len(before) :]])


def test_what_comes_after_its_end_is_not_sent_and_waits_for_a_slot(integration, simulated_site):
    publication = make_publication(integration, wanted=Wanted(until=now_plus(3600)))

    run_with_window(-1)

    found = reload(publication)
    assert simulated_site.posts == []
    assert (found.state, found.attempts) == (PublicationState.QUEUED, 0)
    assert found.failure_code == "window_closed"
    assert run_due() == []


@pytest.mark.usefixtures("simulated_site")
def test_what_comes_before_its_end_is_sent(integration):
    publication = make_publication(integration, wanted=Wanted(until=now_plus(3600)))

    run_with_window(3600)

    assert reload(publication).state is PublicationState.PUBLISHED
