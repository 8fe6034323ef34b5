"""Decides what a publish request may do: the protocol's table, row by row, in one step."""

import time
from dataclasses import dataclass, replace
from enum import Enum, auto
from http import HTTPStatus

from simulators.documents import Document
from simulators.listing import adopted
from simulators.messages import Refused, in_progress, refusal
from simulators.store import DONE, IN_PROGRESS, Publication, Store

STALE_SECONDS = 120.0
"""After this long without an end a request counts as dead and its key may be taken over."""


class Work(Enum):
    WHOLE = auto()
    IMAGES = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Claim:
    """A reservation: the row as it was before (None: new), and the number that makes it ours."""

    key: str
    number: int
    work: Work
    before: Publication | None


class Claims:
    def __init__(self, store: Store, stale_seconds: float = STALE_SECONDS) -> None:
        self._store = store
        self._stale_seconds = stale_seconds

    def open(self, document: Document) -> Claim:
        """Reserve the key of a document; raises Refused with the first row that applies."""
        with self._store.lock:
            row = self._store.publications.get(document.key)
            if row is not None:
                return self._open_known(row, document)
            if row := self._adopt(document):
                return self._open_known(row, document)
            owner = self._store.keys_of_content.get(document.content_id)
            if owner is not None:
                raise self._conflict(
                    "igny8_content_exists",
                    "Another publication owns this content.",
                    self._store.publications[owner],
                )
            row = Publication(
                document.key,
                document.content_id,
                document.fence,
                document.revision,
                document.fingerprint,
            )
            self._store.publications[document.key] = row
            self._store.keys_of_content[document.content_id] = document.key
            return self._reserve(row, Work.WHOLE, None)

    def _adopt(self, document: Document) -> Publication | None:
        """Give a post that carries the key, but has no row, its row back; the lock is held."""
        ids = [id_ for id_, p in self._store.posts.items() if p.publication_key == document.key]
        if not ids or document.content_id in self._store.keys_of_content:
            return None
        row = adopted(document.key, document.content_id, min(ids))
        self._store.publications[document.key] = row
        self._store.keys_of_content[document.content_id] = document.key
        return row

    def _open_known(self, row: Publication, document: Document) -> Claim:
        self._refuse_stale(row, document)
        post = self._store.posts.get(row.post_id or 0)
        is_there = post is not None and post.status != "trash"
        work = Work.WHOLE
        if is_there and row.revision == document.revision and row.state == DONE:
            failed = any(image["status"] == "failed" for image in row.images)
            work = Work.IMAGES if failed else Work.NOTHING
        elif is_there and row.revision == document.revision and row.only_images:
            work = Work.IMAGES
        elif not document.restore and post is not None and post.status == "trash":
            raise self._conflict("igny8_post_trashed", "The post is in the trash.", row)
        elif not document.restore and post is None and row.post_id is not None:
            raise self._conflict("igny8_post_gone", "The post was deleted.", row)
        if work is Work.NOTHING:
            row.fence = document.fence
            return Claim(row.publication_key, row.claim, work, row)
        before = replace(row)
        row.fence, row.revision = document.fence, document.revision
        row.fingerprint = document.fingerprint
        return self._reserve(row, work, before)

    def _refuse_stale(self, row: Publication, document: Document) -> None:
        if document.fence < row.fence:
            raise refusal(
                "igny8_stale_fence",
                HTTPStatus.PRECONDITION_FAILED,
                "A newer claim was seen.",
                {"fence": row.fence},
            )
        if document.revision < row.revision:
            raise refusal(
                "igny8_stale_revision",
                HTTPStatus.PRECONDITION_FAILED,
                "A newer revision was seen.",
                {"revision": row.revision},
            )
        is_fresh = time.monotonic() - row.reserved_at < self._stale_seconds
        if row.state == IN_PROGRESS and is_fresh:
            raise in_progress()
        same = document.revision == row.revision
        if document.content_id != row.content_id or (
            same and document.fingerprint != row.fingerprint
        ):
            raise refusal(
                "igny8_fingerprint_mismatch",
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "The same revision was seen with another document.",
            )

    def _reserve(self, row: Publication, work: Work, before: Publication | None) -> Claim:
        row.state, row.reserved_at = IN_PROGRESS, time.monotonic()
        row.claim = next(self._store.claims)
        row.only_images = work is Work.IMAGES
        return Claim(row.publication_key, row.claim, work, before)

    def _conflict(self, code: str, message: str, row: Publication) -> Refused:
        return refusal(code, HTTPStatus.CONFLICT, message, self._store.describe(row))

    def owned(self, claim: Claim) -> Publication:
        """Return our row; raises Refused when another request took it over. The lock is held."""
        row = self._store.publications.get(claim.key)
        if row is None or row.claim != claim.number or row.state != IN_PROGRESS:
            raise in_progress()
        return row

    def release(self, claim: Claim) -> None:
        """Give a claim up, so that the next request need not wait."""
        with self._store.lock:
            row = self._store.publications.get(claim.key)
            if row is None or row.claim != claim.number or row.state != IN_PROGRESS:
                return
            before = claim.before
            if before is None and row.post_id is None:
                del self._store.publications[claim.key]
                del self._store.keys_of_content[row.content_id]
            elif before is not None and before.state == DONE and before.post_id == row.post_id:
                row.state = DONE
                row.revision, row.fingerprint = before.revision, before.fingerprint
            else:
                row.reserved_at = float("-inf")
