"""Sending a batch to its site: ask about unclear items, bring the images, then the posts."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import structlog

import platforms
from models.publishing.batches import release_items
from models.session import session_scope
from pipeline.errors import (
    PublishError,
    SiteError,
    SitePaused,
    SiteUnreachable,
    UnclearOutcome,
    WindowClosed,
    WriteRefused,
    still_open,
)
from pipeline.payloads.wordpress import build_publish_payload
from platforms.base import Platform, RemotePost
from tasks.publishing.batch import Batch, Item, at_work
from tasks.publishing.catching_up import ahead, behind_fence, is_ahead, is_refused
from tasks.publishing.lease import Lease, LeaseLost
from tasks.publishing.recording import record_attempts, record_failures
from tasks.publishing.uploading import Media, bring_images, note_not_brought
from tasks.sites.care import limits, record_signs
from tasks.sites.watching import Watched

log = structlog.get_logger()


def push_batch(batch_id: int) -> None:
    """Send every item of a batch; what did not go through is written down with its reason."""
    with at_work(batch_id, "push_posts") as batch:
        if batch:
            _push(_whole(batch))


def _whole(batch: Batch) -> Batch:
    """Give back what a newer revision was accepted for since its parts were built."""
    overtaken = [item.id for item in batch.items if not item.built]
    if overtaken:
        with session_scope() as session:
            release_items(session, batch.id, overtaken, {})
    return replace(batch, items=tuple(item for item in batch.items if item.built))


def _push(batch: Batch) -> None:
    retried = {item.wish.key for item in batch.items if item.attempts}
    lease = Lease(batch.id, batch.leased_until)
    site = platforms.connect(batch.target, before_each=lease.keep)
    platform = Watched(site, batch.pace, retried, limits())
    push = Push(batch, platform, lease)
    try:
        failures = push.run()
    except LeaseLost:
        log.warning("push.lease_lost", batch=batch.id)
        return
    finally:
        record_attempts(batch, platform.exchanges)
    # First: what is put back must not be claimed before its site's breaker is seen to be open.
    record_signs(batch.target.integration_id, batch.pace, platform.signs)
    record_failures(batch, failures, push.posts)


class Push:
    """One batch on its way; ``run`` returns the items that did not go through."""

    def __init__(self, batch: Batch, platform: Platform, lease: Lease) -> None:
        self.batch = batch
        self.platform = platform
        self.lease = lease
        self.failures: dict[int, PublishError] = {}
        self.posts: dict[str, RemotePost] = {}
        """What the site has of the unclear items, by their keys."""

        self.site_error: SiteError | None = None

    def run(self) -> dict[int, PublishError]:
        to_send = self._in_time(self._unsettled(self.batch.items))
        media = bring_images(self.batch, to_send, self.platform, self.lease)
        note_not_brought(self.batch, to_send, media)
        with ThreadPoolExecutor(self.batch.requests_at_once) as threads:
            sent = [(item, threads.submit(self._send, item, media)) for item in to_send]
        for item, outcome in sent:
            if error := outcome.result():
                self.failures[item.id] = error
        return self.failures

    def _unsettled(self, items: tuple[Item, ...]) -> list[Item]:
        """Return what must be sent: unclear items only after the site said what became of them."""
        unclear = [item for item in items if item.unclear]
        if not unclear:
            return list(items)
        try:
            self.posts = self.platform.find_posts([item.wish.key for item in unclear])
        except (SiteError, SitePaused, SiteUnreachable) as error:
            self.failures |= dict.fromkeys((item.id for item in items), error)
            return []
        except PublishError as error:
            self.failures |= {item.id: still_open(error) for item in unclear}
            return [item for item in items if not item.unclear]
        to_send = []
        for item in items:
            post = self.posts.get(item.wish.key) if item.unclear else None
            # What is unfinished may have died with its server, and only sending it again takes it
            # over; a request that still lives answers "in progress".
            needs_it = post is None or not post.finished or post.revision < item.wish.revision
            if post is not None and is_ahead(item, post):
                self.failures[item.id] = ahead(post)
            elif post is not None and needs_it and is_refused(item, post):
                self.failures[item.id] = behind_fence(post)
            elif needs_it:
                to_send.append(item)
        return to_send

    def _in_time(self, items: list[Item]) -> list[Item]:
        """Return those whose window is open; nothing of the others goes out, no image either."""
        late = [item for item in items if item.is_too_late]
        self.failures |= {item.id: error for item in late if (error := self._unsent(item))}
        return [item for item in items if item not in late]

    def _unsent(self, item: Item) -> PublishError | None:
        """Return what it means that an item's window has closed; None: the site has an older text.

        That one is confirmed. What is unfinished may be at work, and is asked about again; in the
        end it has died with its server, and only sending it again takes it over.
        """
        post = self.posts.get(item.wish.key)
        if post is not None and post.finished:
            return None
        if post is not None and item.attempts + 1 < self.batch.patience.max_attempts:
            return UnclearOutcome("the site is still working on it", code="in_progress")
        return WindowClosed("the site's window closed before its turn; it gets another slot")

    def _send(self, item: Item, media: Media) -> PublishError | None:
        """Send one item; return what went wrong."""
        if self.site_error is not None:
            return self.site_error
        if error := media.error_for(item, self.batch.patience.max_attempts):
            return error
        if item.is_too_late:
            return self._unsent(item)
        payload = build_publish_payload(item.wish, item.document, item.parts, media.addresses)
        try:
            self.platform.publish(payload)
        except SiteError as error:
            self.site_error = error.site if isinstance(error, WriteRefused) else error
            return error
        except PublishError as error:
            return error
        return None
