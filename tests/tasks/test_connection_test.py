"""The connection test: it names the failing layer, whose it is, and what to do (S253–S255)."""

import socket

import pytest
import sqlalchemy as sa
from factories import reload
from site_chains import accept, read, run

from models import (
    Capability,
    Integration,
    SiteRun,
    SiteRunKind,
    SiteRunState,
    SiteStructure,
    SyncEvent,
)
from models.clock import now_plus
from models.session import session_scope
from pipeline.diagnosis import LAYERS
from simulators.faults import Fault, Kind
from tasks.sites import connecting
from tasks.sites import gate as site_runs

TEST = SiteRunKind.CONNECTION_TEST


def layers(result):
    return {each["layer"]: each for each in result.result["layers"]}


def point_at(integration, url):
    with session_scope() as session:
        row = session.get_one(Integration, integration.id)
        row.config_json = {**row.config_json, "site_url": url}


def test_a_site_that_is_well_has_every_layer(integration, simulated_site):
    done = run(integration, TEST)

    assert done.state is SiteRunState.SUCCEEDED
    assert done.result["success"]
    assert tuple(layers(done)) == LAYERS
    assert all(each["ok"] for each in done.result["layers"])
    assert reload(integration).connection_status == "connected"


def test_what_the_site_can_do_is_kept_and_dated(integration):
    run(integration, TEST)

    with session_scope(read_only=True) as session:
        kept = session.get_one(Capability, integration.id)
        assert kept.wordpress_version == "6.8.7"
        assert (kept.rest_route, kept.pretty_permalinks) == ("path", True)
        assert kept.authorization_stripped is False
        assert kept.can_write is True
        assert kept.transactions is True
        assert kept.max_body_bytes > 0
        assert (kept.timezone, kept.gmt_offset) == ("Europe/Berlin", 1.0)
        assert kept.observed_at is not None
        assert len(kept.layers) == len(LAYERS)


def test_plain_permalinks_are_advice_and_no_failure(integration, simulated_site):
    simulated_site.pretty_permalinks = False

    done = run(integration, TEST)

    assert done.result["success"]
    assert "Permalinks" in layers(done)["permalinks"]["what_to_do"]
    with session_scope(read_only=True) as session:
        assert session.get_one(Capability, integration.id).rest_route == "query"


@pytest.mark.parametrize(
    ("fault", "layer", "whose"),
    [
        pytest.param(Fault(Kind.DOWN), "http", "host", id="resets-every-request"),
        pytest.param(Fault(Kind.STATUS, path="", code=503), "http", "site", id="maintenance"),
        pytest.param(Fault(Kind.STATUS, path="", code=403), "http", "host", id="firewall"),
        pytest.param(Fault(Kind.STATUS, path="", code=401), "http", "host", id="password"),
        pytest.param(Fault(Kind.REDIRECT, path=""), "http", "ours", id="redirected"),
        pytest.param(Fault(Kind.NOT_WORDPRESS), "wordpress", "ours", id="not-wordpress"),
        pytest.param(Fault(Kind.PLUGIN_MISSING), "plugin", "site", id="no-plugin"),
        pytest.param(
            Fault(Kind.STATUS, path="/igny8/v1/status", code=403), "key", "site", id="s255"
        ),
        pytest.param(
            Fault(Kind.STATUS, path="/igny8/v1/status", code=500), "key", "site", id="broken"
        ),
    ],
)
def test_the_failing_layer_is_named(integration, simulated_site, fault, layer, whose):
    simulated_site.faults.add(fault)

    done = run(integration, TEST)

    assert done.state is SiteRunState.FAILED
    assert done.result["failing_layer"] == layer
    named = layers(done)[layer]
    assert named["whose"] == whose
    assert named["message"]
    assert named["what_to_do"]
    assert named["what_to_do"] in done.result["reason"]
    after = list(LAYERS[LAYERS.index(layer) + 1 :])
    assert [name for name in LAYERS if layers(done)[name]["skipped"]][-len(after) :] == after
    assert reload(integration).connection_status == "error"
    assert reload(integration).sync_error.startswith(f"{layer}: ")


def test_a_wrong_key_is_told_as_such(integration, simulated_site):
    simulated_site.api_key = "igny8_live_another"

    done = run(integration, TEST)

    assert done.result["failing_layer"] == "key"
    assert "make a new one" in done.result["reason"]


