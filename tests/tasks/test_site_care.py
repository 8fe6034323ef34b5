"""A slow or broken site delays only itself, and burns no attempt while it is left alone."""

import pytest
import sqlalchemy as sa
from chains import run_due
from factories import SITE_KEY, make_integration, make_publication, make_site, reload

import settings
from models import Integration, Publication, PublicationState, SyncEvent
from models.clock import now, now_plus
from models.publication import WAITING
from models.publishing.outcomes import resume_site
from models.session import session_scope
from pipeline import pacing
from pipeline.retry import MOST_WAITS
from simulators.wordpress import SimulatedSite
from tasks.publishing.batch import at_work
from tasks.sites.looking import look_at_suspended


@pytest.fixture(autouse=True)
def one_request_at_a_time(environment, database):
    """So that the fifth failure is the last request."""
    environment.setenv("IGNY8_REQUESTS_PER_SITE", "1")
    settings.current.cache_clear()


def fill(integration, count):
    return [make_publication(integration, title=f"Post {number}") for number in range(count)]


def change(**values):
    with session_scope() as session:
        session.execute(sa.update(Integration).values(values))


def pass_by(column):
    """Move the database's clock past a site's date."""
    change(**{column: now_plus(-1)})


def make_due():
    with session_scope() as session:
        session.execute(sa.update(Publication).values(due_at=now_plus(-1)))


def waits_for(integration, column):
    """Return the seconds until a date of the site."""
    with session_scope(read_only=True) as session:
        query = sa.select(getattr(Integration, column), now()).where(
            Integration.id == integration.id
        )
        moment, present = session.execute(query).one()
    return (moment - present).total_seconds()


def told():
    """Return the events about sites."""
    with session_scope(read_only=True) as session:
        query = sa.select(SyncEvent).where(SyncEvent.content_id.is_(None)).order_by(SyncEvent.id)
        return [(event.event_type, event.action) for event in session.scalars(query)]


def posts_sent(site):
    return sum(each.method == "POST" for each in site.requests)


def sizes(runs):
    """Return how many items each of the next batches has."""
    made = []
    for _ in range(runs):
        make_due()
        made += [len(claim.publication_ids) for claim in run_due()]
    return made


@pytest.fixture
def broken(integration, simulated_site, turn_dial):
    """Eight items on a site that answers 500, after their first batch."""
    turn_dial(kind="status", code=500)
    items = fill(integration, 8)
    run_due()
    return items


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "status", "code": 500}, id="500"),
        pytest.param({"kind": "reset"}, id="reset"),
        pytest.param({"kind": "html_200"}, id="not-json"),
    ],
)
def test_the_breaker_opens_after_five_failures_in_a_row(
    integration, simulated_site, turn_dial, fault
):
    turn_dial(**fault)
    items = fill(integration, 8)
    run_due()

    assert posts_sent(simulated_site) == 5
    assert [reload(item).attempts for item in items] == [1] * 5 + [0] * 3
    assert 0 < waits_for(integration, "breaker_open_until") <= 60
    assert told() == [("error", "breaker_opened")]


def test_an_open_breaker_sends_nothing_and_burns_no_attempt(broken, simulated_site):
    make_due()
    assert run_due() == []

    assert posts_sent(simulated_site) == 5
    assert [reload(item).attempts for item in broken] == [1] * 5 + [0] * 3
    assert {reload(item).state for item in broken[5:]} == {PublicationState.QUEUED}


def test_a_half_open_breaker_tries_one_item_and_waits_twice_as_long(
    broken, integration, simulated_site
):
    pass_by("breaker_open_until")
    (probe,) = run_due()

    assert len(probe.publication_ids) == 1
    assert posts_sent(simulated_site) == 6
    assert 60 < waits_for(integration, "breaker_open_until") <= 120
    assert run_due() == []
    assert told() == [("error", "breaker_opened")]


def test_a_success_closes_the_breaker(broken, simulated_site):
    simulated_site.faults.clear()
    pass_by("breaker_open_until")
    run_due()
    make_due()
    run_due()

    assert {reload(item).state for item in broken} == {PublicationState.PUBLISHED}
    assert len(simulated_site.posts) == 8
    assert told() == [("error", "breaker_opened"), ("sync", "breaker_closed")]


