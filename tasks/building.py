"""Building the parts of a batch's payloads: rows in, pure functions, rows out."""

from collections.abc import Callable
from typing import Any

import structlog

from models.batches import release_batch, write_part
from models.session import session_scope
from pipeline.errors import BuildFailed, PublishError
from pipeline.excerpts import build_excerpt
from pipeline.images import build_images as image_parts
from pipeline.taxonomy import build_taxonomy as taxonomy_of
from tasks.batch import Batch, Item, read_batch
from tasks.preparing import prepare_pictures
from tasks.recording import record_failures

log = structlog.get_logger()


def build_excerpts(batch_id: int) -> None:
    """Write the excerpt of every item."""
    if batch := read_batch(batch_id):
        _build(batch, "excerpt", lambda item: build_excerpt(item.document.html))


def build_taxonomy(batch_id: int) -> None:
    """Write the terms of every item, by the site's rule."""
    if batch := read_batch(batch_id):
        _build(batch, "taxonomy", lambda item: _taxonomy(item, batch))


def _taxonomy(item: Item, batch: Batch) -> dict[str, Any]:
    built = taxonomy_of(item.document, batch.rule)
    return {"categories": [list(path) for path in built.categories], "tags": list(built.tags)}


def build_images(batch_id: int) -> None:
    """Write the images of every item; those that nobody has prepared yet are prepared here.

    Where that takes long the batch is given back, and its next claim prepares the others.
    """
    batch = read_batch(batch_id)
    if batch is None:
        return
    hashes = {picture.hash for item in batch.items for picture in item.document.images}
    facts = prepare_pictures({name for name in hashes if name})
    if facts is None:
        with session_scope() as session:
            release_batch(session, batch.id)
        return
    _build(
        batch,
        "images",
        lambda item: [part.as_json() for part in image_parts(item.document, facts)],
    )


def _build(batch: Batch, column: str, build: Callable[[Item], Any]) -> None:
    """Build one part for every item; an item that can't be built fails alone."""
    values: dict[int, Any] = {}
    failures: dict[int, PublishError] = {}
    for item in batch.items:
        try:
            values[item.id] = build(item)
        except Exception:  # an edge: one item's fault must not fail the other nineteen
            log.exception("build.failed", part=column, publication=item.id)
            failures[item.id] = BuildFailed(
                f"its {column} could not be built; the worker's log says why"
            )
    with session_scope() as session:
        write_part(session, batch.id, column, values)
    if failures:
        record_failures(batch, failures)
