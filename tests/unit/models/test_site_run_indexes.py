"""Which index finds the runs: many have ended, and few are open."""

import pytest
import sqlalchemy as sa
from factories import make_integration

from models import SiteRunKind
from models.session import session_scope
from models.sites.runs import (
    accept_site_run,
    claim_site_runs,
    give_back_lost,
    used_up,
)


@pytest.fixture
def plans(sqlite_database):
    """Say how SQLite goes about the statements of an action; PostgreSQL asks its statistics."""

    def of(action):
        seen = []

        def note(_connection, _cursor, statement, parameters, *_):
            if "site_runs" in statement and statement.startswith(("SELECT", "UPDATE", "WITH")):
                seen.append((statement, parameters))

        with session_scope() as session:
            engine = session.get_bind()
            sa.event.listen(engine, "before_cursor_execute", note)
            try:
                action(session)
            finally:
                sa.event.remove(engine, "before_cursor_execute", note)
            connection = session.connection()
            rows = [
                row.detail
                for statement, parameters in seen
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            ]
        return [row for row in rows if "site_runs" in row]

    return of


@pytest.mark.parametrize(
    "action",
    [
        pytest.param(lambda s: claim_site_runs(s, list(SiteRunKind), 60.0, 10), id="claimed"),
        pytest.param(lambda s: give_back_lost(s, 3600.0), id="lost"),
        pytest.param(lambda s: used_up(s, 3600.0), id="used-up"),
    ],
)
def test_open_runs_are_found_without_a_look_at_those_that_have_ended(plans, action):
    found = plans(action)

    assert any("ix_site_runs_open" in row for row in found)
    assert not [row for row in found if row == "SCAN site_runs"]


def test_the_open_run_of_a_site_is_found_by_its_own_index(plans):
    with session_scope() as session:
        integration = make_integration(session)

    found = plans(
        lambda s: [accept_site_run(s, integration, SiteRunKind.CONNECTION_TEST) for _ in range(2)]
    )

    assert any("uq_site_runs_open" in row for row in found)
