"""How much a site gets, and when (docs/decisions/0006)."""

import pytest

from pipeline.buckets import Bucket, bucket_of, next_after, tokens
from pipeline.errors import (
    ContentRefused,
    CredentialsRejected,
    PermanentError,
    RateLimited,
    SiteBusy,
    SitePaused,
    SiteUnreachable,
    StaleWrite,
    TemporaryError,
    UnclearOutcome,
)
from pipeline.pacing import (
    Call,
    Limits,
    Pace,
    Signs,
    account_limit,
    after,
    batch_size,
    is_breakdown,
    is_lost,
    noted,
    pause,
    retries_left,
    why_stop,
)

LIMITS = Limits(failures=5, pause=60, slow_after=5)
DOWN = SiteUnreachable("no connection")
BROKEN = UnclearOutcome("the connection broke", code="broken")
REFUSED = ContentRefused("a firewall", status_code=403)
TOLD_TO_WAIT = RateLimited("wait", retry_after=120)
BUSY_503 = UnclearOutcome("", code="http_503", status_code=503, retry_after=3600)

OPEN = Pace(failures=5, opens=1, open_for=30)
HALF_OPEN = Pace(failures=5, opens=1, open_for=-1)


def post(error=None, seconds=0.1, *, retry=False):
    return Call(seconds, error, post=True, retry=retry)


def read(error=None):
    return Call(0.1, error)


def signs_of(*calls, failures=0):
    signs = Signs(failures=failures)
    for call in calls:
        signs = noted(signs, call)
    return signs


def after_calls(pace, *calls):
    return after(pace, signs_of(*calls, failures=pace.failures), LIMITS)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(None, False, id="no-error"),
        pytest.param(DOWN, True, id="unreachable"),
        pytest.param(TemporaryError("slow", code="timeout"), True, id="read-timed-out"),
        pytest.param(BROKEN, True, id="broken"),
        pytest.param(UnclearOutcome("", code="timeout"), True, id="post-timed-out"),
        pytest.param(UnclearOutcome("", code="not_json", status_code=200), True, id="not-json"),
        pytest.param(UnclearOutcome("", code="http_500", status_code=500), True, id="500"),
        pytest.param(RateLimited("", retry_after=9, status_code=503), True, id="503-with-time"),
        pytest.param(RateLimited("", retry_after=9), True, id="429"),
        pytest.param(TemporaryError("", code="busy", status_code=408), False, id="408"),
        pytest.param(SiteBusy("in progress"), False, id="in-progress"),
        pytest.param(SitePaused("not sent"), False, id="not-sent"),
        pytest.param(PermanentError("no", status_code=400), False, id="400"),
        pytest.param(StaleWrite("old", status_code=412), False, id="412"),
        pytest.param(CredentialsRejected("no", status_code=401), False, id="401"),
    ],
)
def test_what_counts_as_a_breakdown(error, expected):
    assert is_breakdown(error) is expected


@pytest.mark.parametrize(
    ("pace", "calls", "opens", "open_for", "failures"),
    [
        pytest.param(Pace(), [post()], 0, None, 0, id="well"),
        pytest.param(Pace(), [post(BROKEN)] * 4, 0, None, 4, id="four-are-not-enough"),
        pytest.param(Pace(), [post(BROKEN)] * 5, 1, 60, 5, id="five-open-it"),
        pytest.param(Pace(failures=4), [post(DOWN)], 1, 60, 5, id="in-several-batches"),
        pytest.param(Pace(failures=4), [read(DOWN)], 1, 60, 5, id="a-question-counts"),
        pytest.param(Pace(failures=4), [post(), post(DOWN)], 0, None, 1, id="not-in-a-row"),
        pytest.param(Pace(failures=4), [read()], 0, None, 4, id="an-answer-to-a-question"),
        pytest.param(
            Pace(failures=4), [post(PermanentError("no"))], 0, None, 0, id="a-refusal-is-an-answer"
        ),
        pytest.param(Pace(), [post(REFUSED)] * 5, 1, 60, 5, id="five-texts-refused-and-none-taken"),
        pytest.param(Pace(), [post(REFUSED), post()] * 9, 0, None, 0, id="some-texts-refused"),
        pytest.param(Pace(), [read(REFUSED)] * 9, 0, None, 0, id="pictures-refused"),
        pytest.param(HALF_OPEN, [post()], 0, None, 0, id="probe-answered"),
        pytest.param(HALF_OPEN, [post(BROKEN)], 2, 120, 6, id="probe-failed"),
        pytest.param(HALF_OPEN, [read(DOWN)], 2, 120, 6, id="probe-s-question-failed"),
        pytest.param(HALF_OPEN, [read()], 0, None, 0, id="probe-had-nothing-to-send"),
        pytest.param(HALF_OPEN, [read(), post(BROKEN)], 2, 120, 6, id="answers-but-takes-nothing"),
        pytest.param(HALF_OPEN, [], 1, -1, 5, id="nothing-was-tried"),
        pytest.param(OPEN, [read(DOWN)], 1, 30, 5, id="late-news-do-not-prolong-it"),
        pytest.param(
            Pace(failures=4),
            [post(UnclearOutcome("", code="http_503", status_code=503, retry_after=300))],
            1,
            300,
            5,
            id="as-long-as-the-site-asks",
        ),
        pytest.param(
            Pace(failures=4), [post(BUSY_503)], 4, 3600, 5, id="a-quarter-of-an-hour-is-one-opening"
        ),
        pytest.param(Pace(failures=4), [post(TOLD_TO_WAIT)], 1, 120, 5, id="asked-to-wait-too"),
    ],
)
def test_the_breaker(pace, calls, opens, open_for, failures):
    found = after_calls(pace, *calls)
    assert (found.opens, found.open_for, found.failures) == (opens, open_for, failures)


