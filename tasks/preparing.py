"""Preparing a batch's pictures: each is written anew once, one in memory at a time."""

import hashlib
import time
from collections.abc import Iterable, Mapping

import settings
from models.pictures import file_bytes, keep_prepared, prepared_files, refuse_file
from models.session import session_scope
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


def prepare_pictures(hashes: set[str]) -> dict[str, FileFacts] | None:
    """Return what sites get for these files; None when there was not time for all of them.

    Each is kept as soon as it is prepared, so that the next call goes on from there.
    """
    facts = known_pictures(hashes)
    left = waiting(facts)
    prepared = dict(_prepared(left))
    return facts | prepared if len(prepared) == len(left) else None


def _prepared(hashes: Iterable[str]) -> Iterable[tuple[str, FileFacts]]:
    until = time.monotonic() + AT_A_TIME
    for name in hashes:
        with session_scope(read_only=True) as session:
            data = file_bytes(session, name)
        yield name, _keep(name, prepare(data, settings.current().max_image_pixels))
        if time.monotonic() >= until:
            return


def _keep(name: str, verdict: Verdict) -> FileFacts:
    found = {
        "media_type": verdict.media_type,
        "width": verdict.width,
        "height": verdict.height,
    }
    if verdict.problem is not None:
        with session_scope() as session:
            refuse_file(session, name, {**found, "problem": verdict.problem})
        return FileFacts(problem=verdict.problem)
    sha256, size = hashlib.sha256(verdict.data).hexdigest(), len(verdict.data)
    with session_scope() as session:
        keep_prepared(
            session, name, {**found, "sha256": sha256, "data": verdict.data, "size": size}, found
        )
    return FileFacts(sha256, size)
