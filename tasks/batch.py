"""A batch as plain values, read at once: no transaction is open while a site thinks."""

from dataclasses import dataclass

import settings
from models import Publication
from models.batches import BatchRow, load_batch
from models.session import session_scope
from pipeline.documents import Document, wish_fingerprint
from pipeline.images import ImagePart
from pipeline.payloads.wordpress import Parts, Wish
from pipeline.retry import Patience
from pipeline.taxonomy import Taxonomy, TaxonomyRule
from platforms import Target, target_of


@dataclass(frozen=True, slots=True)
class Item:
    """One publication on its way."""

    id: int
    content_id: int
    account_id: int
    wish: Wish
    document: Document
    parts: Parts
    attempts: int
    unclear: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """What a link of the chain works on."""

    id: int
    site_id: int
    target: Target
    rule: TaxonomyRule
    patience: Patience
    items: tuple[Item, ...]
    lease_left: float


def read_batch(batch_id: int) -> Batch | None:
    """Return what of the batch is still ours, or None."""
    with session_scope(read_only=True) as session:
        found = load_batch(session, batch_id)
        if found.integration is None:
            return None
        config = found.integration.config_json
        return Batch(
            id=batch_id,
            site_id=found.integration.site_id,
            target=target_of(found.integration),
            rule=TaxonomyRule(tags_from_keywords=bool(config.get("tags_from_keywords"))),
            patience=_patience(config.get("max_attempts")),
            items=tuple(_item(row) for row in found.rows),
            lease_left=found.lease_left,
        )


def _patience(max_attempts: int | None) -> Patience:
    known = settings.current()
    return Patience(
        max_attempts=max_attempts or known.max_attempts,
        first_delay=known.retry_first_delay,
        longest_delay=known.retry_longest_delay,
    )


def _item(row: BatchRow) -> Item:
    publication = row.publication
    return Item(
        id=publication.id,
        content_id=publication.content_id,
        account_id=publication.account_id,
        wish=_wish(row, publication),
        document=Document.from_json(row.document),
        parts=_parts(publication),
        attempts=publication.attempts,
        unclear=publication.unclear,
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
        images=tuple(ImagePart(**part) for part in publication.images or ()),
    )
