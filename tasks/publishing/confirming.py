"""Reading back what the site shows after a batch was sent: published means seen."""

import structlog

import platforms
from pipeline.errors import (
    PermanentError,
    PublishError,
    SiteBusy,
    UnclearOutcome,
    still_open,
)
from pipeline.pacing import Call, Signs, noted
from platforms.base import LIVE, RemotePost
from tasks.publishing.batch import Batch, Item, at_work
from tasks.publishing.catching_up import ahead, is_ahead
from tasks.publishing.lease import Lease, LeaseLost
from tasks.publishing.recording import record_attempts, record_failures, record_published
from tasks.sites.care import record_signs

log = structlog.get_logger()


def confirm_batch(batch_id: int) -> None:
    """Ask the site for every key of the batch, and write down what it says."""
    with at_work(batch_id, "confirm_posts") as batch:
        if batch:
            _confirm(batch)


def _confirm(batch: Batch) -> None:
    lease = Lease(batch.id, batch.leased_until)
    platform = platforms.connect(batch.target, before_each=lease.keep)
    try:
        posts = platform.find_posts([item.wish.key for item in batch.items])
    except LeaseLost:
        log.warning("confirm.lease_lost", batch=batch.id)
        return
    except PublishError as error:
        record_attempts(batch, platform.exchanges)
        record_signs(
            batch.target.integration_id,
            batch.pace,
            noted(Signs(batch.pace.failures), Call(0.0, error)),
        )
        record_failures(batch, {item.id: still_open(error) for item in batch.items})
        return
    _record(batch, posts)


def _record(batch: Batch, posts: dict[str, RemotePost]) -> None:
    seen: dict[int, RemotePost] = {}
    failures: dict[int, PublishError] = {}
    for item in batch.items:
        post = posts.get(item.wish.key)
        error = _complaint(item, post)
        if error is not None:
            failures[item.id] = error
        elif post is not None:
            seen[item.id] = post
    record_published(batch, seen)
    record_failures(batch, failures, posts)


def _complaint(item: Item, post: RemotePost | None) -> PublishError | None:
    if post is None or post.content_id != item.content_id:
        return UnclearOutcome("the site took the post, but does not show it", code="not_visible")
    if not post.finished:
        return SiteBusy("the site is still working on it")
    if is_ahead(item, post):
        return ahead(post)
    if _is_older(item, post):
        return UnclearOutcome(
            f"the site took revision {item.wish.revision} of the post, and goes on showing "
            f"revision {post.revision}: see to it that no cache and no copy of its database that "
            "lags answers for /wp-json/igny8/",
            code="older_shown",
        )
    if post.status not in LIVE or post.external_id is None:
        return PermanentError(
            "the post was removed on the site right after it was published; publish with "
            "restore to bring it back",
            code="removed",
        )
    return None


def _is_older(item: Item, post: RemotePost) -> bool:
    """Whether the site shows less than this batch has sent, so that what it says is of yesterday.

    What was accepted since then has no parts yet, and what is too late was not sent: there the
    older revision is what there is.
    """
    return item.built and not item.is_too_late and post.revision < item.wish.revision
