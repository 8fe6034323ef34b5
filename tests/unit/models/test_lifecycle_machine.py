"""Publications on a real database under everything that may happen to them, in any order."""

from contextlib import suppress

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
from models.schedule.by_hand import CALLED_OFF, OnItsWay, Wish, schedule_by_hand
from models.session import session_scope
from models.sites.care import Place
from models.sites.census import census_rows
from pipeline.lifecycle import END_STATES, MOVES
from pipeline.retry import LOOK_UPS_PER_ATTEMPT
from tasks.publishing.batch import at_work
from tasks.publishing.dispatching import claim_due
from tasks.publishing.recording import record_failures, record_published
from tasks.sites.census_repairs import record_findings

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
        self.censuses = []
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

    @rule(place=PLACES, edited=st.booleans(), force=st.booleans(), restore=st.booleans())
    def accept(self, place, edited, force, restore):
        integration_id, content_id = self.places[place]
        with session_scope() as session:
            content = session.get_one(Content, content_id)
            if edited:
                self.edits += 1
                make_content(session, content.site, title=f"Edit {self.edits}", content=content)
            integration = session.get_one(Integration, integration_id)
            wanted = Wanted(force=force, restore=restore)
            accepted = accept_publish(session, content, integration, wanted)
            assert accepted.run.revision == accepted.publication.revision
            assert accepted.publication.restore or not restore
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
            batch,
            {i.id: self.site.show(i.wish.key) for i in batch.items if errors.get(i.id, 1) is None},
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

    @rule()
    def all_goes_well(self):
        first = len(self.batches)
        self.claim()
        self.moves_are_those_of_the_table()  # the claim is a move of its own
        for pick in range(first, len(self.batches)):
            self.finish(pick, ["seen"] * CONTENTS)

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

    @rule(place=PLACES)
    def call_off(self, place):
        """A person puts the content into the schedule, in place of what was accepted."""
        integration_id, content_id = self.places[place]
        with suppress(OnItsWay), session_scope() as session:
            content = session.get_one(Content, content_id)
            schedule_by_hand(session, content, session.get_one(Integration, integration_id), Wish())
            assert not any(
                row.state in {*WAITING, State.PUBLISHING}
                for row in session.scalars(sa.select(Publication).filter_by(content_id=content_id))
            )

    @rule(place=PLACES, lost=st.booleans())
    def begin_census(self, place, lost):
        """``lost``: the site was restored from a backup without what it shows."""
        integration_id, _ = self.places[place]
        for row in self.rows().values():
            there = row.state is State.PUBLISHED and row.key in self.site.posts
            if lost and there and row.integration_id == integration_id:
                self.site.lose(row.key)
        with session_scope(read_only=True) as session:
            one = session.get_one(Integration, integration_id)
            ours = Place(one.account_id, one.site_id, one.id)
            self.censuses.append((ours, *self.site.compare(census_rows(session, one.id))))

    @precondition(lambda self: self.censuses)
    @rule(pick=PICK)
    def end_census(self, pick):
        """What was read may be long out of date, and a census may be ended twice."""
        record_findings(*self.censuses[pick % len(self.censuses)])

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
            assert row.state in {*WAITING, State.PUBLISHING, *END_STATES}
            assert (row.state is State.UNCONFIRMED) <= row.unclear
            if row.state is State.WITHDRAWN:
                assert (row.failure_code, row.unclear) == (CALLED_OFF, False)
            elif row.state is State.FAILED:
                assert row.failure
                assert row.failure_code
            elif row.state is State.PUBLISHED:
                assert row.published_revision == row.revision
                if row.key not in self.site.lost:
                    assert self.site.posts[row.key].revision == row.revision
                assert (row.failure, row.restore) == (None, False)

    @invariant()
    def the_site_knows_no_fence_that_we_do_not(self):
        fences = {row.key: row.fence for row in self.rows().values()}
        assert all(post.fence <= fences[key] for key, post in self.site.posts.items())

    # ------------------------------------------------------------------ the means

    def drain(self):
        """With a site that works, everything comes to its end."""
        for place, (integration_id, _) in enumerate(self.places):
            with session_scope() as session:
                resume_site(session, integration_id)
            self.moves_are_those_of_the_table()  # each a move of its own
            self.begin_census(place, lost=False)
            self.end_census(len(self.censuses) - 1)
            self.moves_are_those_of_the_table()
        self.set_rows(Publication.state == State.PUBLISHING, leased_until=now_plus(-1))
        self.rescue()
        self.moves_are_those_of_the_table()
        for _ in range(2):
            self.time_passes()
            self.all_goes_well()
        self.the_newest_accepted_is_there_or_on_its_way_or_failed_with_words()
        assert {row.state for row in self.rows().values()} <= END_STATES
        shown = {row.key for row in self.rows().values() if row.state is State.PUBLISHED}
        assert not shown & self.site.lost.keys(), "the census brings back what the site has lost"

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


def play(examples):
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


@pytest.mark.usefixtures("database")
def test_publications_keep_the_promise_in_any_order_of_events():
    play(8)


@pytest.mark.slow
@pytest.mark.usefixtures("sqlite_database")
def test_publications_keep_the_promise_in_many_orders_of_events():
    play(30)
