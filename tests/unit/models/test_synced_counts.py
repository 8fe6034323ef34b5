"""Which large sites are counted next."""

import pytest
import sqlalchemy as sa
from factories import make_integration, make_publication

from models import Publication, PublicationState, SiteStructure
from models.clock import now_plus
from models.session import session_scope
from models.sites import synced_counts
from models.sites.synced_counts import stale_counts


@pytest.fixture
def counted(database, monkeypatch):
    """Make a large site that was counted so many seconds ago, or never."""
    monkeypatch.setattr(synced_counts, "COUNTED_AT_ONCE", 0)

    def make(ago):
        with session_scope() as session:
            integration = make_integration(session)
            at = None if ago is None else now_plus(-ago)
            session.add(SiteStructure(integration_id=integration.id, synced_at=at))
        publication = make_publication(integration)
        with session_scope() as session:
            out = sa.update(Publication).where(Publication.id == publication.id)
            session.execute(out.values(state=PublicationState.PUBLISHED))
        return integration.id

    return make


def test_what_was_never_counted_comes_before_what_waited_longest(counted):
    recent, longest, never = counted(700), counted(7000), counted(None)

    with session_scope(read_only=True) as session:
        assert stale_counts(session, 2) == [never, longest]
        assert stale_counts(session, 3)[2] == recent
