"""After our database was restored from an older backup the newest accepted text is at the site."""

import re
import uuid

import pytest
import sqlalchemy as sa
from census_looks import census
from chains import LINKS, run_due
from factories import make_content, make_publication, reload

from models import Content, Integration, Publication, PublicationState, Run, SyncEvent
from models.bulk.jobs import Selection, make_bulk_job
from models.bulk.progress import settle_items
from models.bulk_job import BulkItem, BulkItemState
from models.clock import now_plus
from models.publishing.accepting import Wanted, accept_publish
from models.publishing.progress import run_outcome
from models.session import session_scope
from settings import ROOT

SITES = {
    "ahead": {"revision": 5, "published_revision": 5},
    "ahead-and-claimed-often": {"revision": 5, "published_revision": 5, "fence": 1},
    "claimed-often": {"revision": 7, "published_revision": 7, "fence": 1},
    "the-same-number-for-another-text": {"revision": 6, "published_revision": 6},
    "asked-first": {"revision": 5, "unclear": True, "fence": 1},
}


def edit(publication, title):
    """Accept an edit; return its run's id."""
    with session_scope() as session:
        content = session.get_one(Content, publication.content_id)
        make_content(session, content.site, title=title, content=content)
        ours = session.get_one(Integration, publication.integration_id)
        return accept_publish(session, content, ours, Wanted()).run.id


def change(**values):
    with session_scope() as session:
        session.execute(sa.update(Publication).values(values))


def run_to_the_end(publication):
    for _ in range(12):
        change(due_at=now_plus(-1))
        run_due()
        if reload(publication).state in {PublicationState.PUBLISHED, PublicationState.FAILED}:
            return


def told():
    with session_scope(read_only=True) as session:
        query = sa.select(SyncEvent).where(SyncEvent.event_type == "conflict")
        return [event.action for event in session.scalars(query)]


@pytest.fixture
def restored(integration, simulated_site, request):
    """A row as it was some revisions ago; its site has seen seven."""
    publication = make_publication(integration, title="Text 1")
    run_due()
    for number in range(2, 8):
        edit(publication, f"Text {number}")
        run_due()
    assert simulated_site.publications[0].revision == 7
    return publication


@pytest.mark.parametrize("row", SITES.values(), ids=SITES)
def test_an_edit_goes_above_what_the_site_has(restored, simulated_site, row):
    change(**row)
    run_id = edit(restored, "The newest")
    run_to_the_end(restored)

    found = reload(restored)
    (post,) = simulated_site.posts
    assert (found.state, post.title) == (PublicationState.PUBLISHED, "The newest")
    assert found.published_revision == found.revision >= 7
    with session_scope(read_only=True) as session:
        assert run_outcome(session.get_one(Run, run_id)).state == "published"


def test_a_bulk_item_is_not_called_published_by_the_text_of_the_site(restored, turn_dial):
    change(revision=1, published_revision=None, external_id=None, fence=1)
    item_id = bulk_item_of(restored)
    for fault in (None, {"kind": "reset", "times": 1}, {"kind": "status", "code": 403}):
        if fault:
            turn_dial(**fault)
        change(due_at=now_plus(-1), state=PublicationState.UNCONFIRMED, unclear=True)
        run_due()
    with session_scope() as session:
        settle_items(session)

    assert reload(restored).state is PublicationState.FAILED
    with session_scope(read_only=True) as session:
        assert session.get_one(BulkItem, item_id).state is BulkItemState.FAILED


def bulk_item_of(publication):
    """Return the item of a job that has the publication on its way."""
    with session_scope() as session:
        job = make_bulk_job(
            session, publication.account_id, Selection([publication.content_id]), {}
        )
        item = session.scalars(sa.select(BulkItem).filter_by(job_id=job.id)).one()
        item.state, item.publication_id = BulkItemState.ACCEPTED, publication.id
        item.revision = reload(publication).revision
        return item.id


def test_it_is_told(restored):
    change(revision=5, published_revision=5)
    edit(restored, "The newest")
    run_to_the_end(restored)

    assert told() == ["site_ahead"]


def test_an_edit_that_is_accepted_meanwhile_goes_above_it_too(restored, simulated_site):
    change(revision=5, published_revision=5)
    edit(restored, "The newest but one")
    (claim,) = run_due(LINKS[:3])
    LINKS[3](claim.batch_id)
    change(due_at=now_plus(-1))
    (claim,) = run_due(LINKS[:3])
    edit(restored, "The newest")
    for link in LINKS[3:]:
        link(claim.batch_id)
    run_to_the_end(restored)

    assert [post.title for post in simulated_site.posts] == ["The newest"]
    assert reload(restored).revision == 8


def test_a_worker_that_lost_its_batch_raises_nothing_over_what_another_sent(
    restored, simulated_site
):
    edit(restored, "Slow")
    (slow,) = run_due(LINKS[:3])
    change(state=PublicationState.UNCONFIRMED, unclear=True, batch_id=None, leased_until=None)
    edit(restored, "Quick")
    run_to_the_end(restored)
    for link in LINKS[3:]:
        link(slow.batch_id)

    assert (reload(restored).revision, told()) == (9, [])
    assert [post.title for post in simulated_site.posts] == ["Quick"]


def test_two_engines_on_copies_of_one_database_come_to_an_end(restored, simulated_site):
    change(revision=5, published_revision=5)
    edit(restored, "Ours")
    for _ in range(20):
        with simulated_site._store.lock:
            for row in simulated_site._store.publications.values():
                row.revision, row.fence = row.revision + 1, row.fence + 1
        change(due_at=now_plus(-1))
        run_due()

    found = reload(restored)
    assert (found.state, found.failure_code) == (PublicationState.FAILED, "site_ahead")


@pytest.mark.parametrize("state", [PublicationState.FAILED, PublicationState.UNCONFIRMED])
def test_the_census_calls_no_other_text_of_the_same_number_published(restored, integration, state):
    change(revision=6, published_revision=6)
    edit(restored, "The newest")
    change(state=state, unclear=state is PublicationState.UNCONFIRMED)

    assert census(integration) == []
    assert reload(restored).state is state


def test_a_number_that_the_site_knows_of_another_content_fails_with_what_helps(
    integration, simulated_site
):
    """The database is from before the first publish of what had this content's number."""
    publication = make_publication(integration, title="What the site has")
    run_due()
    key = str(uuid.uuid4())
    change(key=key, state=PublicationState.QUEUED, published_revision=None, external_id=None)
    run_due()

    found = reload(publication)
    assert (found.state, found.failure_code) == (PublicationState.FAILED, "igny8_content_exists")
    assert "a new content, which gets another id" in found.failure
    anew = make_publication(integration, title="Saved anew")
    run_due()
    assert reload(anew).state is PublicationState.PUBLISHED
    assert [post.title for post in simulated_site.posts] == ["What the site has", "Saved anew"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_numbers_of_contents_are_raised_as_the_page_says(database, integration):
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    (raised,) = re.findall(r"`(SELECT setval.*?);`", page)
    before = make_publication(integration).content_id
    with session_scope() as session:
        session.execute(sa.text(raised))

    assert make_publication(integration).content_id == before + 10_001
