"""Requests about a site: accepted once, claimed once, given back when their worker is lost."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from factories import make_integration, reload

from models import EventStatus, Integration, SiteRun, SiteRunKind, SiteRunState, SyncEvent
from models.clock import now_plus
from models.session import session_scope
from models.sites.run_ends import End, end_site_run
from models.sites.runs import (
    MOST_CLAIMS,
    accept_site_run,
    claim_site_run,
    claim_site_runs,
    give_back_lost,
    hold_site_run,
    postpone_site_run,
    release_site_run,
    used_up,
    write_progress,
)

TEST, STRUCTURE = SiteRunKind.CONNECTION_TEST, SiteRunKind.STRUCTURE_SYNC


@pytest.fixture
def integration(database):
    with session_scope() as session:
        return make_integration(session, connection_status="not_connected")


def accept(integration, kind=TEST, **more):
    with session_scope() as session:
        run, made = accept_site_run(session, integration, kind, **more)
        return run.id, made


def claim(kinds=tuple(SiteRunKind), lease=60.0):
    with session_scope() as session:
        return claim_site_runs(session, kinds, lease, 10)


def hold(run_id):
    with session_scope() as session:
        return hold_site_run(session, run_id, 60.0)


def end(run, ending):
    with session_scope() as session:
        return end_site_run(session, run, ending)


def state_of(run_id):
    with session_scope(read_only=True) as session:
        return session.get_one(SiteRun, run_id).state


def test_asking_twice_is_one_run(integration):
    first, made = accept(integration)

    assert made
    assert accept(integration) == (first, False)


def test_many_that_ask_at_once_get_the_same_run(integration):
    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(lambda _: accept(integration), range(16)))

    assert len({run_id for run_id, _ in asked}) == 1
    assert sum(made for _, made in asked) == 1


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"kind": STRUCTURE}, id="another-kind"),
        pytest.param({"subject": "page"}, id="another-subject"),
    ],
)
def test_what_differs_is_a_run_of_its_own(integration, other):
    assert accept(integration)[0] != accept(integration, **other)[0]


def test_a_run_that_has_ended_makes_room_for_the_next(integration):
    first, _ = accept(integration)
    claim()
    end(hold(first), End(succeeded=True))

    second, made = accept(integration)

    assert made
    assert second != first


@pytest.mark.parametrize("succeeded", [True, False])
def test_what_its_links_left_for_one_another_goes_when_it_ends(integration, succeeded):
    run_id, _ = accept(integration, STRUCTURE)
    claim()
    run = hold(run_id)
    with session_scope() as session:
        write_progress(session, run, {"structure": {"post_types": {}}})

    end(run, End(succeeded, details={"post_types_count": 3}))

    with session_scope(read_only=True) as session:
        ended = session.get_one(SiteRun, run_id)
        assert (ended.progress, ended.result["post_types_count"]) == ({}, 3)


def test_two_that_claim_at_once_get_each_run_once(integration):
    for subject in map(str, range(20)):
        accept(integration, subject=subject)

    with ThreadPoolExecutor(4) as pool:
        claims = [each for some in pool.map(lambda _: claim(), range(8)) for each in some]

    assert len(claims) == 20
    assert len({each.run_id for each in claims}) == 20


def test_only_kinds_that_this_release_knows_are_claimed(integration):
    accept(integration)

    assert claim([STRUCTURE]) == []


def test_a_named_run_is_claimed_once(integration):
    run_id, _ = accept(integration)

    with session_scope() as session:
        assert claim_site_run(session, run_id, 60.0).fence == 1
        assert claim_site_run(session, run_id, 60.0) is None


def test_a_lost_run_is_queued_again_and_the_late_worker_writes_nothing(integration):
    run_id, _ = accept(integration)
    claim(lease=-1)
    with session_scope(read_only=True) as session:
        late = session.get_one(SiteRun, run_id)

    with session_scope() as session:
        assert give_back_lost(session, 3600) == [run_id]
    claim()

    with session_scope() as session:
        assert not write_progress(session, late, {"late": True})
        assert not end_site_run(session, late, End(succeeded=True))
    assert state_of(run_id) is SiteRunState.RUNNING


def test_a_lease_that_nobody_could_have_written_is_lost(integration):
    run_id, _ = accept(integration)
    claim(lease=10 * 3600)

    with session_scope() as session:
        assert give_back_lost(session, 3600) == [run_id]


def test_a_run_that_loses_every_worker_is_tried_no_more(integration):
    run_id, _ = accept(integration)
    with session_scope() as session:
        session.execute(
            sa.update(SiteRun).values(
                state=SiteRunState.RUNNING, attempts=MOST_CLAIMS, leased_until=now_plus(-1)
            )
        )

    with session_scope() as session:
        assert give_back_lost(session, 3600) == []
        assert [run.id for run in used_up(session, 3600)] == [run_id]


def test_a_claim_whose_chain_no_worker_began_with_has_used_no_attempt(integration):
    run_id, _ = accept(integration)
    for _ in range(MOST_CLAIMS + 1):
        claim(lease=-1)
        with session_scope() as session:
            assert give_back_lost(session, 3600) == [run_id]

    claim()
    with session_scope() as session:
        assert hold_site_run(session, run_id, 60.0).attempts == 1


def test_the_links_of_a_claim_use_one_attempt_together(integration):
    run_id, _ = accept(integration)
    for attempts in (1, 2):
        claim(lease=-1)
        for _ in range(2):
            with session_scope() as session:
                assert hold_site_run(session, run_id, -1).attempts == attempts
        with session_scope() as session:
            assert give_back_lost(session, 3600) == [run_id]


def test_a_run_that_was_never_started_has_used_no_attempt(integration):
    run_id, _ = accept(integration)
    (claimed,) = claim()

    with session_scope() as session:
        release_site_run(session, claimed)

    with session_scope(read_only=True) as session:
        run = session.get_one(SiteRun, run_id)
        assert (run.state, run.attempts, run.fence) == (SiteRunState.QUEUED, 0, 1)


def test_a_postponed_run_is_not_due(integration):
    run_id, _ = accept(integration)
    claim()
    with session_scope() as session:
        assert postpone_site_run(session, hold_site_run(session, run_id, 60.0), 600)

    assert claim() == []
    assert state_of(run_id) is SiteRunState.QUEUED


@pytest.mark.parametrize(
    ("kind", "ending", "column", "values"),
    [
        pytest.param(
            TEST,
            End(succeeded=True),
            "connection_status",
            ["authenticating", "authenticating", "connected"],
            id="test-well",
        ),
        pytest.param(
            TEST,
            End(succeeded=False, reason="no", code="tls"),
            "connection_status",
            ["authenticating", "authenticating", "error"],
            id="test-ill",
        ),
        pytest.param(
            STRUCTURE,
            End(succeeded=True),
            "sync_status",
            ["pending", "syncing", "success"],
            id="structure-well",
        ),
        pytest.param(
            STRUCTURE,
            End(succeeded=False, reason="no", code="timeout"),
            "sync_status",
            ["pending", "syncing", "failed"],
            id="structure-ill",
        ),
    ],
)
def test_the_integration_says_how_far_it_is(integration, kind, ending, column, values):
    seen = []
    run_id, _ = accept(integration, kind)
    seen.append(getattr(reload(integration), column))
    claim()
    seen.append(getattr(reload(integration), column))
    end(hold(run_id), ending)
    seen.append(getattr(reload(integration), column))

    assert seen == values


def test_an_end_is_told_in_one_event(integration):
    run_id, _ = accept(integration, STRUCTURE)
    claim()
    run = hold(run_id)

    assert end(run, End(succeeded=False, reason="it was slow", code="timeout"))
    assert not end(run, End(succeeded=True))

    with session_scope(read_only=True) as session:
        event = session.scalars(sa.select(SyncEvent)).one()
        assert (event.action, event.status) == ("structure_sync", EventStatus.FAILED)
        assert (event.error_message, event.details) == ("it was slow", {"code": "timeout"})
        assert event.direction == "wp_to_igny8"
        assert session.get_one(Integration, integration.id).sync_error == "timeout: it was slow"
