"""What a caller wrote -> a document of ours, on top of the one it changes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ingress.contents.fields import ContentFields
from ingress.errors import refused_field
from pipeline.documents import FEATURED, GALLERY, Document, Picture
from pipeline.drafts import DraftRefused, complete, with_hashes
from pipeline.images import is_public_url
from pipeline.imported import ImportProblem
from pipeline.markdown import render

# Fields that a body and a document call the same and that need no translation.
TEXTS = ("title", "slug", "seo_title", "seo_description", "primary_keyword", "cluster")
LISTS = ("secondary_keywords", "tags")

EMPTY = Document(title="", html="")


def new_document(fields: ContentFields, max_bytes: int) -> Document:
    """Return the document that ``fields`` describe.

    Raises:
        Problem: 400 for a field that is wrong in itself, 422 for what can't be published.
    """
    return _completed(_draft(EMPTY, fields.model_dump()), max_bytes)


def next_document(old: Document, fields: ContentFields, max_bytes: int, *, whole: bool) -> Document:
    """Return ``old`` with what ``fields`` name changed; ``whole``: with all else emptied.

    Pictures whose bytes we hold keep them.

    Raises:
        Problem: as for :func:`new_document`.
    """
    given = fields.model_dump(exclude_unset=not whole)
    document = _completed(_draft(old, given), max_bytes)
    held = {picture.source: picture.hash for picture in old.images if picture.hash}
    return with_hashes(document, held)


def _completed(draft: Document, max_bytes: int) -> Document:
    try:
        return complete(draft, max_bytes=max_bytes)
    except DraftRefused as refused:
        raise refused_field(refused.field, str(refused), "content_refused") from None


def _draft(old: Document, given: Mapping[str, Any]) -> Document:
    changes: dict[str, Any] = {name: given[name] for name in TEXTS if name in given}
    changes |= {name: tuple(given[name]) for name in LISTS if name in given}
    if "categories" in given:
        changes["categories"] = tuple(_path(written) for written in given["categories"])
    if given.get("markdown") is not None:
        changes["html"] = _rendered(given["markdown"])
    elif given.get("html") is not None:
        changes["html"] = given["html"]
    # The text's own pictures are found anew in its HTML.
    changes["images"] = (*_featured(old, given), *_gallery(old, given))
    return replace(old, **changes)


def _rendered(markdown: str) -> str:
    try:
        return render(markdown)
    except ImportProblem as refused:
        raise refused_field("markdown", str(refused), "content_refused") from None


def _path(written: str | list[str]) -> tuple[str, ...]:
    return tuple(written.split(">") if isinstance(written, str) else written)


def _featured(old: Document, given: Mapping[str, Any]) -> Iterator[Picture]:
    present = next(old.pictures(FEATURED), None)
    source = given.get("featured_image_url", present.source if present else None)
    if not source:
        return
    if present is None or present.source != source:
        _check_address(source, "featured_image_url", old.images)
        present = Picture(FEATURED, source)
    yield replace(present, alt=given.get("featured_image_alt", present.alt))


def _gallery(old: Document, given: Mapping[str, Any]) -> Iterator[Picture]:
    if "gallery_images" not in given:
        yield from old.pictures(GALLERY)
        return
    for position, image in enumerate(given["gallery_images"]):
        _check_address(image["url"], f"gallery_images.{position}.url", old.images)
        yield Picture(GALLERY, image["url"], alt=image["alt"], caption=image["caption"])


def _check_address(source: str, field: str, known: Iterable[Picture]) -> None:
    if any(picture.source == source for picture in known):
        return  # brought by an import, with its bytes
    try:
        fine = is_public_url(source) and "@" not in source.partition("//")[2].partition("/")[0]
    except ValueError:  # `http://[` and the like
        fine = False
    if not fine or not source.isprintable() or " " in source:
        message = "not an address that a site can fetch: http(s)://host/path, without a login"
        raise refused_field(field, message)
