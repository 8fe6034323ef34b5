"""What tests of the census do and look at."""

import sqlalchemy as sa
from factories import make_content

from models import CensusFinding, Integration, Publication, SyncEvent
from models.publishing.accepting import Wanted, accept_publish
from models.session import session_scope
from tasks.sites.census_taking import take_census


def conflicts():
    with session_scope(read_only=True) as session:
        query = sa.select(SyncEvent).filter_by(event_type="conflict").order_by(SyncEvent.id)
        return list(session.scalars(query))


def open_findings():
    with session_scope(read_only=True) as session:
        return sorted(session.scalars(sa.select(CensusFinding.kind)))


def census(integration):
    taken = take_census(integration.id, forced=True)
    assert taken.error is None
    return [finding.kind for finding in taken.findings]


def revise(row, integration, title="A longer walk"):
    with session_scope() as session:
        content = session.get_one(Publication, row.id).content
        changed = make_content(session, content.site, title, "<p>Further.</p>", content=content)
        accept_publish(session, changed, session.get_one(Integration, integration.id), Wanted())


def shown(site):
    return [(post.title, post.status) for post in site.posts]
