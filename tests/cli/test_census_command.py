"""`igny8 census`: what it prints, and how it ends."""

import pytest
import sqlalchemy as sa
from commands import igny8
from factories import make_publication

from models import Publication, PublicationState
from models.session import session_scope


@pytest.fixture
def lost(sqlite_database, integration):
    """A publication that counts as published, on a site that knows nothing of it."""
    row = make_publication(integration)
    with session_scope() as session:
        session.execute(
            sa.update(Publication).values(
                state=PublicationState.PUBLISHED, published_revision=1, external_id="912"
            )
        )
    return row


def test_what_was_found_is_said_to_people(lost, integration):
    ran = igny8("census", "--site", integration.site_id)

    assert ran.code == 0
    assert "1 known here, 0 there, 1 found" in ran.out
    assert "the site has lost post 912" in ran.out


def test_what_was_found_is_said_to_scripts(lost, integration):
    (census,) = igny8("--json", "census").json["censuses"]

    assert (census["complete"], census["known"], census["new"]) == (True, 1, 1)
    (finding,) = census["findings"]
    assert (finding["kind"], finding["repair"]) == ("lost", "republish")
    assert (finding["publication_key"], finding["content_id"]) == (lost.key, lost.content_id)


def test_a_site_that_cannot_be_read_is_exit_3(lost, integration, simulated_site):
    simulated_site.api_key = "another"
    ran = igny8("--json", "census")

    assert ran.code == 3
    (census,) = ran.json["censuses"]
    assert (census["complete"], census["findings"]) == (False, [])
    assert "key" in census["problem"]


def test_without_a_site_it_says_what_to_do(sqlite_database):
    ran = igny8("census")

    assert (ran.code, "igny8 site add" in ran.err) == (4, True)
