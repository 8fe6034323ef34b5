"""What becomes of rows whose worker was lost, once and again and again."""

import pytest
import sqlalchemy as sa
from factories import make_integration, make_publication, reload

from models import Publication, PublicationState, SyncEvent
from models.clock import now_plus
from models.publishing.batches import note_link
from models.publishing.claiming import claim_batch
from models.publishing.outcome_values import Failure
from models.publishing.outcomes import write_failures
from models.publishing.rescuing import ALONE_AFTER, MOST_RESCUES, WORKER_LOST, rescue_expired
from models.session import session_scope

LEASE = 180.0


@pytest.fixture
def site(database):
    with session_scope() as session:
        return make_integration(session)


def change(publication, **values):
    with session_scope() as session:
        session.execute(
            sa.update(Publication).where(Publication.id == publication.id).values(values)
        )


def claimed(site):
    with session_scope() as session:
        found = claim_batch(session, site.id, 20, LEASE)
    return found.publication_ids if found else ()


def rescued():
    with session_scope() as session:
        return rescue_expired(session)


def lose_worker(site):
    """Claim a batch, begin with it and let its lease run out; return what was in it."""
    return let_lease_end(site, "push_posts")


def let_lease_end(site, link=None):
    ids = claimed(site)
    with session_scope() as session:
        if ids:
            note_link(session, session.get_one(Publication, ids[0]).batch_id, link)
        lost = sa.update(Publication).where(Publication.id.in_(ids))
        session.execute(lost.values(leased_until=now_plus(-1)))
    rescued()
    return ids


def test_what_was_lost_with_a_worker_is_unclear_and_due_at_once(site):
    publication = make_publication(site)
    lose_worker(site)

    found = reload(publication)
    assert (found.state, found.unclear) == (PublicationState.UNCONFIRMED, True)
    assert (found.rescues, found.attempts) == (1, 0)
    assert claimed(site) == (publication.id,)


def test_a_lease_that_ends_while_no_link_is_at_work_loses_no_worker(site):
    publication = make_publication(site)
    change(publication, rescues=MOST_RESCUES - 1)
    for _ in range(3):
        change(publication, due_at=now_plus(-1))
        assert let_lease_end(site) == (publication.id,)

    found = reload(publication)
    assert (found.state, found.unclear) == (PublicationState.UNCONFIRMED, True)
    assert found.rescues == MOST_RESCUES - 1


def test_what_has_lost_two_workers_is_claimed_alone(site):
    suspect, other = make_publication(site), make_publication(site)
    change(suspect, rescues=ALONE_AFTER, due_at=now_plus(-60))

    assert lose_worker(site) == (suspect.id,)
    assert claimed(site) == (other.id,)


def test_others_do_not_take_a_suspect_along(site):
    first, suspect, third = (make_publication(site) for _ in range(3))
    change(first, due_at=now_plus(-60))
    change(suspect, rescues=ALONE_AFTER)

    assert set(claimed(site)) == {first.id, third.id}


def test_a_suspect_waits_longer_after_every_worker_it_loses(site):
    publication = make_publication(site)
    change(publication, rescues=ALONE_AFTER)
    lose_worker(site)

    assert claimed(site) == ()
    assert reload(publication).state is PublicationState.UNCONFIRMED


def test_what_loses_every_worker_fails_and_says_so(site):
    publication = make_publication(site)
    change(publication, rescues=MOST_RESCUES - 1)
    lose_worker(site)

    found = reload(publication)
    assert (found.state, found.failure_code) == (PublicationState.FAILED, WORKER_LOST)
    assert (found.unclear, found.rescues) == (True, 0)
    with session_scope(read_only=True) as session:
        event = session.scalars(sa.select(SyncEvent)).one()
    assert (event.content_id, event.details["code"]) == (publication.content_id, WORKER_LOST)


@pytest.mark.parametrize(
    "leased_until",
    [
        pytest.param(None, id="none"),
        pytest.param(now_plus(1000 * 365 * 86400), id="in the year 3000"),
    ],
)
def test_a_lease_that_we_never_gave_is_taken_back(site, leased_until):
    publication = make_publication(site)
    claimed(site)
    change(publication, leased_until=leased_until)

    assert rescued() == [publication.id]
    assert claimed(site) == (publication.id,)


def test_a_lease_that_holds_is_left_alone(site):
    make_publication(site)
    claimed(site)

    assert rescued() == []


def test_a_failed_try_between_two_losses_clears_nothing(site):
    publication = make_publication(site)
    lose_worker(site)
    claimed(site)
    batch_id = reload(publication).batch_id
    failure = Failure(
        publication_id=publication.id,
        content_id=publication.content_id,
        account_id=publication.account_id,
        revision=1,
        state=PublicationState.UNCONFIRMED,
        delay=0.0,
        attempts=0,
        waits=0,
        unclear=True,
        code="in_progress",
        reason="another request is at work on it",
    )
    with session_scope() as session:
        assert write_failures(session, batch_id, site.site_id, site.id, [failure])

    assert reload(publication).rescues == 1
