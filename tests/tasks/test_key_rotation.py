"""A site's key is changed without a gap: whatever fails, the old key is still the key."""

import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa
from factories import SITE_KEY, reload
from site_chains import accept, read
from werkzeug.serving import make_server

import settings
from ingress import create_app
from models import Integration, Site, SiteRun, SiteRunKind, SiteRunState, SyncEvent
from models.clock import now
from models.publishing.outcomes import suspend_site
from models.session import session_scope
from models.sites.keys import KeyKind, find_by_key, forget_old_keys, replace_key
from models.sites.runs import MOST_CLAIMS, MOST_SETTLING_CLAIMS
from pipeline.errors import CredentialsRejected
from platforms import target_of
from platforms.key_exchange import KeyExchange
from simulators.faults import Fault, Kind
from tasks.sites import gate as site_runs
from tasks.sites import key_rotation

ROTATION = SiteRunKind.KEY_ROTATION
LINKS = [key_rotation.offer_key, key_rotation.prove_key, key_rotation.switch_to_key]


@pytest.fixture
def site(integration):
    return integration.site


@pytest.fixture
def answered_first():
    """Statuses that the proxy before the API answers, instead of asking it."""
    return []


@pytest.fixture
def engine(database, broker_url, answered_first):
    """The API on a port of its own; returns its address."""
    app = create_app(settings.current())

    def proxy(environ, start_response):
        if answered_first:
            start_response(answered_first.pop(), [("Content-Length", "0")])
            return []
        return app(environ, start_response)

    server = make_server("127.0.0.1", 0, proxy, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def paired(simulated_site, engine, site):
    """The site, which knows the engine."""
    simulated_site.pair(engine, site.id)
    return simulated_site


def rotate(integration, links=LINKS, hours=24):
    """Accept a change of the key, and take it through its links; return the run's id."""
    run_id = accept(integration, ROTATION, arguments={"overlap_hours": hours})
    go_on(links)
    return run_id


def go_on(links=LINKS):
    with session_scope() as session:
        session.execute(sa.text("UPDATE site_runs SET due_at = :then"), {"then": "2020-01-01"})
    for claim in site_runs.claim_due():
        for link in links if claim.kind is ROTATION else ():  # a proof asks for a test as well
            link(claim.run_id)


def lose_worker(run_id, claims):
    """Leave the run as a worker does that dies with it at its claim of this number."""
    lost = {"state": SiteRunState.RUNNING, "attempts": claims, "leased_until": None}
    with session_scope() as session:
        session.execute(sa.update(SiteRun).filter_by(id=run_id).values(**lost))


def opens(key):
    with session_scope(read_only=True) as session:
        found = find_by_key(session, key)
    return found and found[1]


def keys_of(simulated):
    return simulated._bridge.keys


def test_the_new_key_is_the_key_on_both_sides(integration, site, paired):
    done = read(rotate(integration))

    assert done.state is SiteRunState.SUCCEEDED, done.result
    key = reload(site).wp_api_key
    assert key.startswith("igny8_live_")
    assert key != SITE_KEY
    assert keys_of(paired).current == key
    assert reload(site).next_api_key is None
    assert done.result["masked_api_key"].endswith(key[-4:])
    assert key not in str(done.result)


def test_the_old_key_is_accepted_for_so_long_and_then_forgotten(integration, site, paired):
    rotate(integration, hours=2)

    assert opens(SITE_KEY) is KeyKind.PREVIOUS
    assert keys_of(paired).previous == SITE_KEY
    with session_scope() as session:
        assert forget_old_keys(session) == 0
        session.execute(sa.update(Site).values(previous_api_key_until=now()))
        assert forget_old_keys(session) == 1
    assert opens(SITE_KEY) is None
    assert reload(site).previous_api_key_digest is None


def test_requests_on_their_way_are_not_cut_off(integration, site, paired):
    rotate(integration, hours=0)

    until = reload(site).previous_api_key_until
    with session_scope(read_only=True) as session:
        assert (until - session.scalar(sa.select(now()))).total_seconds() > 200


def test_it_is_told_in_an_event_without_the_key(integration, site, paired):
    rotate(integration)

    with session_scope(read_only=True) as session:
        event = session.scalars(sa.select(SyncEvent).filter_by(action="key_rotation")).one()
    assert event.success
    told = str([getattr(event, column.name) for column in SyncEvent.__table__.columns])
    assert reload(site).wp_api_key not in told


def test_a_site_that_can_not_reach_us_keeps_its_old_key(integration, site, simulated_site):
    done = read(rotate(integration))

    assert (done.state, done.result["code"]) == (SiteRunState.FAILED, "not_proved")
    assert "could not reach us" in done.result["reason"]
    assert reload(site).wp_api_key == SITE_KEY
    assert keys_of(simulated_site).current == SITE_KEY
    assert opens(SITE_KEY) is KeyKind.CURRENT


@pytest.mark.parametrize("status", ["503 Away", "502 Bad Gateway", "429 Wait"])
def test_our_own_absence_costs_another_try(integration, site, paired, answered_first, status):
    answered_first.append(status)
    run_id = rotate(integration)
    assert read(run_id).state is SiteRunState.QUEUED, read(run_id).result

    go_on()

    assert read(run_id).state is SiteRunState.SUCCEEDED, read(run_id).result


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param(Fault(Kind.STATUS, path="/key/next", code=401), "blocked", id="401"),
        pytest.param(Fault(Kind.STATUS, path="/key/next", code=403), "blocked", id="firewall"),
        pytest.param(Fault(Kind.PLUGIN_MISSING), "bridge_missing", id="no plugin"),
        pytest.param(Fault(Kind.STATUS, path="/key/switch", code=403), "blocked", id="at the end"),
    ],
)
def test_what_the_site_refuses_changes_nothing(integration, site, paired, fault, code):
    paired.faults.add(fault)

    done = read(rotate(integration))

    assert done.state is SiteRunState.FAILED
    assert done.result["reason"]
    assert reload(site).wp_api_key == SITE_KEY
    assert keys_of(paired).current == SITE_KEY


