"""Bringing a batch's images to its site: asked for by content hash, sent only when missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from models.publishing.batches import BuiltPart, write_part
from models.publishing.pictures import files_with_bytes
from models.session import session_scope
from pipeline.errors import (
    PermanentError,
    PublishError,
    SiteError,
    SitePaused,
    TemporaryError,
    WriteRefused,
    asks_to_wait,
    of_picture,
)
from pipeline.images import ImagePart, file_name
from pipeline.retry import MOST_WAITS
from platforms.base import Platform, Upload
from tasks.publishing.batch import Batch, Item
from tasks.publishing.byte_budget import ByteBudget
from tasks.publishing.lease import Lease

ROOM = ByteBudget(128 * 1024 * 1024)
"""For the pictures that all threads of this process hold at once; MemoryMax of its unit fits it."""


@dataclass(slots=True)
class Media:
    """What the site has (``addresses``, by hash), and what could not be brought."""

    addresses: dict[str, str] = field(default_factory=dict)
    errors: dict[str, PublishError] = field(default_factory=dict)

    def error_for(self, item: Item, max_attempts: int) -> PublishError | None:
        """Return why the post should wait for its images, or None when it may go.

        An image that the site will never take does not hold the post up. One that failed for a
        passing reason does until the last attempt, and one that the site asked us to wait with
        until the post has waited for long enough: a failed image never loses the post.
        """
        patient = not _has_waited(item)
        last = item.attempts + 1 >= max_attempts
        errors = [self.errors.get(part.hash or "") for part in item.parts.images]
        # First what counts: else an item whose picture shuts its site would come back for ever.
        for error in sorted(errors, key=lambda each: not isinstance(each, WriteRefused)):
            if isinstance(error, SiteError):
                return error
            if error is None or isinstance(error, PermanentError):
                continue
            if patient and (asks_to_wait(error) or not last):
                return error
        return None

    def why_not(self, part: ImagePart) -> str | None:
        """Return why a picture is not at the site, in words; None where it is, or has no bytes."""
        error = self.errors.get(part.hash or "")
        if error is None or part.hash in self.addresses:
            return None
        if isinstance(error, SitePaused):
            return "the site asked to wait with it each time, until the post went without it"
        return str(error)


def _has_waited(item: Item) -> bool:
    """Whether it goes now without what the site still asks us to wait with."""
    return item.waits + 1 >= MOST_WAITS


def bring_images(batch: Batch, items: Sequence[Item], platform: Platform, lease: Lease) -> Media:
    """Make sure that the site has the images of these items, each once.

    ``lease`` is kept while others hold the room for pictures.
    """
    wanted = {
        part.hash: part
        for item in items
        for part in item.parts.images
        if part.hash and part.problem is None
    }
    media = Media()
    if not wanted:
        return media
    try:
        media.addresses = platform.find_media(list(wanted))
    except PublishError as error:
        media.errors = dict.fromkeys(wanted, _of_question(error))
        return media
    missing = [part for name, part in wanted.items() if name not in media.addresses]
    if any(map(_has_waited, items)):
        # One picture that is told to wait holds up every post of the batch, so none is sent.
        first = SitePaused("a post that has waited for long for its pictures goes first")
        media.errors = dict.fromkeys((part.hash for part in missing if part.hash), first)
        return media
    _bring(missing, media, platform, lease)
    return _with_the_rest(media, wanted)


def _of_question(error: PublishError) -> PublishError:
    """Return what a failed question means for the pictures: none of them was refused."""
    if isinstance(error, PermanentError):
        return TemporaryError(str(error), code=error.code, status_code=error.status_code)
    return error


def note_not_brought(batch: Batch, items: Sequence[Item], media: Media) -> None:
    """Keep with each post that goes without a picture why: who confirms it tells of it."""
    noted: dict[int, BuiltPart] = {}
    most = batch.patience.max_attempts
    for item in items:
        images = tuple(replace(part, not_brought=media.why_not(part)) for part in item.parts.images)
        if images != item.parts.images and media.error_for(item, most) is None:
            noted[item.id] = BuiltPart(item.wish.revision, [part.as_json() for part in images])
    if noted:
        with session_scope() as session:
            write_part(session, batch.id, "images", noted)


def _bring(missing: list[ImagePart], media: Media, platform: Platform, lease: Lease) -> None:
    for part in missing:
        try:
            _bring_one(part, media, platform, lease)
        except SiteError as error:
            shut = error.site if isinstance(error, WriteRefused) else error
            media.errors = dict.fromkeys((part.hash for part in missing if part.hash), shut)
            media.errors[part.hash or ""] = error
            break
        except PublishError as error:
            media.errors[part.hash or ""] = of_picture(error)


def _bring_one(part: ImagePart, media: Media, platform: Platform, lease: Lease) -> None:
    with ROOM.take(part.size, lease.keep):
        if upload := _upload(part):
            media.addresses[upload.hash] = platform.upload(upload)


def _with_the_rest(media: Media, wanted: Mapping[str, ImagePart]) -> Media:
    """Let the posts wait whose pictures are not prepared: another release built their parts."""
    for name in wanted.keys() - media.addresses.keys() - media.errors.keys():
        media.errors[name] = TemporaryError(
            f"{wanted[name].source} is not prepared yet", code="image_not_prepared"
        )
    return media


def _upload(part: ImagePart) -> Upload | None:
    with session_scope(read_only=True) as session:
        for file in files_with_bytes(session, [part.hash or ""]):
            return Upload(
                hash=file.sha256,
                data=file.data,
                media_type=file.media_type or "application/octet-stream",
                file_name=file_name(part.source, file.media_type),
                alt=part.alt,
            )
    return None
