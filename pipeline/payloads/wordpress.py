"""The JSON that the WordPress bridge takes: docs/bridge-protocol.md, S166."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slugify import slugify

from pipeline.documents import FEATURED, GALLERY, Document
from pipeline.html import swap_image_sources
from pipeline.images import ImagePart
from pipeline.taxonomy import Taxonomy

SLUG_LIMIT = 190
"""Characters; `wp_posts.post_name` holds 200, and WordPress may add '-2'."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What identifies a write at the site, and what it asks for besides the document."""

    key: str
    fence: int
    revision: int
    fingerprint: str
    content_id: int
    post_status: str = "publish"
    restore: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """What the links of the chain have built."""

    excerpt: str
    taxonomy: Taxonomy
    images: Sequence[ImagePart]


def build_publish_payload(
    wish: Wish, document: Document, parts: Parts, media: Mapping[str, str]
) -> dict[str, Any]:
    """Return the body of ``POST /igny8/v1/publish``.

    ``media`` maps the hash of every image that is in the site's Media Library to its address. An
    image that could not be brought there is named all the same: left out, it would not be wanted
    any more, and the one that the post shows would go.
    """
    usable = [part for part in parts.images if part.url or (part.hash and not part.problem)]
    there = [part for part in usable if part.url or part.hash in media]
    addresses = {part.source: media[part.hash] for part in there if part.hash}
    featured = next((part for part in [*there, *usable] if part.role == FEATURED), None)
    return {
        "publication_key": wish.key,
        "fence": wish.fence,
        "revision": wish.revision,
        "fingerprint": wish.fingerprint,
        "content_id": wish.content_id,
        "title": document.title.strip(),
        "content_html": swap_image_sources(document.html, addresses),
        "excerpt": parts.excerpt,
        "slug": build_slug(document),
        "status": wish.post_status,
        "restore": wish.restore,
        "seo_title": document.seo_title,
        "seo_description": document.seo_description,
        "primary_keyword": document.primary_keyword,
        "secondary_keywords": list(document.secondary_keywords),
        "categories": [list(path) for path in parts.taxonomy.categories],
        "tags": list(parts.taxonomy.tags),
        "featured_image_url": featured.url if featured else None,
        "featured_image_hash": featured.hash if featured else None,
        "featured_image_alt": featured.alt if featured else "",
        "featured_image_caption": featured.caption if featured else "",
        "gallery_images": [
            {"url": part.url, "hash": part.hash, "alt": part.alt, "caption": part.caption}
            for part in usable
            if part.role == GALLERY
        ],
    }


def build_slug(document: Document) -> str:
    """Return the post's slug: the author's, else the title in ASCII."""
    return slugify(document.slug or document.title, max_length=SLUG_LIMIT, word_boundary=True)
