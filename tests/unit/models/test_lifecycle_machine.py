"""Publications on a real database under everything that may happen to them, in any order."""

import hypothesis
import pytest
import sqlalchemy as sa
from factories import make_account, make_content, make_integration, make_site
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from lifecycle_site import ENDINGS, SiteOracle

import settings
from models import Base, Content, Integration, Publication
from models.clock import now_plus
from models.publication import WAITING
from models.publication import PublicationState as State
from models.publishing.accepting import Wanted, accept_publish
from models.publishing.batches import release_batch
from models.publishing.claiming import renew_lease
from models.publishing.outcomes import resume_site, suspend_site
from models.publishing.rescuing import rescue_expired
from models.session import session_scope
from pipeline.lifecycle import MOVES
from pipeline.retry import LOOK_UPS_PER_ATTEMPT
from tasks.publishing.batch import at_work
from tasks.publishing.dispatching import claim_due
from tasks.publishing.recording import record_failures, record_published

SITES, CONTENTS = 2, 2
PLACES = st.integers(0, SITES * CONTENTS - 1)
PICK = st.integers(0, 10**6)


def make_rows(session):
    account = make_account(session)
    integrations = [make_integration(session, make_site(session, account)) for _ in range(SITES)]
    return [(one, make_content(session, one.site)) for one in integrations for _ in range(CONTENTS)]


