"""While an account is suspended nothing of it goes out, and all of it goes on afterwards."""

import pytest
import sqlalchemy as sa
from factories import make_integration, make_publication

from models import Account, Integration, SiteRunKind, SiteStructure
from models.clock import now, now_plus
from models.session import session_scope
from models.sites.care import due_looks
from models.sites.census import due_sites
from models.sites.runs import accept_site_run, claim_site_runs
from models.sites.structures import take_due_structures
from tasks.publishing.dispatching import claim_due

WEEK = 7 * 86_400


def suspend(account_id, since):
    with session_scope() as session:
        changed = sa.update(Account).where(Account.id == account_id)
        session.execute(changed.values(suspended_at=since))


def claimed():
    return [number for claim in claim_due() for number in claim.publication_ids]


@pytest.fixture
def two(database):
    """Two integrations, each of an account of its own."""
    with session_scope() as session:
        return [make_integration(session) for _ in range(2)]


def test_its_work_waits_and_the_others_goes_on(two):
    waiting, other = (make_publication(row) for row in two)
    suspend(two[0].account_id, now())

    assert claimed() == [other.id]

    suspend(two[0].account_id, None)
    assert claimed() == [waiting.id]


def test_its_requests_about_sites_wait_and_the_others_go_on(two):
    with session_scope() as session:
        waiting, other = (
            accept_site_run(session, row, SiteRunKind.CONNECTION_TEST)[0].id for row in two
        )
    suspend(two[0].account_id, now())

    assert claimed_runs() == [other]

    suspend(two[0].account_id, None)
    assert claimed_runs() == [waiting]


def claimed_runs():
    with session_scope() as session:
        return [claim.run_id for claim in claim_site_runs(session, list(SiteRunKind), 60.0, 10)]


def make_census_due(session):
    session.execute(sa.update(Integration).values(census_at=now_plus(-WEEK)))


def make_structures_due(session):
    rows = session.scalars(sa.select(Integration.id)).all()
    session.execute(
        sa.insert(SiteStructure), [{"integration_id": each, "overrides": {}} for each in rows]
    )
    session.execute(sa.update(SiteStructure).values(due_at=now_plus(-WEEK)))


def make_looks_due(session):
    values = {"suspended_at": now(), "suspended_code": "key", "next_look_at": now_plus(-WEEK)}
    session.execute(sa.update(Integration).values(**values))


@pytest.mark.parametrize(
    ("make_due", "due"),
    [
        pytest.param(make_census_due, lambda s: due_sites(s, ["wordpress"], 10), id="census"),
        pytest.param(
            make_structures_due,
            lambda s: [row.id for row in take_due_structures(s, ["wordpress"], 10)],
            id="structure",
        ),
        pytest.param(make_looks_due, lambda s: [row.id for row in due_looks(s, 10)], id="look"),
    ],
)
def test_its_sites_are_not_asked_by_themselves(two, make_due, due):
    with session_scope() as session:
        make_due(session)
    suspend(two[0].account_id, now())

    with session_scope() as session:
        assert due(session) == [two[1].id]
