"""What an outcome means for a row (S172, S173, C23, C24)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import PublicationState as State
from pipeline.errors import (
    BridgeMissing,
    BridgeTooOld,
    ContentRefused,
    CredentialsRejected,
    LookRefused,
    PermanentError,
    PublishError,
    RateLimited,
    SiteBusy,
    SiteError,
    SitePaused,
    SiteUnreachable,
    StaleWrite,
    TemporaryError,
    UnclearOutcome,
    WriteRefused,
)
from pipeline.retry import (
    LONGEST_BUSY,
    LOOK_UPS_PER_ATTEMPT,
    MOST_WAITS,
    Decision,
    Patience,
    backoff,
    decide,
)
from simulators.claims import STALE_SECONDS

PATIENCE = Patience(max_attempts=3, first_delay=60, longest_delay=3600)
LAST_LOOK = PATIENCE.max_attempts * LOOK_UPS_PER_ATTEMPT - 1


def decided(error, attempts=0, spread=0.5):
    return decide(error, attempts=attempts, patience=PATIENCE, spread=spread)


@pytest.mark.parametrize(
    ("attempt", "spread", "expected"),
    [
        pytest.param(1, 0.5, 60, id="first"),
        pytest.param(2, 0.5, 120, id="doubles"),
        pytest.param(3, 0.5, 240, id="doubles-again"),
        pytest.param(1, 0.0, 48, id="earliest"),
        pytest.param(1, 1.0, 72, id="latest"),
        pytest.param(10, 0.5, 3600, id="ceiling"),
        pytest.param(100_000, 0.5, 3600, id="no-overflow"),
    ],
)
def test_backoff(attempt, spread, expected):
    assert backoff(attempt, PATIENCE, spread) == pytest.approx(expected)


@given(st.integers(1, 60), st.floats(0, 1), st.floats(0.1, 600), st.floats(600, 9000))
def test_backoff_never_shrinks_below_its_start_nor_grows_beyond_its_end(
    attempt, spread, first, longest
):
    delay = backoff(attempt, Patience(3, first, longest), spread)

    assert first * 0.8 <= delay <= longest * 1.2 * (1 + 1e-9)


@pytest.mark.parametrize(
    ("error", "attempts", "expected"),
    [
        pytest.param(TemporaryError("down"), 0, Decision(State.QUEUED, 60), id="first-failure"),
        pytest.param(
            SiteUnreachable("away"),
            2,
            Decision(State.QUEUED, 240, counted=False),
            id="a-site-that-is-away-uses-up-nothing",
        ),
        pytest.param(TemporaryError("down"), 1, Decision(State.QUEUED, 120), id="second"),
        pytest.param(TemporaryError("down"), 2, Decision(State.FAILED), id="three-in-total"),
        pytest.param(
            RateLimited("slow", retry_after=90),
            50,
            Decision(State.QUEUED, 90, counted=False),
            id="its-own-time-uses-up-nothing",
        ),
        pytest.param(
            RateLimited("slow", retry_after=None),
            0,
            Decision(State.QUEUED, 60, counted=False),
            id="wait-it-does-not-say-how-long",
        ),
        pytest.param(ContentRefused("no"), 0, Decision(State.QUEUED, 60), id="a-firewall-may-err"),
        pytest.param(ContentRefused("no"), 2, Decision(State.FAILED), id="but-not-three-times"),
        pytest.param(PermanentError("no"), 0, Decision(State.FAILED), id="permanent-at-once"),
        pytest.param(PublishError("?"), 0, Decision(State.FAILED), id="unknown-is-permanent"),
        pytest.param(
            SiteBusy("wait", retry_after=2),
            2,
            Decision(State.UNCONFIRMED, 2, counted=False, unclear=True),
            id="busy-is-not-counted",
        ),
        pytest.param(
            StaleWrite("newer"), 0, Decision(State.UNCONFIRMED, 1, unclear=True), id="stale-asks"
        ),
        pytest.param(
            UnclearOutcome("lost"),
            0,
            Decision(State.UNCONFIRMED, 60, unclear=True),
            id="unclear-asks",
        ),
        pytest.param(
            UnclearOutcome("lost", retry_after=7),
            50,
            Decision(State.UNCONFIRMED, 7, counted=False, unclear=True),
            id="unclear-with-a-time-uses-up-nothing",
        ),
        pytest.param(
            LookRefused("no"),
            50,
            Decision(State.UNCONFIRMED, counted=False, unclear=True),
            id="a-site-that-refuses-the-question-uses-up-nothing",
        ),
        pytest.param(
            UnclearOutcome("lost"),
            PATIENCE.max_attempts,
            Decision(State.UNCONFIRMED, 480, unclear=True),
            id="unclear-asks-longer-than-we-send",
        ),
        pytest.param(
            UnclearOutcome("lost"),
            LAST_LOOK,
            Decision(State.FAILED, unclear=True),
            id="silent-for-too-long-and-still-unclear",
        ),
    ],
)
def test_decisions(error, attempts, expected):
    assert decided(error, attempts) == expected


@pytest.mark.parametrize("kind", [SiteError, CredentialsRejected, BridgeMissing, BridgeTooOld])
@pytest.mark.parametrize("attempts", [0, 2, 50])
def test_a_broken_site_parks_its_work_and_burns_no_attempt(kind, attempts):
    expected = Decision(State.QUEUED, counted=False)

    assert decided(kind("broken"), attempts) == expected


@pytest.mark.parametrize(
    ("attempts", "decision"),
    [
        (0, Decision(State.QUEUED, 60)),
        (1, Decision(State.QUEUED, 120)),
        (2, Decision(State.FAILED)),
    ],
    ids=["first", "second", "third"],
)
def test_what_meets_a_shut_site_at_each_of_its_attempts_ends(attempts, decision):
    refused = WriteRefused(SiteError("shut", code="blocked"), "this text is refused")

    assert decided(refused, attempts) == decision


def test_a_site_that_refuses_every_write_as_stale_ends_some_day():
    states = {decided(StaleWrite("newer"), attempts).state for attempts in range(100)}

    assert State.FAILED in states


@pytest.mark.parametrize(
    ("error", "unclear"),
    [
        pytest.param(RateLimited("slow", retry_after=1), False, id="429"),
        pytest.param(UnclearOutcome("slow", retry_after=1), True, id="503"),
        pytest.param(SiteBusy("in progress"), True, id="in-progress"),
    ],
)
def test_what_alone_is_asked_to_wait_again_and_again_ends(error, unclear):
    def state(waits):
        decision = decide(error, attempts=0, patience=PATIENCE, spread=0.5, waits=waits)
        return decision.state, decision.unclear

    assert state(MOST_WAITS - 1)[0] is not State.FAILED
    assert state(MOST_WAITS) == (State.FAILED, unclear)


def test_a_key_at_which_a_dead_request_worked_is_asked_about_until_another_may_have_it():
    waited = sum(
        decide(SiteBusy(""), attempts=0, patience=PATIENCE, spread=0.5, waits=waits).delay
        for waits in range(1, MOST_WAITS)
    )

    assert waited > STALE_SECONDS + LONGEST_BUSY


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(TemporaryError("down"), id="temporary"),
        pytest.param(SitePaused("paused"), id="not-sent"),
        pytest.param(UnclearOutcome("lost"), id="unclear"),
    ],
)
def test_only_a_wish_to_wait_ends_what_has_waited_for_too_long(error):
    decision = decide(error, attempts=0, patience=PATIENCE, spread=0.5, waits=MOST_WAITS)

    assert decision == decided(error)


ERRORS = st.sampled_from(
    [
        TemporaryError("x"),
        RateLimited("x", retry_after=5),
        UnclearOutcome("x"),
        PermanentError("x"),
        SiteError("x"),
        SiteBusy("x"),
        StaleWrite("x"),
    ]
)


@given(ERRORS, st.integers(0, 100), st.floats(0, 1))
def test_what_may_have_happened_is_never_sent_again_unasked(error, attempts, spread):
    decision = decided(error, attempts, spread)

    assert decision.unclear is isinstance(error, (UnclearOutcome, SiteBusy, StaleWrite))
    assert (decision.state is State.QUEUED) <= (not decision.unclear)
    assert decision.delay >= 0