@pytest.mark.parametrize(
    ("opens", "seconds"),
    [(1, 60), (2, 120), (3, 240), (4, 480), (5, 900), (100_000, 900)],
)
def test_each_pause_is_twice_as_long_up_to_a_quarter_of_an_hour(opens, seconds):
    assert pause(opens, LIMITS) == seconds


@pytest.mark.parametrize(("first", "longest"), [(1, 15), (300, 900), (3600, 3600)])
def test_the_longest_pause_follows_the_operator_s_first_one(first, longest):
    assert pause(1, Limits(pause=first)) == first
    assert pause(30, Limits(pause=first)) == longest


@pytest.mark.parametrize(
    ("pace", "calls", "words"),
    [
        pytest.param(Pace(), [], None, id="nothing-yet"),
        pytest.param(Pace(), [post(DOWN)] * 4, None, id="four-failures"),
        pytest.param(Pace(), [post(DOWN)] * 5, "5 times in a row", id="five-failures"),
        pytest.param(Pace(failures=3), [post(DOWN)] * 2, "5 times", id="with-earlier-ones"),
        pytest.param(HALF_OPEN, [], None, id="the-probe-may-go"),
        pytest.param(HALF_OPEN, [read(DOWN)], "in a row", id="the-probe-failed"),
        pytest.param(OPEN, [], "left alone", id="open"),
        pytest.param(Pace(), [post(TOLD_TO_WAIT)], "wait for 120 s", id="retry-after"),
        pytest.param(
            Pace(),
            [post(TemporaryError("", code="busy", status_code=429))],
            None,
            id="429-without-time",
        ),
        pytest.param(Pace(), [post(SiteBusy("", retry_after=2))], None, id="one-item-is-busy"),
    ],
)
def test_when_a_batch_stops(pace, calls, words):
    reason = why_stop(pace, signs_of(*calls, failures=pace.failures), LIMITS)
    assert (words in reason) if words else (reason is None)


@pytest.mark.parametrize(
    ("slowness", "calls", "expected"),
    [
        pytest.param(0, [post(seconds=0.3)] * 20, 0, id="quick"),
        pytest.param(0, [post(seconds=6)] * 20, 1, id="slow"),
        pytest.param(0, [post(seconds=0.3)] * 11 + [post(seconds=40)] * 9, 0, id="some-are-slow"),
        pytest.param(3, [post(seconds=6)], 4, id="slower-yet"),
        pytest.param(4, [post(seconds=6)], 4, id="no-further"),
        pytest.param(0, [post(TOLD_TO_WAIT)], 1, id="429"),
        pytest.param(0, [post(UnclearOutcome("", code="http_503", status_code=503))], 1, id="503"),
        pytest.param(4, [post()], 3, id="recovers-by-one-step"),
        pytest.param(1, [read()], 1, id="a-question-proves-nothing"),
        pytest.param(1, [post(BROKEN)], 1, id="nor-does-a-failure"),
    ],
)
def test_the_slow_down(slowness, calls, expected):
    assert after_calls(Pace(slowness=slowness), *calls).slowness == expected


def test_a_site_that_asks_us_to_wait_gets_nothing_meanwhile():
    assert after_calls(Pace(), post(TOLD_TO_WAIT)).next_in == 120
    assert after_calls(Pace(next_in=-5), post()).next_in == -5


def test_a_healthy_batch_changes_nothing():
    pace = Pace(next_in=-100, sends=7, retries=1, window_left=-9)
    assert after_calls(pace, read(), *[post()] * 20) == pace


@pytest.mark.parametrize(
    ("pace", "calls", "left"),
    [
        pytest.param(Pace(), [], 10, id="the-floor"),
        pytest.param(Pace(), [post(retry=True)] * 3, 7, id="used-in-this-batch"),
        pytest.param(
            Pace(sends=20, retries=8, window_left=9), [post(retry=True)], 1, id="and-before"
        ),
        pytest.param(Pace(sends=20, retries=15, window_left=9), [], 0, id="used-up"),
        pytest.param(Pace(sends=20, retries=15, window_left=0), [], 10, id="next-window"),
        pytest.param(Pace(sends=100, retries=15, window_left=9), [], 5, id="a-fifth-of-its-sends"),
    ],
)
def test_the_retry_budget(pace, calls, left):
    assert retries_left(pace, signs_of(*calls)) == left


