"""Tests and syncs of sites in worker processes: started by a ring or a tick, found when lost."""

import pytest
import sqlalchemy as sa
from servers import wait_until

from models import Capability, Integration, SiteRun, SiteRunKind, SiteRunState, SiteStructure
from models.session import session_scope
from models.sites.runs import accept_site_run
from models.sites.structures import plan_fetch
from tasks.doorbell import ring_site_runs
from tasks.sites.structure import accept_due_structures

pytestmark = pytest.mark.slow
TEST, STRUCTURE = SiteRunKind.CONNECTION_TEST, SiteRunKind.STRUCTURE_SYNC


def accept(integration, kind):
    with session_scope() as session:
        return accept_site_run(session, integration, kind)[0].id


def read(run_id):
    with session_scope(read_only=True) as session:
        return session.get_one(SiteRun, run_id)


def wait_for_end(run_id):
    wait_until(lambda: read(run_id).finished_at is not None, timeout=60, what="the run's end")
    return read(run_id)


def test_a_test_and_a_sync_go_their_way_through_the_queues(setup, integration):
    runs = [accept(integration, kind) for kind in (TEST, STRUCTURE)]
    ring_site_runs()

    ended = [wait_for_end(run_id) for run_id in runs]

    assert [run.state for run in ended] == [SiteRunState.SUCCEEDED] * 2
    with session_scope(read_only=True) as session:
        assert session.get_one(Capability, integration.id).can_write is True
        assert session.get_one(SiteStructure, integration.id).source == "fetch"
        assert session.get_one(Integration, integration.id).sync_status == "success"


@pytest.mark.usefixtures("sqlite_database")
@pytest.mark.parametrize("broker", ["valkey"], indirect=True)
class TestFaults:
    def test_without_a_ring_the_tick_finds_it(self, setup, integration):
        assert wait_for_end(accept(integration, TEST)).state is SiteRunState.SUCCEEDED

    def test_a_worker_killed_in_the_middle_delays_it_and_no_more(
        self, setup, engine, integration, simulated_site, turn_dial
    ):
        turn_dial(kind="slow", path="/igny8/v1/status", seconds=1.0)
        run_id = accept(integration, TEST)
        wait_until(lambda: read(run_id).progress, what="the first link")
        setup.worker_cluster[0].kill()

        engine["publish"].start()

        ended = wait_for_end(run_id)
        assert ended.state is SiteRunState.SUCCEEDED
        with session_scope(read_only=True) as session:
            told = sa.text("SELECT count(*) FROM sync_events WHERE action = 'connection_test'")
            assert session.scalar(told) == 1

    def test_a_structure_that_is_due_is_fetched(self, setup, integration):
        with session_scope() as session:
            plan_fetch(session, integration.id, -1.0)

        assert accept_due_structures() == 1
        wait_until(
            lambda: read_structure(integration) is not None, timeout=60, what="the structure"
        )


def read_structure(integration):
    with session_scope(read_only=True) as session:
        return session.get_one(SiteStructure, integration.id).observed_at
