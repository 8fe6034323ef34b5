"""Whose post a message is about is read from indexes, whatever it names."""

import pytest
import sqlalchemy as sa
from factories import make_integration, make_publication

from models import Publication
from models.inbox.matching import Names, find_candidates, named_publications
from models.session import session_scope

NOTHING = frozenset()
EXTERNAL = "ix_publications_integration_id_external_id"


@pytest.fixture
def integration(database):
    with session_scope() as session:
        return make_integration(session)


MANY = """
    INSERT INTO publications (account_id, content_id, integration_id, key, state, revision,
        revision_id, post_status, restore, fence, attempts, unclear, external_id)
    SELECT 1, n, {integration}, 'key-' || n, 'published', 1, 1, 'publish', false, 1, 0, false, n
    FROM generate_series(1, 5000) n
"""


def make_many(integration):
    """Give PostgreSQL a table that is worth an index; SQLite chooses without looking."""
    with session_scope() as session:
        session.execute(sa.text("SET LOCAL session_replication_role = replica"))
        session.execute(sa.text(MANY.format(integration=integration.id)))
        session.execute(sa.text("ANALYZE publications"))


def plan(query, database):
    explain = "EXPLAIN QUERY PLAN " if database == "sqlite" else "EXPLAIN "
    with session_scope() as session:
        compiled = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        found = session.execute(sa.text(explain + str(compiled))).all()
    return "\n".join(str(row) for row in found)


@pytest.mark.parametrize(
    ("names", "indexes"),
    [
        pytest.param(
            Names(NOTHING, NOTHING, frozenset({"7", "8"})),
            [EXTERNAL],
            id="by the site's id",
        ),
        pytest.param(
            Names(frozenset({"k"}), frozenset({1}), frozenset({"7"})),
            [EXTERNAL, "content_id", "key"],
            id="by all three",
        ),
    ],
)
def test_no_row_is_read_that_is_not_named(integration, database, names, indexes):
    if database != "sqlite":
        make_many(integration)

    shown = plan(named_publications(integration.id, names), database)

    for index in indexes:
        assert index in shown
    assert "SCAN publications" not in shown
    assert "Seq Scan" not in shown


def test_what_names_nothing_finds_nothing(integration):
    make_publication(integration)

    with session_scope(read_only=True) as session:
        found = find_candidates(
            session, integration.id, integration.site_id, Names(NOTHING, NOTHING, NOTHING)
        )

    assert found.publications == ()


def test_another_sites_post_of_the_same_id_is_not_found(integration):
    with session_scope() as session:
        other = make_integration(session)
    ours, theirs = (make_publication(each) for each in (integration, other))
    with session_scope() as session:
        session.execute(sa.update(Publication).values(external_id="7"))
        names = Names(NOTHING, NOTHING, frozenset({"7"}))
        found = find_candidates(session, integration.id, integration.site_id, names)

    assert [row.id for row in found.publications] == [ours.id] != [theirs.id]
