"""The structure sync: fetched, stored, retried, planned for the next day (S81, S103, C34, C43)."""

import pytest
import sqlalchemy as sa
from factories import reload
from site_chains import accept, read, run, run_due

from models import Integration, SiteRun, SiteRunKind, SiteRunState, SiteStructure
from models.clock import now_plus
from models.publishing.outcomes import resume_site, suspend_site
from models.session import session_scope
from models.sites.structures import Look, keep_structure, plan_first_fetch
from simulators.faults import Fault, Kind
from tasks.sites import gate as site_runs
from tasks.sites import structure

SYNC, COLLECTION = SiteRunKind.STRUCTURE_SYNC, SiteRunKind.COLLECTION_TEST
ROUTE = "^/igny8/v1/structure$"


def known(integration):
    with session_scope(read_only=True) as session:
        return session.get_one(SiteStructure, integration.id)


def due_in(integration):
    """Seconds until the site is asked next, by the database's clock."""
    with session_scope(read_only=True) as session:
        present = session.scalar(sa.select(now_plus(0)))
        return (session.get_one(SiteStructure, integration.id).due_at - present).total_seconds()


def make_due(integration):
    with session_scope() as session:
        plan_first_fetch(session, integration.id)
        session.execute(sa.update(SiteStructure).values(due_at=now_plus(-1)))


def test_the_site_is_asked_and_its_answer_stored(integration):
    done = run(integration, SYNC)

    assert done.state is SiteRunState.SUCCEEDED
    assert done.result["post_types_count"] == 2
    stored = known(integration)
    assert stored.taxonomies["category"]["hierarchical"] is True
    assert stored.source == "fetch"
    assert reload(integration).sync_status == "success"
    assert reload(integration).last_sync_at is not None


@pytest.mark.parametrize(("before", "after"), [("connected", "ready"), ("error", "error")])
def test_a_connected_site_whose_structure_was_fetched_is_ready(integration, before, after):
    with session_scope() as session:
        session.execute(sa.update(Integration).values(connection_status=before))

    run(integration, SYNC)

    assert reload(integration).connection_status == after


@pytest.mark.parametrize(
    ("fetched", "status"),
    [pytest.param(True, "ready", id="fetched"), pytest.param(False, "connected", id="not-fetched")],
)
def test_a_site_that_resumes_is_as_ready_as_it_was(integration, fetched, status):
    if fetched:
        run(integration, SYNC)
    with session_scope() as session:
        suspend_site(session, integration.id, "key_rejected", "the key is refused")

    with session_scope() as session:
        resume_site(session, integration.id)

    assert reload(integration).connection_status == status


def test_no_content_is_moved(integration, simulated_site):
    run(integration, SYNC)

    assert {(each.method, each.route) for each in simulated_site.requests} == {
        ("GET", "/igny8/v1/structure")
    }


def test_what_the_plugin_told_meanwhile_stays(integration):
    run_id = accept(integration, SYNC)
    site_runs.claim_due()
    structure.fetch_structure(run_id)
    pushed = Look({"post_types": {"pushed": {}}}, None, "plugin")
    with session_scope() as session:
        session.execute(sa.update(SiteRun).values(progress=_older(read(run_id).progress)))
        keep_structure(session, integration.id, pushed)

    structure.store_structure(run_id)

    assert list(known(integration).post_types) == ["pushed"]
    assert read(run_id).state is SiteRunState.SUCCEEDED


def _older(progress):
    told = progress["structure"]
    return {"structure": told | {"timestamp": "2020-01-01T00:00:00Z"}}


def test_a_site_that_is_away_is_asked_again_soon_and_then_hourly(integration, simulated_site):
    simulated_site.faults.add(Fault(Kind.STATUS, path=ROUTE, code=503))
    run_id = accept(integration, SYNC)

    for attempt in range(1, 4):
        with session_scope() as session:
            session.execute(sa.update(SiteRun).values(due_at=now_plus(0)))
        assert run_due() == 1
        ended = read(run_id)
        assert ended.attempts == attempt
    assert ended.state is SiteRunState.FAILED
    assert reload(integration).sync_status == "failed"
    assert 0 < due_in(integration) <= 3600


