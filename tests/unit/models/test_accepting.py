"""Accepting a publish: one wish per content and site, however often and by whom it is asked."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from factories import make_content, make_integration, make_publication, reload

from models import Content, Integration, Publication, PublicationState, Run
from models.publishing.accepting import Wanted, accept_publish
from models.session import engine, session_scope


@pytest.fixture
def publication(database):
    """A first wish, accepted and waiting."""
    with session_scope() as session:
        integration = make_integration(session)
    return make_publication(integration, title="First")


def accept(publication, wanted=None):
    """Ask for the same content on the same site again."""
    with session_scope() as session:
        content = session.get_one(Content, publication.content_id)
        integration = session.get_one(Integration, publication.integration_id)
        return accept_publish(session, content, integration, wanted or Wanted())


def edit(publication, title="Second"):
    with session_scope() as session:
        content = session.get_one(Content, publication.content_id)
        make_content(session, content.site, title=title, content=content)


def bring_to(publication, state, **values):
    with session_scope() as session:
        row = session.get_one(Publication, publication.id)
        row.state = state
        for name, value in values.items():
            setattr(row, name, value)


def test_a_wish_becomes_a_due_row_for_the_newest_revision(publication):
    found = reload(publication)

    assert (found.state, found.revision, found.attempts) == (PublicationState.QUEUED, 1, 0)
    with session_scope(read_only=True) as session:
        assert session.get_one(Publication, found.id).accepted.document["title"] == "First"


def test_asking_twice_is_one_wish_and_two_runs(publication):
    again = accept(publication)

    assert again.publication.id == publication.id
    assert again.publication.revision == 1
    with session_scope(read_only=True) as session:
        assert session.scalar(sa.select(sa.func.count(Publication.id))) == 1
        assert session.scalars(sa.select(Run.revision)).all() == [1, 1]


@pytest.mark.parametrize("edits", [0, 1], ids=["first-revision", "later-revision"])
def test_a_wish_that_still_waits_is_not_called_done(publication, edits):
    for _ in range(edits):
        edit(publication)
        accept(publication)

    # "changed" is False only when the site already shows it (C22); it does not yet.
    assert accept(publication).changed


def test_many_at_once_make_one_row(database):
    with session_scope() as session:
        integration = make_integration(session)
        content = make_content(session, integration.site)
    start = threading.Barrier(20)

    def ask():
        start.wait()
        with session_scope() as session:
            ours = session.get_one(Content, content.id)
            site = session.get_one(Integration, integration.id)
            return accept_publish(session, ours, site, Wanted()).publication

    with ThreadPoolExecutor(20) as pool:
        answers = [asked.result() for asked in [pool.submit(ask) for _ in range(20)]]
    assert {(answer.id, answer.key, answer.revision) for answer in answers} == {
        (answers[0].id, answers[0].key, 1)
    }
    with session_scope(read_only=True) as session:
        assert session.scalar(sa.select(sa.func.count(Publication.id))) == 1
        assert session.scalar(sa.select(sa.func.count(Run.id))) == 20


@pytest.mark.parametrize(
    ("state", "unclear", "expected"),
    [
        (PublicationState.QUEUED, False, PublicationState.QUEUED),
        (PublicationState.UNCONFIRMED, True, PublicationState.UNCONFIRMED),
        (PublicationState.PUBLISHING, False, PublicationState.PUBLISHING),
        (PublicationState.PUBLISHED, False, PublicationState.QUEUED),
        (PublicationState.FAILED, False, PublicationState.QUEUED),
        (PublicationState.FAILED, True, PublicationState.UNCONFIRMED),
        (PublicationState.WITHDRAWN, False, PublicationState.QUEUED),
    ],
)
def test_a_newer_revision_raises_the_wish(publication, state, unclear, expected):
    bring_to(publication, state, unclear=unclear, attempts=2, failure="x", failure_code="y")
    edit(publication)
    accepted = accept(publication)

    raised = reload(publication)
    assert accepted.changed
    assert (raised.state, raised.revision, raised.attempts) == (expected, 2, 0)
    assert (raised.failure, raised.failure_code) == (None, None)
    assert raised.key == publication.key
    assert accepted.run.revision == 2


def wait_for_a_lock(started):
    """Return once a transaction of this database waits for a row that another one holds."""
    query = sa.text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with engine().connect() as connection:
        while not connection.scalar(query):
            assert not started.done(), started.result()
            connection.rollback()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_who_is_overtaken_by_an_edit_does_not_bring_back_the_older_text(publication):
    with ThreadPoolExecutor(1) as pool, session_scope() as session:
        content = session.get_one(Content, publication.content_id)
        integration = session.get_one(Integration, publication.integration_id)
        make_content(session, content.site, title="Second", content=content)
        accept_publish(session, content, integration, Wanted())
        # It sees no other text than the first before the edit is committed, and waits for the row.
        overtaken = pool.submit(accept, publication)
        wait_for_a_lock(overtaken)
        session.commit()
        answer = overtaken.result()

    assert (answer.changed, answer.run.revision) == (True, 2)
    with session_scope(read_only=True) as session:
        row = session.get_one(Publication, publication.id)
        assert (row.revision, row.accepted.document["title"]) == (2, "Second")


def test_a_newer_revision_of_what_is_held_stays_held(publication):
    bring_to(publication, PublicationState.HELD, failure="wait for legal", failure_code="hold")
    edit(publication)
    accepted = accept(publication)

    held = reload(publication)
    assert (held.state, held.revision) == (PublicationState.HELD, 2)
    assert (held.failure, held.failure_code) == ("wait for legal", "hold")
    assert (accepted.changed, accepted.run.revision) == (True, 2)


def test_a_wish_raised_on_its_way_keeps_batch_and_fence(publication):
    bring_to(publication, PublicationState.PUBLISHING, fence=4)
    edit(publication)
    accept(publication)

    assert reload(publication).fence == 4


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(Wanted(post_status="draft"), id="another-status"),
        pytest.param(Wanted(restore=True), id="restore"),
        pytest.param(Wanted(force=True), id="force"),
    ],
)
def test_what_else_counts_as_a_new_wish(publication, wanted):
    bring_to(publication, PublicationState.PUBLISHED, published_revision=1)
    accepted = accept(publication, wanted)

    raised = reload(publication)
    assert accepted.changed
    assert (raised.revision, raised.state) == (2, PublicationState.QUEUED)
    assert (raised.post_status, raised.restore) == (wanted.post_status, wanted.restore)


def test_nothing_changes_when_the_site_shows_exactly_this(publication):
    bring_to(publication, PublicationState.PUBLISHED, published_revision=1)
    accepted = accept(publication)

    assert not accepted.changed
    assert reload(publication).state is PublicationState.PUBLISHED
    assert reload(publication).revision == 1


@pytest.mark.parametrize(
    ("state", "unclear", "expected"),
    [
        (PublicationState.FAILED, False, PublicationState.QUEUED),
        (PublicationState.FAILED, True, PublicationState.UNCONFIRMED),
        (PublicationState.WITHDRAWN, False, PublicationState.QUEUED),
    ],
)
def test_what_ended_can_be_tried_again(publication, state, unclear, expected):
    bring_to(publication, state, attempts=3, unclear=unclear, failure="x", failure_code="y")
    accepted = accept(publication)

    again = reload(publication)
    assert accepted.changed
    assert (again.state, again.revision, again.attempts) == (expected, 1, 0)
    assert (again.failure, again.failure_code) == (None, None)


@pytest.mark.parametrize("state", [PublicationState.PUBLISHING, PublicationState.HELD])
def test_the_same_wish_does_not_move_what_is_underway_or_held(publication, state):
    bring_to(publication, state)
    accept(publication)

    assert reload(publication).state is state


def test_a_pending_restore_survives_a_newer_revision(publication):
    bring_to(publication, PublicationState.FAILED, failure_code="igny8_post_gone")
    accept(publication, Wanted(restore=True))
    edit(publication)
    accept(publication)

    assert reload(publication).restore


def test_a_rolled_back_request_leaves_no_wish(database):
    with session_scope() as session:
        integration = make_integration(session)
        content = make_content(session, integration.site)

    def ask_and_fail():
        with session_scope() as session:
            ours = session.get_one(Content, content.id)
            accept_publish(session, ours, session.get_one(Integration, integration.id), Wanted())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_and_fail()

    with session_scope(read_only=True) as session:
        assert session.scalars(sa.select(Publication)).all() == []