@pytest.mark.parametrize("step", ["next", "prove", "switch"])
@pytest.mark.parametrize("kind", [Kind.LOST_ANSWER, Kind.RESET, Kind.RESET_AFTER_WORK])
def test_an_answer_that_is_lost_costs_another_try(integration, site, paired, step, kind):
    paired.faults.add(Fault(kind, path=f"/key/{step}", times=1))
    run_id = rotate(integration)
    assert read(run_id).state is SiteRunState.QUEUED, read(run_id).result

    go_on()

    assert read(run_id).state is SiteRunState.SUCCEEDED, read(run_id).result
    assert keys_of(paired).current == reload(site).wp_api_key != SITE_KEY


@pytest.mark.parametrize("died_after", [1, 2])
def test_a_worker_that_dies_leaves_a_key_that_works(integration, site, paired, died_after):
    run_id = rotate(integration, LINKS[:died_after])
    assert reload(site).wp_api_key == SITE_KEY
    assert keys_of(paired).current == SITE_KEY
    with session_scope() as session:
        session.execute(sa.text("UPDATE site_runs SET leased_until = :t"), {"t": "2020-01-01"})

    site_runs.rescue_site_runs()
    go_on()

    assert read(run_id).state is SiteRunState.SUCCEEDED, read(run_id).result
    assert keys_of(paired).current == reload(site).wp_api_key


@pytest.mark.parametrize(
    "forgotten", [False, True], ids=["still takes the old", "has forgotten it"]
)
def test_a_site_that_has_switched_without_our_knowing_is_followed(
    integration, site, paired, forgotten
):
    """We died between the site's switch and our own."""
    rotate(integration, LINKS[:2])
    key = reload(site).next_api_key
    keys = keys_of(paired)
    keys.previous, keys.current, keys.next = SITE_KEY, key, ""
    keys.previous_until = 1 if forgotten else 2**40
    with session_scope() as session:
        session.execute(sa.text("UPDATE site_runs SET leased_until = :t"), {"t": "2020-01-01"})
    site_runs.rescue_site_runs()

    go_on()

    assert reload(site).wp_api_key == key


def test_links_that_run_twice_do_no_harm(integration, site, paired):
    run_id = rotate(integration, [link for link in LINKS for _ in (1, 2)])

    assert read(run_id).state is SiteRunState.SUCCEEDED
    assert keys_of(paired).current == reload(site).wp_api_key


def test_a_key_that_somebody_gives_meanwhile_wins(integration, site, paired):
    accept(integration, ROTATION, arguments={"overlap_hours": 1})
    (claim,) = site_runs.claim_due()
    key_rotation.offer_key(claim.run_id)
    with session_scope() as session:
        row = session.get_one(Site, site.id)
        replace_key(session, row, "igny8_live_entered-by-hand-meanwhile", 0)
    for link in LINKS[1:]:
        link(claim.run_id)

    assert read(claim.run_id).result["code"] == "key_replaced"
    assert reload(site).wp_api_key == "igny8_live_entered-by-hand-meanwhile"


def test_a_suspended_site_goes_on_with_its_new_key(integration, site, paired):
    with session_scope() as session:
        suspend_site(session, integration.id, "credentials_rejected", "refused")

    rotate(integration)

    assert reload(site).wp_api_key != SITE_KEY
    with session_scope(read_only=True) as session:
        assert session.get_one(Integration, integration.id).suspended_at is None


