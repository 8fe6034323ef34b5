"""A batch as plain values, read at once: no transaction is open while a site thinks."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog

import settings
from models import Publication
from models.publication import PARTS
from models.publishing.batches import BatchRow, BatchRows, load_batch, note_link, release_batch
from models.publishing.outcomes import suspend_site
from models.session import session_scope
from pipeline.documents import Document, wish_fingerprint
from pipeline.errors import SiteError
from pipeline.images import ImagePart
from pipeline.pacing import Pace, at_once
from pipeline.payloads.wordpress import Parts, Wish
from pipeline.retry import Patience
from pipeline.taxonomy import Taxonomy, TaxonomyRule
from platforms import Target, target_of
from tasks.sites.care import pace_of

log = structlog.get_logger()

MAY_HAVE_SENT = frozenset({"push_posts", "confirm_posts"})
"""Links that begin when posts of their batch may be at the site: a message may come back."""


@dataclass(frozen=True, slots=True)
class Item:
    """One publication on its way."""

    id: int
    content_id: int
    account_id: int
    wish: Wish
    document: Document
    parts: Parts
    built: bool
    """Whether all parts are there: a revision that was accepted just now has none yet."""

    attempts: int
    waits: int
    unclear: bool
    rescues: int
    closes_at: float | None = None
    """The end of its site's window, on this process's monotonic clock; None: no window."""

    @property
    def is_too_late(self) -> bool:
        return self.closes_at is not None and time.monotonic() >= self.closes_at


@dataclass(frozen=True, slots=True)
class Batch:
    """What a link of the chain works on."""

    id: int
    site_id: int
    target: Target
    rule: TaxonomyRule
    patience: Patience
    items: tuple[Item, ...]
    leased_until: float
    """The end of its lease, on this process's monotonic clock; never later than it is."""

    pace: Pace
    read_at: datetime
    """By the database's clock."""

    @property
    def requests_at_once(self) -> int:
        return at_once(self.pace, self.target.requests_per_site)


@contextmanager
def at_work(batch_id: int, link: str) -> Iterator[Batch | None]:
    """Give a link what of its batch is still ours, or None, and note where it does not end.

    That it has begun is noted for what was lost before, and whatever breaks off by an error: a
    healthy batch pays no statement for it. What dies in its first lease is unclear afterwards.
    """
    noted = False
    # Before it is read: a process that is frozen after it has an old lease, and must see that.
    began = time.monotonic()
    try:
        with session_scope(read_only=True) as session:
            found = load_batch(session, batch_id)
        if any(row.publication.unclear or row.publication.rescues for row in found.rows):
            noted = _note(batch_id, link)
        yield _read(batch_id, found, began, sent=link in MAY_HAVE_SENT)
    except Exception:
        _note(batch_id, link)
        raise
    if noted:
        _note(batch_id, None)


def _note(batch_id: int, link: str | None) -> bool:
    with session_scope() as session:
        note_link(session, batch_id, link)
    return True


def _read(batch_id: int, found: BatchRows, began: float, *, sent: bool) -> Batch | None:
    """A site whose key can't be used is suspended here: nothing can be sent to it."""
    if found.integration is None:
        return None
    try:
        target = target_of(found.integration)
    except SiteError as error:
        _park(batch_id, found.integration.id, error, sent=sent)
        return None
    return _batch(batch_id, found, target, began)


def _park(batch_id: int, integration_id: int, error: SiteError, *, sent: bool) -> None:
    log.error("batch.parked", batch=batch_id, code=error.code, reason=str(error))
    with session_scope() as session:
        release_batch(session, batch_id, unclear=sent)
        suspend_site(session, integration_id, error.code, str(error))


def _batch(batch_id: int, found: BatchRows, target: Target, began: float) -> Batch:
    integration = found.rows[0].publication.integration
    config = integration.config_json
    return Batch(
        id=batch_id,
        site_id=integration.site_id,
        target=target,
        rule=TaxonomyRule(tags_from_keywords=bool(config.get("tags_from_keywords"))),
        patience=_patience(config.get("max_attempts")),
        items=tuple(_item(row, found.read_at, began) for row in found.rows),
        leased_until=began + found.lease_left,
        pace=pace_of(integration, found.read_at),
        read_at=found.read_at,
    )


def _patience(max_attempts: int | None) -> Patience:
    known = settings.current()
    return Patience(
        max_attempts=max_attempts or known.max_attempts,
        first_delay=known.retry_first_delay,
        longest_delay=known.retry_longest_delay,
    )


def _item(row: BatchRow, read_at: datetime, began: float) -> Item:
    publication = row.publication
    until = publication.publish_until
    return Item(
        id=publication.id,
        content_id=publication.content_id,
        account_id=publication.account_id,
        wish=_wish(row, publication),
        document=Document.from_json(row.document),
        parts=_parts(publication),
        built=all(getattr(publication, name) is not None for name in PARTS),
        attempts=publication.attempts,
        waits=publication.waits,
        unclear=publication.unclear,
        rescues=publication.rescues,
        closes_at=None if until is None else began + (until - read_at).total_seconds(),
    )


def _wish(row: BatchRow, publication: Publication) -> Wish:
    return Wish(
        key=publication.key,
        fence=publication.fence,
        revision=publication.revision,
        fingerprint=wish_fingerprint(row.document_fingerprint, publication.post_status),
        content_id=publication.content_id,
        post_status=publication.post_status,
        restore=publication.restore,
    )


def _parts(publication: Publication) -> Parts:
    taxonomy = publication.taxonomy or {}
    return Parts(
        excerpt=publication.excerpt or "",
        taxonomy=Taxonomy(
            tuple(tuple(path) for path in taxonomy.get("categories", ())),
            tuple(taxonomy.get("tags", ())),
        ),
        images=tuple(ImagePart.from_json(part) for part in publication.images or ()),
    )
