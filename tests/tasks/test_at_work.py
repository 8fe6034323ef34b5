"""Which link is at work on a batch is known where it matters: when its lease ends."""

import pytest
import sqlalchemy as sa
from chains import LINKS, run_due
from factories import make_publication, reload

from models import Batch, Publication, PublicationState
from models.clock import now_plus
from models.publishing.rescuing import MOST_RESCUES, WORKER_LOST, rescue_expired
from models.session import session_scope
from tasks.publishing.batch import at_work


@pytest.fixture
def publication(integration):
    return make_publication(integration)


def change(publication, **values):
    with session_scope() as session:
        session.execute(
            sa.update(Publication).where(Publication.id == publication.id).values(values)
        )


def link_of(claim):
    with session_scope(read_only=True) as session:
        return session.get_one(Batch, claim.batch_id).link


def rescue_all():
    with session_scope() as session:
        session.execute(sa.update(Publication).values(leased_until=now_plus(-1)))
        rescue_expired(session)
        session.execute(sa.update(Publication).values(due_at=now_plus(-1)))


def die(batch_id):
    """Begin with a batch, and end with neither an answer nor an error."""
    at_work(batch_id, "push_posts").__enter__()


def broken(batch_id):
    with pytest.raises(ZeroDivisionError), at_work(batch_id, "push_posts"):
        raise ZeroDivisionError


def too_slow(batch_id):
    """Outlive the lease of a batch, and end well all the same."""
    with at_work(batch_id, "push_posts"):
        rescue_all()


def test_a_healthy_batch_notes_nothing(publication):
    (claim,) = run_due([die])

    assert link_of(claim) is None


def test_what_was_lost_before_notes_its_link_until_that_ends(publication):
    change(publication, unclear=True)
    (claim,) = run_due([])
    with at_work(claim.batch_id, "push_posts"):
        assert link_of(claim) == "push_posts"

    assert link_of(claim) is None


def test_a_link_that_breaks_off_has_not_ended(publication):
    (claim,) = run_due([broken])

    assert link_of(claim) == "push_posts"


@pytest.mark.parametrize(
    "end", [die, broken, too_slow], ids=["killed", "an-error", "longer-than-its-lease"]
)
def test_what_ends_or_holds_up_every_worker_that_begins_with_it_fails(publication, end):
    for _ in range(MOST_RESCUES + 1):
        run_due([end])
        rescue_all()

    found = reload(publication)
    assert (found.state, found.failure_code) == (PublicationState.FAILED, WORKER_LOST)


@pytest.mark.parametrize(
    "done", [0, 1, 2, 3, 4], ids=["dispatched", "excerpts", "terms", "images", "sent"]
)
def test_what_waits_for_its_next_link_for_longer_than_its_lease_is_published_all_the_same(
    publication, simulated_site, done
):
    for _ in range(MOST_RESCUES + 1):
        run_due(LINKS[:done])
        rescue_all()
    assert reload(publication).rescues == 0

    run_due()
    assert reload(publication).state is PublicationState.PUBLISHED
    assert len(simulated_site.posts) == 1