def test_another_site_is_not_concerned(broken, integration):
    with SimulatedSite(api_key=SITE_KEY + "2") as well, session_scope() as session:
        site = make_site(session, integration.site.account, url=well.url, key=SITE_KEY + "2")
        other = make_integration(session, site)
        session.commit()
        item = make_publication(other)
        run_due()

    assert reload(item).state is PublicationState.PUBLISHED


def test_a_failed_look_at_the_posts_counts_too(integration, simulated_site):
    change(failures_in_a_row=3)
    item = make_publication(integration)
    simulated_site.faults.add(kind="status", code=502, path="/publications")
    run_due()
    assert reload(item).state is PublicationState.UNCONFIRMED
    assert reload(integration).failures_in_a_row == 1  # the post was answered, the look was not

    change(failures_in_a_row=4)
    make_due()
    run_due()
    assert reload(integration).breaker_opens == 1


def test_a_site_that_asks_us_to_wait_gets_nothing_meanwhile(integration, simulated_site, turn_dial):
    turn_dial(kind="status", code=429, retry_after="120", times=1)
    items = fill(integration, 4)
    run_due()

    assert posts_sent(simulated_site) == 1
    assert [reload(item).attempts for item in items] == [0, 0, 0, 0]
    assert 60 < waits_for(integration, "next_post_at") <= 120
    assert run_due() == []

    pass_by("next_post_at")
    assert sizes(1) == [4]
    assert len(simulated_site.posts) == 4


@pytest.mark.slow
def test_a_slow_site_gets_less_and_recovers_step_by_step(
    integration, simulated_site, turn_dial, environment
):
    environment.setenv("IGNY8_BATCH_SIZE", "4")
    environment.setenv("IGNY8_READ_TIMEOUT", "6")  # an answer is slow after one second
    settings.current.cache_clear()
    turn_dial(kind="slow", seconds=1.2, times=7)
    fill(integration, 18)

    assert sizes(3) == [4, 2, 1]
    environment.setenv("IGNY8_READ_TIMEOUT", "3000")
    environment.setenv("IGNY8_TOTAL_TIMEOUT", "3100")
    environment.setenv("IGNY8_LEASE", "3500")
    settings.current.cache_clear()
    assert sizes(5) == [1, 1, 2, 4, 3]
    assert len(simulated_site.posts) == 18
    assert reload(integration).slowness == 0


def test_a_slow_site_gets_fewer_requests_at_once(integration, environment, monkeypatch):
    environment.setenv("IGNY8_REQUESTS_PER_SITE", "8")
    settings.current.cache_clear()
    change(slowness=2)
    fill(integration, 2)
    (claim,) = run_due(links=[])

    with at_work(claim.batch_id, "push_posts") as batch:
        assert batch.requests_at_once == 2


def test_a_site_s_own_limit_is_kept_by_count(integration, simulated_site):
    config = {"site_url": simulated_site.url, "posts_per_minute": 2, "burst": 3}
    change(config_json=config)
    fill(integration, 8)

    assert sizes(3) == [3]
    assert len(simulated_site.posts) == 3
    pass_by("next_post_at")
    assert sizes(3) == [1]
    change(next_post_at=now_plus(-30))  # time for another one, by 2 a minute
    assert sizes(3) == [2]
    change(next_post_at=now_plus(-3600))
    assert sizes(3) == [2]
    assert len(simulated_site.posts) == 8


def test_retries_beyond_the_budget_wait_and_burn_no_attempt(integration, simulated_site):
    items = fill(integration, 13)
    with session_scope() as session:
        session.execute(sa.update(Publication).values(attempts=1))
    run_due()

    assert len(simulated_site.posts) == 10
    held = [found for item in items if (found := reload(item)).failure_code == "site_paused"]
    assert [(found.state, found.attempts) for found in held] == [(PublicationState.QUEUED, 1)] * 3
    assert run_due() == []

    pass_by("window_until")
    make_due()
    run_due()
    assert len(simulated_site.posts) == 13