class Lifecycle(RuleBasedStateMachine):
    """The functions of the product, on rows of their own; the site is an oracle."""

    def __init__(self):
        super().__init__()
        with session_scope() as session:
            self.places = [(one.id, content.id) for one, content in make_rows(session)]
        self.site = SiteOracle()
        self.batches = []
        self.accepted = {}
        self.before = {}
        self.edits = 0

    def teardown(self):
        try:
            self.drain()
        finally:
            with session_scope() as session:
                session.execute(sa.update(Publication).values(batch_id=None))
                for table in reversed(Base.metadata.sorted_tables):
                    session.execute(sa.delete(table))

    # ------------------------------------------------------------------ what may happen

    @rule(place=PLACES, edited=st.booleans(), force=st.booleans())
    def accept(self, place, edited, force):
        integration_id, content_id = self.places[place]
        with session_scope() as session:
            content = session.get_one(Content, content_id)
            if edited:
                self.edits += 1
                make_content(session, content.site, title=f"Edit {self.edits}", content=content)
            integration = session.get_one(Integration, integration_id)
            accepted = accept_publish(session, content, integration, Wanted(force=force))
            assert accepted.run.revision == accepted.publication.revision
            self.accepted[accepted.publication.id] = accepted.publication.revision

    @rule()
    def claim(self):
        for claim in claim_due():
            with at_work(claim.batch_id, "push_posts") as batch:
                self.batches += [batch] if batch else []

    @precondition(lambda self: self.batches)
    @rule(pick=PICK, endings=st.lists(st.sampled_from(sorted(ENDINGS)), min_size=CONTENTS))
    def finish(self, pick, endings):
        """A worker ends its batch, be it ours or one that was lost long ago."""
        batch = self.batches[pick % len(self.batches)]
        errors = {}
        for item, ending in zip(batch.items, endings, strict=False):
            errors[item.id] = self.site.send(item, ending)
        rows, sites = self.rows(), self.suspended()
        record_published(
            batch, {i.id: self.site.show(i) for i in batch.items if errors.get(i.id, 1) is None}
        )
        record_failures(batch, {id_: error for id_, error in errors.items() if error})
        if not any(row.batch_id == batch.id for row in rows.values()):
            assert self.facts(self.rows()) == self.facts(rows)
            assert self.suspended() == sites
        for item, ending in zip(batch.items, endings, strict=False):
            if rows[item.id].batch_id == batch.id and ENDINGS[ending][0]:
                found = self.rows()[item.id]
                assert found.unclear or found.external_id, (
                    "it is at the site, and may be called off"
                )

    @precondition(lambda self: self.batches)
    @rule(pick=PICK)
    def lease_ends(self, pick):
        self.set_rows(
            Publication.batch_id == self.batches[pick % len(self.batches)].id,
            leased_until=now_plus(-1),
        )

    @precondition(lambda self: self.batches)
    @rule(pick=PICK)
    def renew(self, pick):
        batch_id = self.batches[pick % len(self.batches)].id
        ours = any(row.batch_id == batch_id for row in self.rows().values())
        with session_scope() as session:
            assert renew_lease(session, batch_id, settings.current().lease) is ours

    @rule()
    def rescue(self):
        with session_scope() as session:
            rescue_expired(session)

    @precondition(lambda self: self.batches)
    @rule(pick=PICK)
    def release(self, pick):
        with session_scope() as session:
            release_batch(session, self.batches[pick % len(self.batches)].id)

    @rule(place=PLACES)
    def suspend(self, place):
        with session_scope() as session:
            suspend_site(session, self.places[place][0], "blocked", "a firewall")

    @rule(place=PLACES)
    def resume(self, place):
        with session_scope() as session:
            resume_site(session, self.places[place][0])

    @rule()
    def time_passes(self):
        self.set_rows(Publication.state.in_(WAITING), due_at=now_plus(-1))

    # ------------------------------------------------------------------ what must hold

    @invariant()
    def moves_are_those_of_the_table(self):
        rows = self.rows()
        for id_, row in rows.items():
            old = self.before.get(id_)
            if old is None:
                assert (row.state, row.fence) == (State.QUEUED, 0)
                continue
            assert row.state is old.state or row.state in MOVES[old.state]
            assert old.fence <= row.fence <= old.fence + 1
            assert row.revision >= old.revision
        self.before = rows

    @invariant()
    def what_is_on_its_way_has_a_batch_and_a_lease(self):
        owners = {}
        for row in self.rows().values():
            publishing = row.state is State.PUBLISHING
            assert (row.batch_id is not None) is publishing
            assert (row.leased_until is not None) is publishing
            if publishing:
                owners.setdefault(row.integration_id, set()).add(row.batch_id)
        assert all(len(batches) == 1 for batches in owners.values())

    @invariant()
    def attempts_are_bounded(self):
        longest = settings.current().max_attempts * LOOK_UPS_PER_ATTEMPT
        assert all(0 <= row.attempts <= longest for row in self.rows().values())

    @invariant()
    def the_newest_accepted_is_there_or_on_its_way_or_failed_with_words(self):
        rows = self.rows()
        assert {id_: row.revision for id_, row in rows.items()} == self.accepted
        for row in rows.values():
            assert row.state in {*WAITING, State.PUBLISHING, State.PUBLISHED, State.FAILED}
            assert (row.state is State.UNCONFIRMED) <= row.unclear
            if row.state is State.FAILED:
                assert row.failure
                assert row.failure_code
            elif row.state is State.PUBLISHED:
                assert row.published_revision == row.revision
                assert self.site.posts[row.key].revision == row.revision
                assert row.failure is None

    @invariant()
    def the_site_knows_no_fence_that_we_do_not(self):
        fences = {row.key: row.fence for row in self.rows().values()}
        assert all(post.fence <= fences[key] for key, post in self.site.posts.items())

    # ------------------------------------------------------------------ the means

    def drain(self):
        """With a site that works, everything comes to its end."""
        for integration_id, _ in self.places:
            with session_scope() as session:
                resume_site(session, integration_id)
        self.set_rows(Publication.state == State.PUBLISHING, leased_until=now_plus(-1))
        self.rescue()
        for _ in range(2):
            self.time_passes()
            first = len(self.batches)
            self.claim()
            for pick in range(first, len(self.batches)):
                self.finish(pick, ["seen"] * CONTENTS)
        self.the_newest_accepted_is_there_or_on_its_way_or_failed_with_words()
        assert {row.state for row in self.rows().values()} <= {State.PUBLISHED, State.FAILED}

    def rows(self):
        with session_scope(read_only=True) as session:
            return {row.id: row for row in session.scalars(sa.select(Publication))}

    def suspended(self):
        with session_scope(read_only=True) as session:
            return session.scalars(
                sa.select(Integration.suspended_at).order_by(Integration.id)
            ).all()

    def set_rows(self, *conditions, **values):
        with session_scope() as session:
            session.execute(sa.update(Publication).where(*conditions).values(**values))

    @staticmethod
    def facts(rows):
        return {
            id_: {name: getattr(row, name) for name in Publication.__table__.columns.keys()}  # noqa: SIM118 - not a dict
            for id_, row in rows.items()
        }


@pytest.mark.usefixtures("sqlite_database")
@pytest.mark.parametrize(
    "examples", [pytest.param(8, id="few"), pytest.param(30, id="many", marks=pytest.mark.slow)]
)
def test_publications_keep_the_promise_in_any_order_of_events(examples):
    run_state_machine_as_test(
        Lifecycle,
        settings=hypothesis.settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        ),
    )
