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


@pytest.fixture
def emptied(sqlite_database, integration):
    """Ten publications that count as published, on a site that knows nothing of them."""
    for number in range(10):
        make_publication(integration, title=f"Post {number}")
    with session_scope() as session:
        session.execute(
            sa.update(Publication).values(
                state=PublicationState.PUBLISHED,
                published_revision=1,
                external_id=sa.cast(Publication.id + 900, sa.String),
            )
        )
    return integration.site_id


def waiting():
    with session_scope(read_only=True) as session:
        query = sa.select(sa.func.count()).select_from(Publication).filter_by(state="queued")
        return session.scalar(query)


def test_a_site_that_lost_much_waits_for_a_word(emptied):
    ran = igny8("census", "--site", emptied)

    assert (ran.code, waiting()) == (1, 0)
    assert "10 of 10 published posts" in ran.err
    assert f"igny8 census --site {emptied} --repair" in ran.err


def test_scripts_see_what_is_held(emptied):
    (census,) = igny8("--json", "census").json["censuses"]

    assert (census["held"], census["complete"]) == (True, True)
    whole, *held = census["findings"]
    assert (whole["kind"], whole["publication_key"]) == ("many_lost", None)
    assert {(each["kind"], each["repair"]) for each in held} == {("lost", "held")}


def test_after_the_word_everything_is_sent_again(emptied):
    igny8("census", "--site", emptied)
    ran = igny8("census", "--site", emptied, "--repair")

    assert (ran.code, waiting()) == (0, 10)


def test_a_word_is_for_one_site(emptied):
    ran = igny8("census", "--repair")

    assert (ran.code, waiting()) == (4, 0)
    assert "--site" in ran.err