def test_between_two_tries_it_waits_in_its_row(integration, simulated_site):
    simulated_site.faults.add(Fault(Kind.STATUS, path=ROUTE, code=503, times=1))
    run_id = accept(integration, SYNC)
    run_due()

    assert read(run_id).state is SiteRunState.QUEUED
    assert run_due() == 0


def test_an_older_plugin_is_no_reason_to_stop_publishing(integration, simulated_site):
    simulated_site.faults.add(Fault(Kind.PLUGIN_MISSING, path=ROUTE))

    done = run(integration, SYNC)

    assert done.result["code"] == "upgrade_required"
    assert "1.5.0" in done.result["reason"]
    assert reload(integration).suspended_at is None
    assert due_in(integration) > 3600


def test_a_refused_key_suspends_the_site(integration, simulated_site):
    simulated_site.api_key = "igny8_live_another"

    assert run(integration, SYNC).state is SiteRunState.FAILED
    assert reload(integration).suspended_code == "credentials_rejected"


def test_a_site_that_tells_a_part_has_a_partial_sync(integration, monkeypatch):
    told = {"post_types": {"post": {"label": "Posts", "count": 1}}}
    monkeypatch.setattr("simulators.bridge.describe_structure", lambda _store: told)

    done = run(integration, SYNC)

    assert (done.state, done.result["partial"]) == (SiteRunState.SUCCEEDED, True)
    assert reload(integration).sync_status == "partial"


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"post_types": {"x": {"label": "x", "count": -1}}}, id="negative"),
        pytest.param({"post_types": 1}, id="no-map"),
    ],
)
def test_an_answer_that_is_no_structure_changes_nothing(integration, monkeypatch, told):
    run(integration, SYNC)
    before = known(integration).post_types
    monkeypatch.setattr("simulators.bridge.describe_structure", lambda _store: told)

    done = run(integration, SYNC)

    assert (done.state, done.result["code"]) == (SiteRunState.FAILED, "bad_structure")
    assert known(integration).post_types == before


def test_what_is_due_is_fetched_once_a_day(integration):
    make_due(integration)

    assert structure.accept_due_structures() == 1
    assert structure.accept_due_structures() == 0
    assert run_due() == 1
    assert 24 * 3600 <= due_in(integration) < 25 * 3600 + 60


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"is_active": False}, id="inactive"),
        pytest.param({"sync_enabled": False}, id="no-sync"),
        pytest.param({"suspended_at": now_plus(0)}, id="suspended"),
        pytest.param({"breaker_opens": 1}, id="breaker"),
        pytest.param({"platform": "shopify"}, id="no-adapter"),
    ],
)
def test_who_is_not_asked(integration, values):
    make_due(integration)
    with session_scope() as session:
        session.execute(sa.update(Integration).values(**values))

    assert structure.accept_due_structures() == 0


@pytest.mark.parametrize(
    ("name", "works", "words"),
    [
        pytest.param("post", True, None, id="post"),
        pytest.param("page", True, None, id="page"),
        pytest.param("product", False, "no content type product", id="missing"),
    ],
)
def test_a_content_type_is_tried(integration, name, works, words):
    done = run(integration, COLLECTION, subject=name)

    assert done.result["success"] is works
    if words:
        assert words in done.result["reason"]
    else:
        assert done.result["route"].startswith("/wp/v2/")
        assert done.result["can_create"] is (name == "post")
        assert done.result["count"] == 0


def test_a_content_type_without_a_route_is_told_as_such(integration, simulated_site):
    simulated_site.faults.add(Fault(Kind.STATUS, path="/wp/v2/types/page", code=404, body="json"))

    assert "show_in_rest" in run(integration, COLLECTION, subject="page").result["reason"]
