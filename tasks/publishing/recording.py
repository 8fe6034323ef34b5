"""Writing down what became of a batch's items, in a few statements, under its lease."""

import random
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from models import PublicationState
from models.publishing.outcome_values import Failure, Seen, Shown
from models.publishing.outcomes import add_attempts, suspend_site, write_failures, write_seen
from models.session import session_scope
from pipeline.errors import (
    BuildFailed,
    ContentRefused,
    LookRefused,
    PictureDelayed,
    PublishError,
    SiteAhead,
    SiteError,
    SitePaused,
    SiteUnreachable,
    WindowClosed,
    WriteRefused,
    asks_to_wait,
)
from pipeline.images import image_results
from pipeline.retry import decide
from platforms.base import LIVE, Exchange, RemotePost
from tasks.publishing.batch import Batch, Item
from tasks.publishing.catching_up import is_ahead

NONE_SEEN: Mapping[str, RemotePost] = MappingProxyType({})
NOT_SENT = (BuildFailed, SiteError, SitePaused, SiteUnreachable)


def record_attempts(batch: Batch, exchanges: Iterable[Exchange]) -> None:
    """Keep every write we tried, and every look that failed."""
    by_key = {item.wish.key: item for item in batch.items}
    rows = []
    for exchange in exchanges:
        if exchange.method == "GET" and exchange.error is None:
            continue
        item = by_key.get(exchange.subject or "")
        rows.append(
            {
                "integration_id": batch.target.integration_id,
                "batch_id": batch.id,
                "publication_id": item.id if item else None,
                "fence": item.wish.fence if item else None,
                "method": exchange.method,
                "path": exchange.path,
                "status_code": exchange.status_code,
                "error": exchange.error,
                "duration_ms": exchange.duration_ms,
            }
        )
    if rows:
        with session_scope() as session:
            add_attempts(session, rows)


def record_failures(
    batch: Batch, failures: Mapping[int, PublishError], posts: Mapping[str, RemotePost] = NONE_SEEN
) -> None:
    """Decide for every item what its error means, and write that.

    ``posts``: what the site was seen to have, by the keys.
    """
    if not failures:
        return
    items = {item.id: item for item in batch.items}
    written = [
        _failure(items[id_], error, batch, posts.get(items[id_].wish.key))
        for id_, error in failures.items()
    ]
    with session_scope() as session:
        integration_id = batch.target.integration_id
        if not write_failures(session, batch.id, batch.site_id, integration_id, written):
            return
        for error in failures.values():
            if isinstance(error, SiteError | LookRefused):
                suspend_site(session, integration_id, error.code, str(error))
                break


def _failure(item: Item, error: PublishError, batch: Batch, post: RemotePost | None) -> Failure:
    waits = _waits(item, error, batch)
    decision = decide(
        error,
        attempts=item.attempts,
        patience=batch.patience,
        spread=random.random(),
        waits=waits,
    )
    above, fence = 0, 0
    if isinstance(error, SiteAhead):
        above = item.wish.revision if error.revision is None else error.revision
        fence = error.fence
    code, reason = _words(error, waits, failed=decision.state is PublicationState.FAILED)
    return Failure(
        publication_id=item.id,
        content_id=item.content_id,
        account_id=item.account_id,
        revision=item.wish.revision,
        state=decision.state,
        delay=decision.delay,
        attempts=item.attempts + (1 if decision.counted else 0),
        waits=waits,
        unclear=decision.unclear or (item.unclear and _leaves_open(error)),
        untried=isinstance(error, NOT_SENT) and not decision.counted,
        above=above,
        fence=fence,
        code=code,
        reason=reason,
        shown=_shown(item, post),
    )


def _shown(item: Item, post: RemotePost | None) -> Shown | None:
    if post is None or post.external_id is None or post.content_id != item.content_id:
        return None
    if not post.finished or post.status not in LIVE:
        return None
    known = None if is_ahead(item, post) else post.revision
    return Shown(post.external_id, post.url or "", post.status, known)


def _leaves_open(error: PublishError) -> bool:
    """Whether what was unclear stays so: a request that slept on its way may still arrive.

    A closed window ends that: the site was asked before, and the item gets another slot.
    """
    return not isinstance(error, WindowClosed)


def _waits(item: Item, error: PublishError, batch: Batch) -> int:
    """Return how often in a row it was asked to wait while its site took others."""
    if isinstance(error, NOT_SENT):
        return item.waits
    if not asks_to_wait(error):
        return 0
    if isinstance(error, PictureDelayed):  # counted always: it ends without the picture
        return item.waits + 1
    # Since the last breakdown, which such a wish is too, a post of the site was answered.
    return item.waits + (batch.pace.failures == 0)


def _words(error: PublishError, waits: int, *, failed: bool) -> tuple[str, str]:
    if failed and isinstance(error, WriteRefused):
        return ContentRefused.code, error.of_item
    if failed and asks_to_wait(error):
        return error.code, f"{error}, {waits} times in a row for this one while it took others"
    return error.code, str(error)


def record_published(batch: Batch, posts: Mapping[int, RemotePost]) -> None:
    """Write what the site shows; an item whose wish has changed meanwhile goes round again."""
    if not posts:
        return
    items = {item.id: item for item in batch.items}
    seen = [_seen(items[id_], post, batch.read_at) for id_, post in posts.items()]
    with session_scope() as session:
        write_seen(session, batch.id, batch.site_id, batch.target.integration_id, seen)


def _seen(item: Item, post: RemotePost, asked_after: datetime) -> Seen:
    return Seen(
        publication_id=item.id,
        content_id=item.content_id,
        account_id=item.account_id,
        revision=post.revision,
        fingerprint=item.wish.fingerprint,
        external_id=post.external_id or "",
        url=post.url or "",
        status=post.status,
        images=image_results(item.parts.images, post.images),
        asked_after=asked_after,
        modified_at=post.modified_at,
    )
