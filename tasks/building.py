"""Building the parts of a batch's payloads: rows in, pure functions, rows out."""

from collections.abc import Callable
from typing import Any

import structlog

import settings
from models.batches import write_part
from models.pictures import file_bytes, file_facts, write_verdicts
from models.session import session_scope
from pipeline.errors import PermanentError, PublishError
from pipeline.excerpts import build_excerpt
from pipeline.images import FileFacts
from pipeline.images import build_images as image_parts
from pipeline.pictures import inspect
from pipeline.taxonomy import build_taxonomy as taxonomy_of
from tasks.batch import Batch, Item, read_batch
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
    """Write the images of every item; bytes that nobody has decoded yet are decoded here."""
    batch = read_batch(batch_id)
    if batch is None:
        return
    hashes = {picture.hash for item in batch.items for picture in item.document.images}
    facts = _facts({name for name in hashes if name})
    _build(
        batch,
        "images",
        lambda item: [part.as_json() for part in image_parts(item.document, facts)],
    )


def _facts(hashes: set[str]) -> dict[str, FileFacts]:
    if not hashes:
        return {}
    with session_scope(read_only=True) as session:
        known = {
            name: FileFacts(file.size, file.problem) if file.checked else None
            for name, file in file_facts(session, hashes).items()
        }
    unchecked = [name for name, facts in known.items() if facts is None]
    return {name: facts for name, facts in known.items() if facts} | _check(unchecked)


def _check(hashes: list[str]) -> dict[str, FileFacts]:
    """Decode each picture, one in memory at a time, and keep the verdicts."""
    verdicts = {}
    for name in hashes:
        with session_scope(read_only=True) as session:
            data = file_bytes(session, name)
        verdicts[name] = inspect(data, settings.current().max_image_pixels)
    if verdicts:
        with session_scope() as session:
            write_verdicts(
                session,
                {
                    name: {
                        "media_type": verdict.media_type,
                        "width": verdict.width,
                        "height": verdict.height,
                        "problem": verdict.problem,
                    }
                    for name, verdict in verdicts.items()
                },
            )
    return {name: FileFacts(verdict.size, verdict.problem) for name, verdict in verdicts.items()}


def _build(batch: Batch, column: str, build: Callable[[Item], Any]) -> None:
    """Build one part for every item; an item that can't be built fails alone."""
    values: dict[int, Any] = {}
    failures: dict[int, PublishError] = {}
    for item in batch.items:
        try:
            values[item.id] = build(item)
        except Exception:  # an edge: one item's fault must not fail the other nineteen
            log.exception("build.failed", part=column, publication=item.id)
            failures[item.id] = PermanentError(
                f"its {column} could not be built; the worker's log says why", code="build_failed"
            )
    with session_scope() as session:
        write_part(session, batch.id, column, values)
    if failures:
        record_failures(batch, failures)