def test_an_old_plugin_is_told_by_its_version(integration, simulated_site):
    simulated_site.faults.add(Fault(Kind.PLUGIN_VERSION))

    done = run(integration, TEST)

    assert done.result["failing_layer"] == "plugin_version"


def test_a_port_where_nothing_listens(integration):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    point_at(integration, f"http://127.0.0.1:{port}")

    assert run(integration, TEST).result["failing_layer"] == "tcp"


@pytest.mark.parametrize(
    ("url", "layer"),
    [
        pytest.param("http://10.1.2.3", "address", id="private"),
        pytest.param("http://127.0.0.2", "address", id="this-machine"),
        pytest.param("ftp://127.0.0.1", "address", id="not-a-web-site"),
        pytest.param("http://no-such-name.invalid", "dns", id="unknown-name"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_and_nothing_is_sent(
    integration, simulated_site, url, layer
):
    point_at(integration, url)

    assert run(integration, TEST).result["failing_layer"] == layer
    assert simulated_site.requests == []


def test_the_key_is_sent_to_the_plugin_alone(integration, simulated_site):
    run(integration, TEST)

    with_key = {each.route for each in simulated_site.requests if "authorization" in each.headers}
    assert with_key == {
        f"/igny8/v1/{name}" for name in ("status", "publish", "publications", "media")
    }


def test_it_makes_no_post(integration, simulated_site):
    run(integration, TEST)

    assert len(simulated_site.posts) == 0


@pytest.fixture
def suspended(integration):
    with session_scope() as session:
        session.execute(
            sa.update(Integration).values(
                suspended_at=sa.func.now(), suspended_code="blocked", suspended_reason="old"
            )
        )
    return integration


def test_a_suspended_site_that_is_well_goes_on(suspended):
    run(suspended, TEST)

    assert reload(suspended).suspended_at is None


def test_a_suspended_site_that_answers_and_refuses_posts_stays_so(suspended, simulated_site):
    simulated_site.faults.add(Fault(Kind.STATUS, path="/igny8/v1/publish", code=403))

    done = run(suspended, TEST)

    assert (done.state, done.result["failing_layer"]) == (SiteRunState.FAILED, "write")
    assert "403" in layers(done)["write"]["message"]
    assert reload(suspended).suspended_at is not None


def test_a_late_link_whose_run_has_begun_anew_says_nothing_of_the_site(suspended):
    run_id = accept(suspended, TEST)
    site_runs.claim_due()
    connecting.probe_network(run_id)
    with session_scope() as session:
        session.execute(sa.update(SiteRun).values(leased_until=now_plus(-1)))
    site_runs.rescue_site_runs()
    site_runs.claim_due()

    connecting.write_capabilities(run_id)

    assert read(run_id).state is SiteRunState.RUNNING
    assert reload(suspended).suspended_at is not None


def test_a_connected_site_will_be_asked_for_its_structure(integration):
    run(integration, TEST)

    with session_scope(read_only=True) as session:
        assert session.get_one(SiteStructure, integration.id).due_at is not None


def test_each_test_is_told_in_an_event(integration, simulated_site):
    run(integration, TEST)
    simulated_site.faults.add(Fault(Kind.PLUGIN_MISSING))
    run(integration, TEST)

    with session_scope(read_only=True) as session:
        told = session.scalars(sa.select(SyncEvent).order_by(SyncEvent.id)).all()
        assert [(each.action, each.success) for each in told] == [
            ("connection_test", True),
            ("connection_test", False),
        ]
        assert told[1].details == {"code": "plugin"}


def test_a_link_may_run_twice(integration):
    run_id = accept(integration, TEST)
    site_runs.claim_due()
    for link in (
        connecting.probe_network,
        connecting.probe_network,
        connecting.probe_wordpress,
        connecting.probe_bridge,
        connecting.probe_bridge,
        connecting.write_capabilities,
        connecting.write_capabilities,
    ):
        link(run_id)

    assert read(run_id).state is SiteRunState.SUCCEEDED
    with session_scope(read_only=True) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(SyncEvent)) == 1


def test_what_another_site_writes_is_never_read_as_a_format(integration, simulated_site):
    simulated_site.faults.add(Fault(Kind.REDIRECT, path="", location="https://{status}/{0}"))

    assert "https://{status}/{0}" in run(integration, TEST).result["reason"]
