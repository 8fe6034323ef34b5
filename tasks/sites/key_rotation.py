"""The links of a key's change: offer the new one, prove it on both sides, switch (C1).

Until the last link has come to its end we send the old key, and both sides accept both. So
whatever fails, the old key works; and a run that lost its worker goes through all steps again.
Once a switch was sent, no run ends before the site has said which key is its own.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
import structlog

import settings
from models import Site, SiteRun
from models.encryption import masked
from models.publishing.outcomes import resume_site
from models.session import session_scope
from models.sites.keys import drop_next_key, new_site_key, start_rotation, switch_keys
from models.sites.run_ends import End, end_site_run
from models.sites.runs import (
    MUST_SETTLE,
    hold_site_run,
    note_argument,
    postpone_site_run,
    write_progress,
)
from pipeline.errors import (
    CredentialsRejected,
    PermanentError,
    PublishError,
    TemporaryError,
    UnclearOutcome,
)
from platforms import target_of
from platforms.key_exchange import KeyExchange
from tasks import doorbell

log = structlog.get_logger()

SHORTEST_OVERLAP = 300
"""Seconds, whatever was asked for: requests that are on their way carry the old key."""

SWITCHING_ATTEMPTS = 7
"""The site may have switched although no answer came: that is not left open for want of trying."""

ASKING_ATTEMPTS = 48
"""Then the site is asked what it did; at the longest pause of an hour, for nearly two days."""

UNSETTLED = (
    "the site did not say which key is its own, and both are accepted here: once it answers, ask "
    "for the change again, which settles it"
)


def offer_key(run_id: str) -> None:
    """Make the next key, store it, and have the site accept it beside its own."""
    _run(run_id, _offer, settings.current().max_attempts)


def prove_key(run_id: str) -> None:
    """Use the next key in both directions."""
    _run(run_id, _prove, settings.current().max_attempts)


def switch_to_key(run_id: str) -> None:
    """Make it the key: at the site first, where the old one goes on being accepted."""
    _run(run_id, _switch, SWITCHING_ATTEMPTS)


def _run(run_id: str, step: Callable[[SiteRun], None], attempts: int) -> None:
    with session_scope() as session:
        run = hold_site_run(session, run_id, settings.current().lease)
    if run is None:
        return
    try:
        step(run)
    except PublishError as error:
        _give_up(run, error, attempts)


def _offer(run: SiteRun) -> None:
    with session_scope() as session:
        key = start_rotation(session, _locked(session, run))
    try:
        switched = _exchange(run).offer(key)
    except CredentialsRejected:
        # It switched in an earlier run whose last answer was lost, and has forgotten the old key.
        switched = _exchange(run, key).offer(key)
    _write(run, {"switched": switched})


def _prove(run: SiteRun) -> None:
    if run.progress.get("switched"):
        return
    _exchange(run, _next_key(run)).prove()
    _write(run, {"proved": True})


def _switch(run: SiteRun) -> None:
    key, overlap = _next_key(run), _overlap(run)
    if run.progress.get("proved"):
        with session_scope() as session:
            if not note_argument(session, run, MUST_SETTLE, True):
                return
        _exchange(run, key).switch(overlap)
    elif not run.progress.get("switched"):
        return
    _finish(run, key)


def _finish(run: SiteRun, key: str) -> None:
    """Follow the site, whose own key ``key`` is by now."""
    overlap = _overlap(run)
    with session_scope() as session:
        if not switch_keys(session, _locked(session, run), key, overlap):
            raise _replaced()
        suspended = run.integration.suspended_at is not None
        if suspended:
            resume_site(session, run.integration_id)
        end_site_run(session, run, End(succeeded=True, details={"masked_api_key": masked(key)}))
    log.info("key.rotated", site=run.integration.site_id)
    if suspended:
        doorbell.ring()


def _overlap(run: SiteRun) -> int:
    return max(int(run.arguments.get("overlap_hours", 0)) * 3600, SHORTEST_OVERLAP)


def _exchange(run: SiteRun, key: str | None = None) -> KeyExchange:
    target = target_of(run.integration)
    return KeyExchange(replace(target, api_key=key) if key else target)


def _next_key(run: SiteRun) -> str:
    key = run.integration.site.next_api_key
    if key is None:
        raise _replaced()
    return key


def _replaced() -> PermanentError:
    return PermanentError("somebody gave the site another key meanwhile", code="key_replaced")


def _locked(session: Any, run: SiteRun) -> Site:
    query = sa.select(Site).filter_by(id=run.integration.site_id).with_for_update()
    return session.scalars(query).one()  # type: ignore[no-any-return]


def _write(run: SiteRun, progress: dict[str, Any]) -> None:
    with session_scope() as session:
        write_progress(session, run, progress)


def _give_up(run: SiteRun, error: PublishError, attempts: int) -> None:
    """Try again soon where that may help; else end the run: the old key is still the key."""
    log.warning("key.not_rotated", site=run.integration.site_id, code=error.code)
    sent = run.arguments.get(MUST_SETTLE)
    tries = SWITCHING_ATTEMPTS if sent else attempts
    if isinstance(error, TemporaryError | UnclearOutcome) and run.attempts < tries:
        _postpone(run)
    elif sent:
        _settle(run, error)
    else:
        _end_failed(run, error)


def _settle(run: SiteRun, error: PublishError) -> None:
    """Find out whether the site has switched, and end the run as that is; ``error`` is why not."""
    key = run.integration.site.next_api_key
    if key is None:
        _end_failed(run, _replaced())
        return
    try:
        switched = _exchange(run, key).has_switched()
        if not switched:
            # A switch that is still on its way finds another next key, and is refused.
            _exchange(run).offer(new_site_key())
    except CredentialsRejected as neither:
        _end_failed(run, neither)
    except PublishError:
        _ask_later(run)
    else:
        if switched:
            _finish(run, key)
        else:
            _end_failed(run, error, forget=key)


def _ask_later(run: SiteRun) -> None:
    if run.attempts < ASKING_ATTEMPTS:
        _postpone(run)
    else:
        _end_failed(run, PermanentError(UNSETTLED, code="key_unsettled"))


def _postpone(run: SiteRun) -> None:
    known = settings.current()
    pause = known.retry_first_delay * 2.0 ** (run.attempts - 1)
    with session_scope() as session:
        postpone_site_run(session, run, min(pause, known.retry_longest_delay))


def _end_failed(run: SiteRun, error: PublishError, forget: str | None = None) -> None:
    with session_scope() as session:
        if forget is not None:
            drop_next_key(session, _locked(session, run), forget)
        end_site_run(session, run, End(succeeded=False, reason=str(error), code=error.code))