@pytest.mark.parametrize(
    ("pace", "calls", "expected"),
    [
        pytest.param(Pace(), [post(), post()], (0, 0, None), id="nothing-to-count"),
        pytest.param(Pace(), [post(), post(BROKEN)], (2, 0, 60), id="a-failure-begins-it"),
        pytest.param(Pace(), [post(), post(retry=True)], (2, 1, 60), id="so-does-a-retry"),
        pytest.param(
            Pace(sends=5, retries=1, window_left=30), [post(retry=True)], (6, 2, 30), id="goes-on"
        ),
        pytest.param(
            Pace(sends=5, retries=1, window_left=-1), [post(BROKEN)], (1, 0, 60), id="a-new-one"
        ),
    ],
)
def test_the_window_of_the_retry_budget(pace, calls, expected):
    found = after_calls(pace, *calls)
    assert (found.sends, found.retries, found.window_left) == expected


@pytest.mark.parametrize(
    ("config", "bucket"),
    [
        pytest.param({}, None, id="off"),
        pytest.param({"posts_per_minute": 6}, Bucket(10, 6), id="a-minute-s-worth-at-once"),
        pytest.param({"posts_per_minute": 6, "burst": 2}, Bucket(10, 2), id="burst"),
        pytest.param({"posts_per_minute": 0.5}, Bucket(120, 1), id="one-in-two-minutes"),
        pytest.param({"posts_per_minute": 0}, None, id="zero"),
        pytest.param({"posts_per_minute": -3}, None, id="negative"),
        pytest.param({"posts_per_minute": "6"}, None, id="text"),
        pytest.param({"posts_per_minute": True}, None, id="true"),
        pytest.param({"posts_per_minute": float("nan")}, None, id="nan"),
        pytest.param({"posts_per_minute": float("inf")}, None, id="infinite"),
        pytest.param({"posts_per_minute": 6, "burst": None}, Bucket(10, 6), id="no-burst"),
        pytest.param({"burst": 6}, None, id="burst-alone"),
    ],
)
def test_a_site_s_own_limit(config, bucket):
    assert bucket_of(config) == bucket


@pytest.mark.parametrize(
    ("next_in", "there", "taken", "then"),
    [
        pytest.param(None, 5, 5, 10, id="full-and-emptied"),
        pytest.param(None, 5, 2, -20, id="full-and-three-left"),
        pytest.param(0, 1, 1, 10, id="one"),
        pytest.param(-25, 3.5, 3, 5, id="half-a-token-is-kept"),
        pytest.param(-4000, 5, 5, 10, id="no-more-than-the-burst"),
        pytest.param(10, 0, 0, 10, id="empty"),
    ],
)
def test_the_bucket(next_in, there, taken, then):
    bucket = Bucket(interval=10, burst=5)
    assert tokens(bucket, next_in) == there
    assert next_after(bucket, next_in, taken) == then


@pytest.mark.parametrize(
    ("pace", "bucket", "size"),
    [
        pytest.param(Pace(), None, 20, id="full"),
        pytest.param(Pace(slowness=1), None, 10, id="slow"),
        pytest.param(Pace(slowness=4), None, 1, id="slowest"),
        pytest.param(OPEN, None, 0, id="open"),
        pytest.param(HALF_OPEN, None, 1, id="probe"),
        pytest.param(Pace(), Bucket(10, 3), 3, id="bucket"),
        pytest.param(Pace(next_in=-5), Bucket(10, 3), 1, id="what-is-left-in-it"),
        pytest.param(Pace(next_in=5), Bucket(10, 3), 0, id="empty-bucket"),
        pytest.param(Pace(next_in=5), None, 0, id="asked-to-wait"),
        pytest.param(Pace(slowness=3), Bucket(10, 9), 2, id="the-smaller-one"),
    ],
)
def test_the_size_of_a_batch(pace, bucket, size):
    assert batch_size(pace, bucket, 20) == size


@pytest.mark.parametrize(("batches", "one_account"), [(64, 48), (4, 3), (1, 1)])
def test_one_of_several_accounts_leaves_room_for_the_others(batches, one_account):
    assert account_limit(batches) == one_account


@pytest.mark.parametrize(
    ("opens", "error", "lost"),
    [
        pytest.param(96, DOWN, True, id="away-for-a-day"),
        pytest.param(95, DOWN, False, id="away-for-less"),
        pytest.param(96, TOLD_TO_WAIT, True, id="asks-to-wait-for-a-day"),
        pytest.param(96, BUSY_503, True, id="asks-to-wait-with-503"),
        pytest.param(96, BROKEN, False, id="there-but-broken"),
    ],
)
def test_a_site_that_is_away_for_a_day_is_lost(opens, error, lost):
    assert is_lost(Pace(opens=opens), noted(Signs(), Call(1.0, error))) is lost
