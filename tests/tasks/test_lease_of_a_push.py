"""A push looks at its lease before each request, also before the second one of the same call."""

import time

import pytest
import sqlalchemy as sa
from chains import LINKS, run_due
from factories import make_integration, make_publication, make_site, reload
from peers import RawPeer, answer

import settings
from models import Publication, PublicationState
from models.session import session_scope
from tasks.publishing import dispatching

NO_SUCH_PAGE = answer(404, b"<h1>There is no such page</h1>")
"""What a site without pretty permalinks says: the adapter asks by ?rest_route= then."""


def lose_lease():
    """Answer, and let another worker have the batch meanwhile, as after a frozen process."""
    with session_scope() as session:
        session.execute(sa.update(Publication).values(batch_id=None))
    # Until then the lease is good enough for one more request.
    time.sleep(1.0)
    yield NO_SUCH_PAGE


@pytest.fixture
def short_lease(database, monkeypatch):
    monkeypatch.setattr(settings.current(), "lease", settings.current().total_timeout + 1)


def test_the_second_request_of_a_call_is_not_sent_without_the_lease(short_lease):
    with RawPeer(lose_lease) as peer:
        with session_scope() as session:
            site = make_site(session, url=peer.url)
            integration = make_integration(session, site)
        make_publication(integration)
        run_due(LINKS[:-1])

        assert len(peer.heard) == 1


def test_what_the_broker_may_have_stored_all_the_same_is_asked_about_first(
    integration, broker_away
):
    publication = make_publication(integration)
    (claim,) = dispatching.claim_due()
    dispatching.start(claim)

    row = reload(publication)
    assert (row.state, row.unclear) == (PublicationState.UNCONFIRMED, True)
