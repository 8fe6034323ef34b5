"""The second link: posts that the messages alone can't settle are asked for at their site."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice

import structlog
from sqlalchemy import select

import platforms
import settings
from models import InboxMessage
from models.clock import now
from models.inbox.batches import Again, put_back, renew_reading, write_each
from models.publishing.outcomes import add_attempts
from models.session import session_scope
from pipeline.errors import PublishError, RateLimited, SiteError, SitePaused, TemporaryError
from pipeline.settling import Known, Said, Verdict, after_news, judge
from pipeline.webhook_bodies import same_origin
from platforms.base import Exchange
from tasks.inbox.batch import Entry, InboxBatch, known_of, read_batch
from tasks.inbox.telling import bury
from tasks.sites.care import limits, pace_of, record_signs
from tasks.sites.watching import Watched

POSTS_AT_ONCE = 50
"""What the bridge takes in a request."""

FIRST_DELAY, LONGEST_DELAY = 30.0, 900.0
"""Seconds until a site is asked again: half as long as the message has waited already."""

log = structlog.get_logger()


def refetch_posts(batch_id: int) -> None:
    """Ask the site for every post that must be asked for; note its answers with the messages."""
    with session_scope(read_only=True) as session:
        batch = read_batch(session, batch_id)
        present = session.scalar(select(now()))
    if batch is None or present is None:
        return
    asking = _to_ask(batch)
    if not asking:
        return
    try:
        target = platforms.target_of(batch.integration)
        if batch.integration.suspended_at is not None:
            raise SitePaused("the site is suspended")
    except PublishError as error:
        _later(batch, asking, error, present)
        return
    pace = pace_of(batch.integration, present)
    platform = Watched(platforms.connect(target), pace, frozenset(), limits())
    for group in _groups({e.news.post_id: e.publication.key for e in asking}):
        entries = [entry for entry in batch.entries if entry.news.post_id in group]
        if not _keep(batch):
            log.warning("inbox.lease_lost", batch=batch_id)
            break
        try:
            _note(batch, entries, platform.post_states(group))
        except PublishError as error:
            _later(batch, [entry for entry in asking if entry in entries], error, present)
    _record(batch, platform.exchanges)
    record_signs(batch.integration.id, pace, platform.signs)


def _to_ask(batch: InboxBatch) -> list[Entry]:
    """Return the messages that only the site can settle, as far as can be seen now."""
    asking: list[Entry] = []
    known: dict[int, Known] = {}
    for entry in batch.entries:
        before = known.get(entry.publication.id) or known_of(entry.publication)
        verdict = judge(entry.news, before, entry.message.parks).verdict
        if verdict is Verdict.ASK:
            asking.append(entry)
        known[entry.publication.id] = (
            after_news(before, entry.news) if verdict is Verdict.APPLY else before
        )
    return asking


def _groups(posts: Mapping[str, str]) -> Iterator[dict[str, str]]:
    left = iter(posts.items())
    while group := dict(islice(left, POSTS_AT_ONCE)):
        yield group


def _keep(batch: InboxBatch) -> bool:
    with session_scope() as session:
        return renew_reading(session, batch.id, batch.site_id, settings.current().lease)


def _note(batch: InboxBatch, entries: list[Entry], said: Mapping[str, Said]) -> None:
    answers = {
        entry.message.id: _believable(said[entry.news.post_id], batch).as_json()
        for entry in entries
        if entry.news.post_id in said
    }
    with session_scope() as session:
        write_each(session, batch.id, batch.site_id, "site_said", answers)


def _believable(said: Said, batch: InboxBatch) -> Said:
    url = said.shown.url
    return said if url is None or same_origin(url, batch.addresses) else said.without_url()


def _later(batch: InboxBatch, entries: list[Entry], error: PublishError, present: datetime) -> None:
    log.info("inbox.site_not_asked", batch=batch.id, code=error.code, messages=len(entries))
    later = [_again(entry.message, error, present) for entry in entries]
    with session_scope() as session:
        dead = put_back(session, batch.id, batch.site_id, later)
        bury(session, batch.integration, dead)


def _again(message: InboxMessage, error: PublishError, present: datetime) -> Again:
    """Return when to ask again. A site that is away, or refuses us, is no fault of its message."""
    waited = (present - message.received_at).total_seconds()
    delay = min(max(waited / 2, FIRST_DELAY), LONGEST_DELAY)
    if isinstance(error, RateLimited):
        delay = max(delay, error.retry_after or 0.0)
    failed = not isinstance(error, TemporaryError | SiteError)
    return Again(message.id, delay, str(error), failed=failed)


def _record(batch: InboxBatch, exchanges: list[Exchange]) -> None:
    rows = [
        {
            "integration_id": batch.integration.id,
            "batch_id": batch.id,
            "method": each.method,
            "path": each.path,
            "status_code": each.status_code,
            "error": each.error,
            "duration_ms": each.duration_ms,
        }
        for each in exchanges
        if each.error is not None
    ]
    if rows:
        with session_scope() as session:
            add_attempts(session, rows)