class TestSuspended:
    @pytest.fixture
    def suspended(self, integration, turn_dial):
        """A site without its plugin, whose first look has been planned."""
        turn_dial(kind="plugin_missing")
        make_publication(integration)
        run_due()
        assert look_at_suspended() == 0
        return integration

    def test_it_is_told_once(self, suspended):
        run_due()
        assert told() == [("error", "site_suspended")]

    def test_it_is_not_looked_at_before_its_time(self, suspended, simulated_site):
        requests = len(simulated_site.requests)
        assert look_at_suspended() == 0
        assert len(simulated_site.requests) == requests
        assert 0 < waits_for(suspended, "next_look_at") <= 60

    def test_while_it_is_ill_it_is_looked_at_ever_less_often(self, suspended):
        pass_by("next_look_at")
        assert look_at_suspended() == 0

        assert reload(suspended).suspended_code == "bridge_missing"
        assert 60 < waits_for(suspended, "next_look_at") <= 120
        assert told() == [("error", "site_suspended")]

    def test_when_it_is_well_its_work_goes_on(self, suspended, simulated_site):
        simulated_site.faults.clear()
        pass_by("next_look_at")
        assert look_at_suspended() == 1

        run_due()
        assert len(simulated_site.posts) == 1
        assert told() == [("error", "site_suspended"), ("sync", "site_resumed")]

    def test_a_refused_key_is_tried_again_after_an_hour(self, integration, simulated_site):
        simulated_site.api_key = "another"
        make_publication(integration)
        run_due()
        look_at_suspended()

        assert 3000 < waits_for(integration, "next_look_at") <= 3600

    def test_what_only_we_can_repair_is_not_looked_at(self, integration):
        change(suspended_at=now(), suspended_code="key_damaged")
        look_at_suspended()

        assert reload(integration).next_look_at is None


def test_an_operator_s_look_closes_the_breaker_too(broken, integration, simulated_site):
    simulated_site.faults.clear()
    with session_scope() as session:
        resume_site(session, integration.id)
    make_due()
    run_due()

    assert len(simulated_site.posts) == 8
    assert told() == [("error", "breaker_opened"), ("sync", "breaker_closed")]


def test_a_site_that_is_away_fails_nothing_and_is_told_of_after_a_day(integration, simulated_site):
    (item,) = fill(integration, 1)
    simulated_site.stop()
    for _ in range(settings.current().max_attempts + 1):
        make_due()
        change(breaker_open_until=now_plus(-1))
        run_due()
    assert (reload(item).state, reload(item).attempts) == (PublicationState.QUEUED, 0)
    assert reload(integration).suspended_at is None

    make_due()
    change(breaker_opens=pacing.LOST_AFTER - 1, breaker_open_until=now_plus(-1))
    run_due()

    assert reload(integration).suspended_code == "unreachable"
    assert told()[-1] == ("error", "site_suspended")
    assert reload(item).state is PublicationState.QUEUED


BUSY = [
    pytest.param({"code": 429, "retry_after": "1"}, id="429"),
    pytest.param({"code": 429}, id="429-without-a-time"),
    pytest.param({"code": 503, "retry_after": "1"}, id="503"),
]


@pytest.mark.parametrize("answer", BUSY)
def test_a_site_that_asks_us_to_wait_fails_nothing_and_is_told_of_after_a_day(
    integration, simulated_site, turn_dial, answer
):
    turn_dial(kind="status", **answer)
    (item,) = fill(integration, 1)
    for _ in range(MOST_WAITS + 3):
        make_due()
        change(breaker_open_until=now_plus(-1), next_post_at=None)
        run_due()
    assert reload(item).state in WAITING
    assert reload(item).attempts == 0
    assert reload(integration).suspended_at is None

    make_due()
    change(breaker_opens=pacing.LOST_AFTER - 1, breaker_open_until=now_plus(-1), next_post_at=None)
    run_due()
    assert reload(integration).suspended_code == "rate_limited"
    assert told()[-1] == ("error", "site_suspended")

    simulated_site.faults.clear()
    look_at_suspended()
    pass_by("next_look_at")
    assert look_at_suspended() == 1
    make_due()
    change(next_post_at=None)
    run_due()
    assert reload(item).state is PublicationState.PUBLISHED


@pytest.mark.parametrize("answer", BUSY)
def test_what_a_site_asks_to_wait_with_while_it_takes_others_ends(
    integration, simulated_site, turn_dial, answer
):
    turn_dial(kind="status", text="The heavy one", **answer)
    heavy = make_publication(integration, title="The heavy one")
    for number in range(MOST_WAITS + 1):
        make_due()
        change(next_post_at=None)
        run_due()
        other = make_publication(integration, title=f"Post {number}")
        change(next_post_at=None)
        run_due()
        assert reload(other).state is PublicationState.PUBLISHED

    found = reload(heavy)
    assert (found.state, found.attempts) == (PublicationState.FAILED, 0)
    assert "while it took others" in found.failure
