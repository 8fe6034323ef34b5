"""Building the parts of a batch's payloads: rows in, pure functions, rows out."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from models.batches import BuiltPart, release_batch, write_part
from models.session import session_scope
from pipeline.errors import BuildFailed, PublishError
from pipeline.excerpts import build_excerpt
from pipeline.images import FileFacts
from pipeline.images import build_images as image_parts
from pipeline.taxonomy import build_taxonomy as taxonomy_of
from tasks.batch import Batch, Item, at_work
from tasks.preparing import known_pictures, prepare_pictures, waiting
from tasks.recording import record_failures

log = structlog.get_logger()


def build_excerpts(batch_id: int) -> None:
    """Write the excerpt of every item."""
    with at_work(batch_id, "build_excerpts") as batch:
        if batch:
            _build(batch, "excerpt", lambda item: build_excerpt(item.document.html))


def build_taxonomy(batch_id: int) -> None:
    """Write the terms of every item, by the site's rule."""
    with at_work(batch_id, "build_taxonomy") as batch:
        if batch:
            _build(batch, "taxonomy", lambda item: _taxonomy(item, batch))


def _taxonomy(item: Item, batch: Batch) -> dict[str, Any]:
    built = taxonomy_of(item.document, batch.rule)
    return {"categories": [list(path) for path in built.categories], "tags": list(built.tags)}


def build_images(batch_id: int) -> bool:
    """Write the images of every item; False where some must be prepared first."""
    with at_work(batch_id, "build_images") as batch:
        if batch is None:
            return True
        facts = known_pictures(_hashes(batch))
        if waiting(facts):
            return False
        _write_images(batch, facts)
    return True


def prepare_images(batch_id: int) -> None:
    """Prepare the pictures of every item that nobody has prepared yet, and write its images.

    Where that takes long the batch is given back, and its next claim prepares the others.
    """
    with at_work(batch_id, "prepare_images") as batch:
        if batch is None:
            return
        facts = prepare_pictures(_hashes(batch))
        if facts is None:
            with session_scope() as session:
                release_batch(session, batch.id)
            return
        _write_images(batch, facts)


def _hashes(batch: Batch) -> set[str]:
    pictures = (picture for item in batch.items for picture in item.document.images)
    return {picture.hash for picture in pictures if picture.hash}


def _write_images(batch: Batch, facts: Mapping[str, FileFacts]) -> None:
    _build(
        batch,
        "images",
        lambda item: [part.as_json() for part in image_parts(item.document, facts)],
    )


def _build(batch: Batch, column: str, build: Callable[[Item], Any]) -> None:
    """Build one part for every item; an item that can't be built fails alone."""
    built: dict[int, BuiltPart] = {}
    failures: dict[int, PublishError] = {}
    for item in batch.items:
        try:
            built[item.id] = BuiltPart(item.wish.revision, build(item))
        except Exception:  # an edge: one item's fault must not fail the other nineteen
            log.exception("build.failed", part=column, publication=item.id)
            failures[item.id] = BuildFailed(
                f"its {column} could not be built; the worker's log says why"
            )
    with session_scope() as session:
        write_part(session, batch.id, column, built)
    if failures:
        record_failures(batch, failures)
