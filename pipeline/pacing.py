"""
How much a site gets, and when: circuit breaker, slow-down, retry budget, fair shares.

Values in, values out. Times are seconds from the moment that the caller read the database's clock:
above 0 it is still to come.
"""

from dataclasses import dataclass, replace
from statistics import median

from pipeline.buckets import Bucket, tokens
from pipeline.errors import (
    ContentRefused,
    PublishError,
    RateLimited,
    SiteBusy,
    SitePaused,
    SiteUnreachable,
    UnclearOutcome,
    asks_to_wait,
)

LONGEST_PAUSE = 900.0
"""A quarter of an hour: a site that is back is noticed in time, and a dead one costs 4 an hour."""

LONGEST_GROWTH = 15
"""Times the first pause, which makes a quarter of an hour of the usual minute."""

LOST_AFTER = 96
"""Openings in a row because it was away or asked us to wait: about a day. Then people are told."""

SLOWEST = 4
"""Halvings: 20 posts at once become 10, 5, 2 and 1. Fewer than one is the breaker's business."""

SLOW_SHARE = 6
"""An answer is slow after a sixth of our patience: time to react before there is none at all."""

RETRY_SHARE = 0.2
"""Of what a site gets, so much may be repetition: else a sick site gets more than a healthy one."""

RETRY_FLOOR = 10
"""Retries that are always allowed, so that a site with little to do is not stuck for its share."""

LARGEST_SHARE = 0.75
"""Of all batches on their way, for one account where there are others: they find room at once."""

_BROKEN = frozenset({"unreachable", "timeout", "broken", "not_json"})
_UNWELL, _TOO_MANY, _UNAVAILABLE = 500, 429, 503


@dataclass(frozen=True, slots=True)
class Limits:
    """What operators choose, and what follows from it."""

    failures: int = 5
    """Breakdowns in a row that open the breaker: fewer may be one bad moment of the network."""

    pause: float = 60.0
    """Of the first opening, and a window of the retry budget; a shorter one spares nobody."""

    slow_after: float = 5.0


