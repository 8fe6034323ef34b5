"""What an outcome means for a row: wait, give up, ask first, or park (S172, S173, C23, C24)."""

from dataclasses import dataclass

from models import PublicationState
from pipeline.errors import (
    LookRefused,
    PublishError,
    RateLimited,
    SiteAhead,
    SiteBusy,
    SiteError,
    SitePaused,
    SiteUnreachable,
    StaleWrite,
    TemporaryError,
    UnclearOutcome,
    WriteRefused,
    asks_to_wait,
)

SHORTEST_RETRY_AFTER = 1.0
LONGEST_RETRY_AFTER = 3600.0

# Looking up a key costs the site nothing, so we may ask longer than we may send.
LOOK_UPS_PER_ATTEMPT = 4

MOST_WAITS = 12
"""A site that asks to wait with one item so often, and takes others, will never take that one."""

LONGEST_BUSY = 20.0
"""Seconds between questions about a key somebody works on. `MOST_WAITS` of them outlast the 120 s
after which the site gives the key to another, whoever died with it."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long apart; times in seconds."""

    max_attempts: int = 3
    first_delay: float = 60.0
    longest_delay: float = 3600.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What to write to the row."""

    state: PublicationState
    delay: float = 0.0
    """Seconds until it is due again."""

    counted: bool = True
    """Whether an attempt was used up."""

    unclear: bool = False


def backoff(attempt: int, patience: Patience, spread: float) -> float:
    """Return the seconds to wait after attempt number ``attempt``, counted from 1.

    ``spread``, drawn by the caller from 0 to 1, keeps those that failed together from coming
    back together.
    """
    delay = patience.first_delay * 2.0 ** min(attempt - 1, 30)
    return min(delay * (0.8 + 0.4 * spread), patience.longest_delay)


def decide(
    error: PublishError, *, attempts: int, patience: Patience, spread: float, waits: int = 0
) -> Decision:
    """Return what becomes of a publication whose attempt number ``attempts + 1`` met ``error``.

    ``waits``: how often in a row, now included, the site asked it to wait and took others.
    """
    used = attempts + 1
    if waits >= MOST_WAITS and asks_to_wait(error):
        unclear = isinstance(error, UnclearOutcome | SiteBusy)
        return Decision(PublicationState.FAILED, counted=False, unclear=unclear)
    match error:
        # Else counted: a text may be what turns a firewall against us, each time anew.
        case SiteError() if not isinstance(error, WriteRefused):
            return Decision(PublicationState.QUEUED, counted=False)
        # Both would else use up one item after the other: the breaker's probes while a site is
        # away, and a site that has too much to do. When that lasts is the breaker's business.
        case SitePaused() | SiteUnreachable() | RateLimited():
            wait = _wait(error, used, patience, spread)
            return Decision(PublicationState.QUEUED, wait, counted=False)
        # After a stale write somebody newer is at work, or was: the site knows, so ask it.
        case UnclearOutcome() | StaleWrite() | SiteBusy():
            return _unclear(error, used, patience, spread, waits)
        # Counted: two engines with copies of one database would overtake each other for ever.
        case TemporaryError() | WriteRefused() | SiteAhead() if used < patience.max_attempts:
            return Decision(PublicationState.QUEUED, _wait(error, used, patience, spread))
    return Decision(PublicationState.FAILED)


def _unclear(
    error: UnclearOutcome | StaleWrite | SiteBusy,
    used: int,
    patience: Patience,
    spread: float,
    waits: int,
) -> Decision:
    if isinstance(error, LookRefused):
        return Decision(PublicationState.UNCONFIRMED, counted=False, unclear=True)
    if isinstance(error, SiteBusy):
        wait = max(error.retry_after, min(2.0 ** min(waits, 30), LONGEST_BUSY))
        return Decision(PublicationState.UNCONFIRMED, wait, False, unclear=True)
    if isinstance(error, UnclearOutcome) and error.retry_after is not None:
        return Decision(PublicationState.UNCONFIRMED, error.retry_after, False, unclear=True)
    # Never "failed" while the post may be there, until the site has been silent for long.
    if used >= patience.max_attempts * LOOK_UPS_PER_ATTEMPT:
        return Decision(PublicationState.FAILED, unclear=True)
    wait = backoff(used, patience, spread)
    if isinstance(error, StaleWrite):
        wait = min(wait, 1.0 * used)
    return Decision(PublicationState.UNCONFIRMED, wait, unclear=True)


def _wait(error: PublishError, used: int, patience: Patience, spread: float) -> float:
    # The curve is our guess; Retry-After is the site's own answer.
    if isinstance(error, RateLimited) and error.retry_after is not None:
        return error.retry_after
    if isinstance(error, SitePaused):
        return error.wait
    if isinstance(error, SiteAhead):
        return 0.0
    return backoff(used, patience, spread)
