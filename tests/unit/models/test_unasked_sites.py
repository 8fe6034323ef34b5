"""A site that is switched off is not asked by itself; the others are."""

import pytest
import sqlalchemy as sa
from factories import make_integration

from models import Integration, Site, SiteStructure
from models.clock import now, now_plus
from models.session import session_scope
from models.sites.care import due_looks, unscheduled_looks
from models.sites.census import claim_census, due_sites
from models.sites.structures import take_due_structures

WEEK = 7 * 86_400


@pytest.fixture
def two(database):
    """Two integrations, for which everything is due; the first one's site is switched off."""
    with session_scope() as session:
        rows = [make_integration(session, census_at=now_plus(-WEEK)) for _ in range(2)]
        for row in rows:
            session.add(SiteStructure(integration_id=row.id, due_at=now_plus(-WEEK)))
    switch(rows[0], on=False)
    return rows


def switch(integration, *, on):
    with session_scope() as session:
        change = sa.update(Site).where(Site.id == integration.site_id)
        session.execute(change.values(is_active=on))


def suspend(next_look_at):
    values = {"suspended_at": now(), "suspended_code": "key", "next_look_at": next_look_at}
    with session_scope() as session:
        session.execute(sa.update(Integration).values(**values))


def looks(session):
    return [row.id for row in due_looks(session, 10)]


def test_its_suspended_integration_is_not_looked_at_until_it_is_on_again(two):
    suspend(now_plus(-WEEK))
    with session_scope() as session:
        assert looks(session) == [two[1].id]

    switch(two[0], on=True)

    with session_scope() as session:
        assert looks(session) == [two[0].id]


def test_no_look_is_planned_for_it(two):
    suspend(None)

    with session_scope() as session:
        assert [id_ for id_, _ in unscheduled_looks(session)] == [two[1].id]


def test_its_census_is_not_taken_unless_a_person_asks_for_it(two):
    with session_scope() as session:
        assert due_sites(session, ["wordpress"], 10) == [two[1].id]
        assert claim_census(session, two[0].id) is None
        assert claim_census(session, two[0].id, forced=True) is not None


def test_its_structure_is_not_fetched(two):
    with session_scope() as session:
        assert [row.id for row in take_due_structures(session, ["wordpress"], 10)] == [two[1].id]
