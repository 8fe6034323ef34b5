"""Which pictures a post gets, by what reference, and which can't be used (S165, C26)."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from pipeline.documents import Document, Picture

MAGIC = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/avif": ".avif",
}


@dataclass(frozen=True, slots=True)
class ImagePart:
    """One image of a payload: bytes we hold (``hash``), or a public ``url`` the site fetches.

    The hash is that of the bytes which go to the site, not of those that the author gave us.
    """

    role: str
    source: str
    hash: str | None
    url: str | None
    alt: str
    caption: str
    size: int = 0
    problem: str | None = None
    not_brought: str | None = None
    """Why the site had not got its bytes when the post was sent; the next time may be better."""

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the part that :meth:`as_json` wrote, in this release or in another one."""
        known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        return cls(
            **{"role": "", "source": "", "hash": None, "url": None, "alt": "", "caption": ""}
            | known
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a media worker made of the bytes of an image, or why it could not."""

    hash: str | None = None
    size: int = 0
    problem: str | None = None


def build_images(document: Document, files: Mapping[str, FileFacts]) -> tuple[ImagePart, ...]:
    """Return a part for every picture; one that can't be used says why and is left out later."""
    return tuple(_part(picture, files) for picture in document.images)


def _part(picture: Picture, files: Mapping[str, FileFacts]) -> ImagePart:
    url = picture.source if is_public_url(picture.source) else None
    facts = files.get(picture.hash) if picture.hash else None
    problem: str | None = None
    if picture.hash and facts is None:
        problem = f"the bytes of {picture.source} are missing"
    elif facts is not None:
        problem = facts.problem
    elif url is None:
        problem = f"{picture.source}: no such file when the content was imported"
    return ImagePart(
        picture.role,
        picture.source,
        facts.hash if facts and facts.hash else picture.hash,
        None if picture.hash else url,
        picture.alt,
        picture.caption,
        facts.size if facts else 0,
        problem,
    )


def image_results(
    parts: Iterable[ImagePart], reports: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return what became of the pictures: the site's reports, and what only we know.

    Of a picture that it never got the site can't say why, and of one in the text nothing at all.
    """
    results = [dict(report) for report in reports]
    for part in parts:
        reason = part.problem or part.not_brought
        if reason is None:
            continue
        names = (part.role, part.hash)
        told = [each for each in results if (each.get("role"), each.get("hash")) == names]
        if not told:
            missing = {"role": part.role, "source": part.source}
            results.append(missing | {"status": "failed", "error": reason})
        for each in told:
            if each.get("status") == "failed":
                each["error"] = reason
    return results


def is_public_url(source: str) -> bool:
    parts = urlsplit(source)
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def media_type_of(start: bytes) -> str | None:
    """Return the type that the first bytes of a file show; its name and headers may lie."""
    for magic, media_type in MAGIC.items():
        if start.startswith(magic):
            return media_type
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    if start[4:12] in {b"ftypavif", b"ftypavis"}:
        return "image/avif"
    return None


def describe_foreign(start: bytes) -> str:
    """Return words for bytes that are no image we take, so that the author knows what to do."""
    head = start[:512].lstrip().lower()
    if not head:
        return "the file is empty"
    if b"<svg" in head:
        return "it is an SVG, which can carry scripts; export it as PNG"
    if head.startswith((b"<!doctype html", b"<html")):
        return "it is a web page, not an image; the address may need a login"
    return "it is not a JPEG, PNG, GIF, WebP or AVIF"


def file_name(source: str, media_type: str | None) -> str:
    """Return a safe name for the Media Library, made of the author's name and the real type."""
    stem = urlsplit(source).path.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in stem)
    return (safe.strip("-")[:80] or "image") + EXTENSIONS.get(media_type or "", ".jpg")
