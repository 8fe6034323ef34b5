"""A draft, as a file or a request brings it -> a document that can be published, or why not."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from pipeline.documents import FEATURED, GALLERY, INLINE, TITLE_LIMIT, Document, Picture
from pipeline.html import has_text_or_media, images_in, sanitise
from pipeline.images import is_public_url

TERM_DEPTH = 10
"""Levels of a category's path; nobody's menu has more."""

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class DraftRefused(ValueError):
    """This can't become a document. The message is for the author; ``field`` names the place."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def complete(draft: Document, *, max_bytes: int) -> Document:
    """Return the draft with tidy fields, safe HTML, and a picture for every local image in it.

    Args:
        draft: what the author wrote, as values of the right types.
        max_bytes: how long its HTML may be, in UTF-8.

    Raises:
        DraftRefused: no title, no body, too long, or text that no database takes.
    """
    _refuse_broken_text(draft)
    title = _line(draft.title)
    if not title:
        raise DraftRefused("title", "the title is empty")
    if len(title) > TITLE_LIMIT:
        raise DraftRefused("title", f"the title has {len(title)} characters; {TITLE_LIMIT} may be")
    html = _body(draft.html, max_bytes)
    pictures = tuple(draft.images)
    return replace(
        draft,
        title=title,
        html=html,
        slug=_line(draft.slug),
        seo_title=_line(draft.seo_title),
        seo_description=_line(draft.seo_description),
        primary_keyword=_line(draft.primary_keyword),
        secondary_keywords=_lines(draft.secondary_keywords),
        cluster=_line(draft.cluster),
        categories=_paths(draft.categories),
        tags=_lines(draft.tags),
        images=(*pictures, *_inline_pictures(html, pictures)),
    )


def with_hashes(document: Document, hashes: Mapping[str, str]) -> Document:
    """Return the document with the hash of every picture whose source we hold."""
    images = tuple(
        replace(picture, hash=hashes.get(picture.source, picture.hash))
        for picture in document.images
    )
    return replace(document, images=images)


def _body(html: str, max_bytes: int) -> str:
    size = len(html.encode())
    if size > max_bytes:
        raise DraftRefused(
            "html", f"the body has {size / 1e6:.1f} MB; the limit is {max_bytes / 1e6:.1f} MB"
        )
    safe = sanitise(html)
    if not has_text_or_media(safe):
        raise DraftRefused("html", "the body is empty")
    return safe


def _refuse_broken_text(draft: Document) -> None:
    """Refuse what PostgreSQL's text can't hold: NUL, and halves of UTF-16 pairs (from JSON)."""
    for field, text in _texts(draft):
        if CONTROL.search(text):
            raise DraftRefused(field, f"{field} holds control characters: is it a text file?")
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise DraftRefused(field, f"{field} holds half a character (a lone surrogate)")


def _texts(draft: Document) -> Iterator[tuple[str, str]]:
    for field in ("title", "html", "slug", "seo_title", "seo_description", "primary_keyword"):
        yield field, getattr(draft, field)
    yield "cluster", draft.cluster
    yield from (("secondary_keywords", word) for word in draft.secondary_keywords)
    yield from (("categories", name) for path in draft.categories for name in path)
    yield from (("tags", name) for name in draft.tags)
    for picture in draft.images:
        if picture.role not in {INLINE, FEATURED, GALLERY}:
            raise DraftRefused("images", f"{picture.role!r} is no role of an image")
        _is_public(picture.source)
        yield from (("images", text) for text in (picture.source, picture.alt, picture.caption))


def _line(text: str) -> str:
    return " ".join(text.split())


def _lines(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(_line, texts))))


def _paths(paths: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    cleaned = (tuple(filter(None, map(_line, path)))[:TERM_DEPTH] for path in paths)
    return tuple(dict.fromkeys(filter(None, cleaned)))


def _inline_pictures(html: str, known: Iterable[Picture]) -> Iterator[Picture]:
    """Yield the images in the text that aren't public addresses; each address once."""
    seen = {picture.source for picture in known if picture.role == INLINE}
    for image in images_in(html):
        source = image.get("src", "").strip()
        if source and source not in seen and not _is_public(source):
            seen.add(source)
            yield Picture(INLINE, source, alt=image.get("alt", ""))


def _is_public(source: str) -> bool:
    try:
        return is_public_url(source)
    except ValueError:
        words = f"the image address {source[:80]!r} can't be read"
        raise DraftRefused("images", words) from None
