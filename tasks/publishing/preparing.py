"""Preparing what publications wait for: each picture once, one in memory at a time."""

import hashlib
import time
from collections.abc import Mapping

import settings
from models.publishing.awaited_pictures import begin_preparing, end_preparing
from models.publishing.pictures import file_bytes, keep_prepared, prepared_files, refuse_file
from models.session import session_scope
from pipeline.documents import Document
from pipeline.images import FileFacts
from pipeline.pictures import Verdict, prepare

AT_A_TIME = 30.0
"""Seconds after which no further picture is begun: what is done must not be lost with the task."""


def known_pictures(hashes: set[str]) -> dict[str, FileFacts]:
    """Return what is known of these files."""
    if not hashes:
        return {}
    with session_scope(read_only=True) as session:
        return {
            name: FileFacts(prepared, size or 0, problem)
            for name, (prepared, size, problem) in prepared_files(session, hashes).items()
        }


def waiting(facts: Mapping[str, FileFacts]) -> list[str]:
    """Return those that nobody has prepared yet."""
    return [name for name, known in facts.items() if not known.hash and not known.problem]


def prepare_awaited(publication_ids: list[int]) -> None:
    """Prepare the pictures that these publications wait for, which go on then.

    Where that takes long some go on to wait: they ask for the others at their next try.
    """
    with session_scope() as session:
        begun, documents = begin_preparing(session, publication_ids)
    if not begun:
        return
    prepare_pictures(set().union(*map(hashes_of, map(Document.from_json, documents))))
    with session_scope() as session:
        end_preparing(session, begun)


def hashes_of(document: Document) -> set[str]:
    """Return the files of its pictures, as their author gave them."""
    return {picture.hash for picture in document.images if picture.hash}


def prepare_pictures(hashes: set[str]) -> None:
    """Prepare those of these files that nobody has prepared yet, as far as there is time.

    Each is kept as soon as it is prepared, so that the next call goes on from there.
    """
    until = time.monotonic() + AT_A_TIME
    for name in waiting(known_pictures(hashes)):
        with session_scope(read_only=True) as session:
            data = file_bytes(session, name)
        _keep(name, prepare(data, settings.current().max_image_pixels))
        if time.monotonic() >= until:
            return


def _keep(name: str, verdict: Verdict) -> None:
    found = {
        "media_type": verdict.media_type,
        "width": verdict.width,
        "height": verdict.height,
    }
    if verdict.problem is not None:
        with session_scope() as session:
            refuse_file(session, name, {**found, "problem": verdict.problem})
        return
    sha256, size = hashlib.sha256(verdict.data).hexdigest(), len(verdict.data)
    with session_scope() as session:
        keep_prepared(
            session, name, {**found, "sha256": sha256, "data": verdict.data, "size": size}, found
        )
