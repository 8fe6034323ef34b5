"""Building the parts of a batch's payloads: rows in, pure functions, rows out."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import structlog

import settings
from models.publishing.awaited_pictures import await_pictures
from models.publishing.batches import BuiltPart, update_batch, write_part
from models.publishing.rescuing import LOST_REASON, MOST_RESCUES, WORKER_LOST
from models.session import session_scope
from pipeline.errors import BuildFailed, PublishError
from pipeline.excerpts import build_excerpt
from pipeline.images import FileFacts
from pipeline.images import build_images as image_parts
from pipeline.taxonomy import build_taxonomy as taxonomy_of
from tasks import doorbell
from tasks.publishing.batch import Batch, Item, at_work
from tasks.publishing.preparing import hashes_of, known_pictures, waiting
from tasks.publishing.recording import record_failures

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


def build_images(batch_id: int) -> None:
    """Write the images of every item that does not wait for a picture that is to be prepared.

    The others are given back, and the media worker is asked for their pictures.
    """
    with at_work(batch_id, "build_images") as batch:
        if batch is None:
            return
        hashes = {item.id: hashes_of(item.document) for item in batch.items}
        facts = known_pictures(set().union(*hashes.values()))
        new = set(waiting(facts))
        late = [item for item in batch.items if hashes[item.id] & new]
        _await_pictures(batch, late)
        _write_images(replace(batch, items=tuple(i for i in batch.items if i not in late)), facts)


def _await_pictures(batch: Batch, late: list[Item]) -> None:
    """What has ended too many media workers fails; the others wait."""
    lost = [item.id for item in late if item.rescues >= MOST_RESCUES]
    ids = [item.id for item in late if item.rescues < MOST_RESCUES]
    if lost:
        with session_scope() as session:
            update_batch(session, batch.id, lost, {"rescues": 0})
        error = BuildFailed(LOST_REASON, code=WORKER_LOST)
        record_failures(batch, dict.fromkeys(lost, error))
    if ids:
        with session_scope() as session:
            await_pictures(session, batch.id, ids, settings.current().retry_first_delay)
        doorbell.ring_media(ids)


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