@dataclass(frozen=True, slots=True)
class Pace:
    """What we know of a site's condition."""

    failures: int = 0
    opens: int = 0
    """Openings in a row; 0 while the breaker is closed."""

    open_for: float | None = None
    """Until one item may try; None while it is closed."""

    slowness: int = 0
    next_in: float | None = None
    """Until its bucket has a token again, or the time it asked for has passed."""

    sends: int = 0
    retries: int = 0
    window_left: float | None = None

    @property
    def is_open(self) -> bool:
        return self.open_for is not None and self.open_for > 0

    @property
    def is_half_open(self) -> bool:
        return self.opens > 0 and not self.is_open


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a site and how it ended."""

    seconds: float
    error: PublishError | None = None
    post: bool = False
    """Whether it carried a post: a site may well answer questions while every post fails."""

    retry: bool = False


@dataclass(frozen=True, slots=True)
class Signs:
    """What a batch showed of its site so far."""

    failures: int = 0
    """Breakdowns in a row, with those before the batch."""

    broke: bool = False
    trouble: str = ""
    """What the last breakdown was, in words."""

    away: str = ""
    """Its code, where that was no connection, or that the site asked us to wait; else ''."""

    answered: bool = False
    """Whether a post was answered, be it with a refusal."""

    read: bool = False
    pushed_back: bool = False
    wait: float = 0.0
    """The longest Retry-After."""

    sends: int = 0
    retries: int = 0
    seconds: tuple[float, ...] = ()


def is_breakdown(error: PublishError | None) -> bool:
    """Whether the site, not the item, failed.

    No connection, 5xx, an answer that is no JSON, or the wish that we wait.
    """
    if error is None or isinstance(error, SiteBusy | SitePaused):
        return False
    return asks_to_wait(error) or error.code in _BROKEN or (error.status_code or 0) >= _UNWELL


def noted(signs: Signs, call: Call) -> Signs:
    """Return the signs with one more request."""
    error = call.error
    # Five posts refused one after the other, and none taken: no accident of one text.
    broke = is_breakdown(error) or (call.post and isinstance(error, ContentRefused))
    if broke:
        signs = replace(
            signs,
            failures=signs.failures + 1,
            broke=True,
            trouble=str(error),
            away=_absence(error),
        )
    elif call.post:
        signs = replace(signs, failures=0, answered=True)
    else:
        signs = replace(signs, read=True)
    if error is not None and error.status_code in {_TOO_MANY, _UNAVAILABLE}:
        signs = replace(signs, pushed_back=True)
    if isinstance(error, RateLimited | UnclearOutcome):
        signs = replace(signs, wait=max(signs.wait, error.retry_after or 0.0))
    if call.post:
        signs = replace(
            signs,
            sends=signs.sends + 1,
            retries=signs.retries + call.retry,
            seconds=(*signs.seconds, call.seconds),
        )
    return signs


def _absence(error: PublishError | None) -> str:
    if isinstance(error, SiteUnreachable):
        return SiteUnreachable.code
    return RateLimited.code if asks_to_wait(error) else ""


def why_stop(pace: Pace, signs: Signs, limits: Limits) -> str | None:
    """Return why nothing more may be sent in this batch, in words, or None."""
    if pace.is_open:
        return "the site has been failing and is left alone for a while"
    if _trips(pace, signs, limits):
        return f"the site failed {signs.failures} times in a row and is left alone for a while"
    if signs.wait:
        return f"the site asked us to wait for {signs.wait:g} s"
    return None


def _trips(pace: Pace, signs: Signs, limits: Limits) -> bool:
    return signs.broke and (pace.is_half_open or signs.failures >= limits.failures)


def retries_left(pace: Pace, signs: Signs) -> int:
    """Return how many more retries the site may get in this window."""
    counts = pace.window_left is not None and pace.window_left > 0
    sends = signs.sends + (pace.sends if counts else 0)
    retries = signs.retries + (pace.retries if counts else 0)
    return max(0, max(RETRY_FLOOR, int(RETRY_SHARE * sends)) - retries)


def after(pace: Pace, signs: Signs, limits: Limits) -> Pace:
    """Return the pace of a site after a batch; an equal one when there is nothing to write."""
    found = _breaker(pace, signs, limits)
    found = replace(found, slowness=_slowness(pace, signs, limits))
    if signs.wait > max(pace.next_in or 0.0, 0.0):
        found = replace(found, next_in=signs.wait)
    return _counted(found, signs, limits)


def _breaker(pace: Pace, signs: Signs, limits: Limits) -> Pace:
    if pace.is_open:  # what was sent before it opened says nothing new
        return pace
    if _trips(pace, signs, limits) and not (pace.is_half_open and signs.answered):
        # A site that asks for an hour at a time is told of after a day, too.
        opens = pace.opens + max(1, int(signs.wait // LONGEST_PAUSE))
        wait = max(pause(opens, limits), signs.wait)
        return replace(pace, failures=signs.failures, opens=opens, open_for=wait)
    # Where there was nothing to send, a site that answers a question has proved as much.
    if signs.answered or (pace.is_half_open and signs.read and not signs.broke):
        failures = signs.failures if signs.answered else 0
        return replace(pace, failures=failures, opens=0, open_for=None)
    return replace(pace, failures=signs.failures)


def is_lost(pace: Pace, signs: Signs) -> bool:
    """Whether a site has been away for so long that its people must be told (C41)."""
    return bool(signs.away) and pace.opens >= LOST_AFTER


def pause(opens: int, limits: Limits) -> float:
    """Return how long the breaker stays open at its ``opens``-th opening in a row."""
    longest = min(LONGEST_GROWTH * limits.pause, max(LONGEST_PAUSE, limits.pause))
    return min(limits.pause * 2.0 ** min(opens - 1, 30), longest)


def _slowness(pace: Pace, signs: Signs, limits: Limits) -> int:
    slow = bool(signs.seconds) and median(signs.seconds) > limits.slow_after
    if slow or signs.pushed_back:
        return min(pace.slowness + 1, SLOWEST)
    return max(pace.slowness - 1, 0) if signs.answered else pace.slowness


def _counted(pace: Pace, signs: Signs, limits: Limits) -> Pace:
    if pace.window_left is not None and pace.window_left > 0:
        return replace(pace, sends=pace.sends + signs.sends, retries=pace.retries + signs.retries)
    # A healthy site's sends are not counted: it would cost a statement for every batch.
    if signs.broke or signs.retries:
        return replace(pace, sends=signs.sends, retries=signs.retries, window_left=limits.pause)
    return pace


def at_once(pace: Pace, full: int) -> int:
    """Return how much of ``full`` a slow site gets at once: posts in a batch, or requests."""
    return max(1, full >> pace.slowness)


def batch_size(pace: Pace, bucket: Bucket | None, full: int) -> int:
    """Return how many items a site's next batch may have; 0: none now."""
    if pace.is_open or (pace.next_in is not None and pace.next_in > 0):
        return 0
    if pace.is_half_open:
        return 1
    size = at_once(pace, full)
    return size if bucket is None else min(size, int(tokens(bucket, pace.next_in)))


def account_limit(batches: int) -> int:
    """Return how many of all ``batches`` on their way one account of several may have."""
    return max(1, int(batches * LARGEST_SHARE))
