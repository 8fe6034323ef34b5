"""Bringing a batch's images to its site: asked for by content hash, sent only when missing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from models.pictures import files_with_bytes
from models.session import session_scope
from pipeline.errors import (
    PermanentError,
    PublishError,
    SiteError,
    TemporaryError,
    WriteRefused,
)
from pipeline.images import ImagePart, file_name
from platforms.base import Platform, Upload
from tasks.batch import Batch, Item
from tasks.lease import Lease

MEMORY_LIMIT = 32 * 1024 * 1024
"""Bytes of images held at once."""


@dataclass(slots=True)
class Media:
    """What the site has (``addresses``, by hash), and what could not be brought."""

    addresses: dict[str, str] = field(default_factory=dict)
    errors: dict[str, PublishError] = field(default_factory=dict)

    def error_for(self, item: Item, max_attempts: int) -> PublishError | None:
        """Return why the post should wait for its images, or None when it may go.

        An image that the site will never take does not hold the post up, and on the last
        attempt none does: a failed image never loses the post.
        """
        errors = [self.errors.get(part.hash or "") for part in item.parts.images]
        # First what counts: else an item whose picture shuts its site would come back for ever.
        for error in sorted(errors, key=lambda each: not isinstance(each, WriteRefused)):
            if isinstance(error, SiteError):
                return error
            last = item.attempts + 1 >= max_attempts
            if error is not None and not isinstance(error, PermanentError) and not last:
                return error
        return None


def bring_images(batch: Batch, items: Iterable[Item], platform: Platform, lease: Lease) -> Media:
    """Make sure that the site has the images of these items, each once."""
    wanted = {
        part.hash: part
        for item in items
        for part in item.parts.images
        if part.hash and part.problem is None
    }
    media = Media()
    if not wanted:
        return media
    lease.keep()
    try:
        media.addresses = platform.find_media(list(wanted))
    except PublishError as error:
        media.errors = dict.fromkeys(wanted, error)
        return media
    missing = [part for name, part in wanted.items() if name not in media.addresses]
    for upload in _uploads(missing):
        lease.keep()
        try:
            media.addresses[upload.hash] = platform.upload(upload)
        except SiteError as error:
            shut = error.site if isinstance(error, WriteRefused) else error
            media.errors = dict.fromkeys((part.hash for part in missing if part.hash), shut)
            media.errors[upload.hash] = error
            break
        except PublishError as error:
            media.errors[upload.hash] = error
    return _with_the_rest(media, wanted)


def _with_the_rest(media: Media, wanted: Mapping[str, ImagePart]) -> Media:
    """Let the posts wait whose pictures are not prepared: another release built their parts."""
    for name in wanted.keys() - media.addresses.keys() - media.errors.keys():
        media.errors[name] = TemporaryError(
            f"{wanted[name].source} is not prepared yet", code="image_not_prepared"
        )
    return media


def _uploads(parts: list[ImagePart]) -> Iterator[Upload]:
    for group in _groups(parts):
        by_hash = {part.hash: part for part in group if part.hash}
        with session_scope(read_only=True) as session:
            files = files_with_bytes(session, list(by_hash))
        for file in files:
            part = by_hash[file.sha256]
            yield Upload(
                hash=file.sha256,
                data=file.data,
                media_type=file.media_type or "application/octet-stream",
                file_name=file_name(part.source, file.media_type),
                alt=part.alt,
            )


def _groups(parts: list[ImagePart]) -> Iterator[list[ImagePart]]:
    group: list[ImagePart] = []
    for part in parts:
        if group and sum(each.size for each in group) + part.size > MEMORY_LIMIT:
            yield group
            group = []
        group.append(part)
    if group:
        yield group
