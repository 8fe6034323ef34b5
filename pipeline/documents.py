"""Document: content as plain values, the same for every platform, and its fingerprint."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

TITLE_LIMIT = 500
"""Characters. WordPress stores more, but no theme or search engine shows it."""

INLINE, FEATURED, GALLERY = "inline", "featured", "gallery"


@dataclass(frozen=True, slots=True)
class Picture:
    """An image of a document: ``hash`` names bytes that we hold, ``source`` is what was written."""

    role: str
    source: str
    hash: str | None = None
    alt: str = ""
    caption: str = ""

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the picture; fields of a later version are ignored."""
        return cls(**{name: values[name] for name in cls.__dataclass_fields__ if name in values})


@dataclass(frozen=True, slots=True)
class Document:
    """What a content says in one revision (S44)."""

    title: str
    html: str
    slug: str = ""
    seo_title: str = ""
    seo_description: str = ""
    primary_keyword: str = ""
    secondary_keywords: tuple[str, ...] = ()
    cluster: str = ""
    categories: tuple[tuple[str, ...], ...] = ()
    """Paths from the root."""

    tags: tuple[str, ...] = ()
    images: tuple[Picture, ...] = ()

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the document that :meth:`as_json` wrote; fields of a later version are ignored."""
        known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        return cls(
            **known
            | {
                "secondary_keywords": tuple(known.get("secondary_keywords", ())),
                "categories": tuple(tuple(path) for path in known.get("categories", ())),
                "tags": tuple(known.get("tags", ())),
                "images": tuple(Picture.from_json(image) for image in known.get("images", ())),
            }
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def fingerprint(self) -> str:
        """Return a digest (SHA-256, hex) that changes exactly when the document does."""
        canonical = json.dumps(self.as_json(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()

    def pictures(self, role: str) -> Iterator[Picture]:
        return (picture for picture in self.images if picture.role == role)


def wish_fingerprint(document_fingerprint: str, post_status: str) -> str:
    """Return the digest of what a site is asked to show: the document and the post's status."""
    return hashlib.sha256(f"{document_fingerprint}:{post_status}".encode()).hexdigest()