class TestASwitchThatStaysUnclear:
    """Every answer to it is lost; the site is asked which key is its own, and believed."""

    @pytest.fixture
    def unclear(self, integration, paired, environment):
        """Return what accepts the change and goes through all tries of it but the last."""
        environment.setattr(key_rotation, "SWITCHING_ATTEMPTS", 2)

        def go(*faults):
            for fault in faults:
                paired.faults.add(fault)
            run_id = rotate(integration)
            assert read(run_id).state is SiteRunState.QUEUED
            return run_id

        return go

    def test_a_site_that_has_not_switched_keeps_its_old_key(
        self, integration, site, paired, unclear
    ):
        run_id = unclear(Fault(Kind.RESET, path="/key/switch"))

        go_on()

        done = read(run_id)
        assert done.state is SiteRunState.FAILED
        assert reload(site).wp_api_key == keys_of(paired).current == SITE_KEY
        assert reload(site).next_api_key is None

    def test_a_site_that_has_switched_is_followed(self, integration, site, paired, unclear):
        run_id = unclear(Fault(Kind.RESET, path="/key/switch", times=1))
        paired.faults.add(Fault(Kind.LOST_ANSWER, path="/key/switch"))

        go_on()

        assert read(run_id).state is SiteRunState.SUCCEEDED, read(run_id).result
        assert reload(site).wp_api_key == keys_of(paired).current != SITE_KEY

    def test_a_switch_that_comes_late_is_refused(self, integration, site, paired, unclear):
        unclear(Fault(Kind.RESET, path="/key/switch"))
        late = KeyExchange(replace(target_of(integration), api_key=reload(site).next_api_key))
        go_on()
        paired.faults.clear()

        with pytest.raises(CredentialsRejected):
            late.switch(3600)

        assert keys_of(paired).current == SITE_KEY

    def test_a_site_that_does_not_answer_is_asked_until_it_does(
        self, integration, site, paired, unclear
    ):
        run_id = unclear(Fault(Kind.LOST_ANSWER, path="/key/switch", times=1))
        paired.faults.add(Fault(Kind.DOWN))
        go_on()
        go_on()
        assert read(run_id).state is SiteRunState.QUEUED

        paired.faults.clear()
        go_on()

        assert read(run_id).state is SiteRunState.SUCCEEDED, read(run_id).result
        assert reload(site).wp_api_key == keys_of(paired).current != SITE_KEY

    @pytest.mark.parametrize("claims", [MOST_CLAIMS, MOST_CLAIMS + 5])
    def test_a_worker_that_is_lost_late_does_not_end_it(
        self, integration, site, paired, unclear, claims
    ):
        """The tries that asked the site have been counted as claims too."""
        run_id = unclear(Fault(Kind.LOST_ANSWER, path="/key/switch", times=1))
        lose_worker(run_id, claims)

        site_runs.rescue_site_runs()
        go_on()

        assert read(run_id).state is SiteRunState.SUCCEEDED, read(run_id).result
        assert reload(site).wp_api_key == keys_of(paired).current != SITE_KEY

    def test_who_loses_worker_after_worker_is_told_what_is_open(self, integration, unclear):
        run_id = unclear(Fault(Kind.LOST_ANSWER, path="/key/switch", times=1))
        lose_worker(run_id, MOST_SETTLING_CLAIMS)

        site_runs.rescue_site_runs()

        assert read(run_id).result["code"] == "key_unsettled"

    def test_a_site_that_never_answers_ends_it_and_both_keys_stay(
        self, integration, site, paired, unclear, environment
    ):
        environment.setattr(key_rotation, "ASKING_ATTEMPTS", 2)
        run_id = unclear(Fault(Kind.LOST_ANSWER, path="/key/switch", times=1))
        paired.faults.add(Fault(Kind.DOWN))

        go_on()

        assert read(run_id).result["code"] == "key_unsettled"
        assert opens(SITE_KEY) is KeyKind.CURRENT
        assert opens(keys_of(paired).current) is KeyKind.NEXT

        paired.faults.clear()
        rotate(integration)
        assert reload(site).wp_api_key == keys_of(paired).current

    def test_a_site_with_a_third_key_ends_it(self, integration, site, paired, unclear):
        run_id = unclear(Fault(Kind.RESET, path="/key/switch"))
        keys = keys_of(paired)
        keys.current, keys.next, keys.previous = "igny8_live_entered-by-hand-there", "", ""

        go_on()

        assert read(run_id).result["code"] == "credentials_rejected"
        assert reload(site).wp_api_key == SITE_KEY
