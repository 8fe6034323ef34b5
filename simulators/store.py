"""What a simulated site holds: posts, images, terms, publications. In memory, behind one lock."""

import copy
import html
import itertools
import re
import threading
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from simulators.messages import Json

LONGEST_TERM = 200
TRASHED = "__trashed"
DONE, IN_PROGRESS = "done", "in_progress"


@dataclass(slots=True)
class Post:
    """A post as WordPress stores it; ``content`` and ``title`` are raw."""

    id: int
    publication_key: str
    content_id: int
    title: str
    content: str
    excerpt: str = ""
    slug: str = ""
    status: str = "draft"
    link: str = ""
    categories: list[int] = field(default_factory=list)
    tags: list[int] = field(default_factory=list)
    featured_media: int = 0
    seo: dict[str, Any] = field(default_factory=dict)
    created_gmt: str = ""
    modified_gmt: str = ""
    writes: int = 0


@dataclass(slots=True)
class Media:
    id: int
    hash: str
    media_url: str
    mime_type: str
    file_name: str
    alt: str
    size: int
    data: bytes = field(repr=False, default=b"")


@dataclass(slots=True)
class Term:
    id: int
    taxonomy: str
    name: str
    slug: str
    parent: int = 0


@dataclass(slots=True)
class Publication:
    """The row of a key; it belongs to a request while in progress under that request's claim."""

    publication_key: str
    content_id: int
    fence: int
    revision: int
    fingerprint: str
    post_id: int | None = None
    state: str = IN_PROGRESS
    images: list[Json] = field(default_factory=list)
    reserved_at: float = 0.0
    claim: int = 0
    completed: bool = False
    only_images: bool = False
    """Whether the request it belongs to only tries failed images again."""


Backup = tuple[dict[int, Post], dict[str, Publication], dict[int, str], dict[str, int]]


class Store:
    """The site's database. Hold ``lock`` for everything that must be one step."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.lock = threading.RLock()
        self.posts: dict[int, Post] = {}
        self.media: dict[str, Media] = {}
        self.uploading: set[str] = set()
        self.terms: dict[int, Term] = {
            1: Term(1, "category", "Uncategorized", "uncategorized"),
        }
        self.publications: dict[str, Publication] = {}
        self.keys_of_content: dict[int, str] = {}
        self.slugs: dict[str, int] = {}
        self.sequences: dict[int, int] = {}
        self.graves: dict[int, tuple[str, int]] = {}
        """The publication key and content id of each post that had an event, deleted ones too."""
        self.ids = itertools.count(11)
        self.claims = itertools.count(1)
        self._term_ids = itertools.count(2)

    def link(self, post: Post) -> str:
        if post.status == "publish" and post.slug:
            return f"{self.url}/{post.slug}/"
        return f"{self.url}/?p={post.id}"

    def is_ours(self, post: Post) -> bool:
        """Whether a post is the one of its key, and no copy; the lock is held."""
        row = self.publications.get(post.publication_key)
        return bool(post.publication_key) and (row is None or row.post_id == post.id)

    def touch(self, post: Post) -> None:
        """Note a write to a post; the lock is held."""
        post.link = self.link(post)
        post.modified_gmt = now_gmt()
        post.writes += 1

    def rename(self, post: Post, wish: str) -> None:
        """Give a post the slug, or slug-2, slug-3, … where another has it; the lock is held."""
        self.slugs.pop(post.slug, None)
        post.slug = wish and next(slug for slug in _numbered(wish) if slug not in self.slugs)
        if post.slug:
            self.slugs[post.slug] = post.id

    def trash(self, post_id: int) -> None:
        """Raises KeyError for a post that is not there."""
        with self.lock:
            post = self.posts[post_id]
            post.status = "trash"
            self.rename(post, post.slug + TRASHED)
            self.touch(post)

    def delete(self, post_id: int) -> None:
        """Raises KeyError for a post that is not there."""
        with self.lock:
            self.slugs.pop(self.posts.pop(post_id).slug, None)

    def duplicate(self, post_id: int) -> int:
        """Copy a post with its key, as plugins that copy posts do; raises KeyError."""
        with self.lock:
            original = self.posts[post_id]
            twin = replace(original, id=next(self.ids), slug="")
            self.posts[twin.id] = twin
            self.rename(twin, original.slug)
            self.touch(twin)
            return twin.id

    def forget_publications(self) -> None:
        """Lose the table of publications; the posts stay."""
        with self.lock:
            self.publications.clear()
            self.keys_of_content.clear()

    def backup(self) -> Backup:
        with self.lock:
            return copy.deepcopy((self.posts, self.publications, self.keys_of_content, self.slugs))

    def restore(self, backup: Backup) -> None:
        """Put the database back as it was; the ids given out since are given out again."""
        with self.lock:
            state = copy.deepcopy(backup)
            self.posts, self.publications, self.keys_of_content, self.slugs = state
            self.ids = itertools.count(max(self.posts, default=10) + 1)

    def untrash(self, post: Post) -> None:
        """Take a post out of the trash, as a draft; the lock is held."""
        post.status = "draft"
        self.rename(post, post.slug.removesuffix(TRASHED))

    def term(self, taxonomy: str, path: tuple[str, ...]) -> int | None:
        """Find or make the terms of a path; return the last one's id. The lock is held."""
        parent = 0
        for wish in path:
            name = stored_name(wish)
            if name:
                parent = self._find_term(taxonomy, name, parent) or self._make(
                    taxonomy, name, parent
                )
        return parent or None

    def _find_term(self, taxonomy: str, name: str, parent: int) -> int | None:
        for term in self.terms.values():
            if (term.taxonomy, term.parent) == (taxonomy, parent) and (
                term.name.lower() == name.lower()
            ):
                return term.id
        return None

    def _make(self, taxonomy: str, name: str, parent: int) -> int:
        slug = sanitized(html.unescape(name))
        slugs = {term.slug for term in self.terms.values() if term.taxonomy == taxonomy}
        if slug in slugs and parent:
            slug = f"{slug}-{self.terms[parent].slug}"
        slug = next(s for s in _numbered(slug) if s not in slugs)
        term = Term(next(self._term_ids), taxonomy, name, slug, parent)
        self.terms[term.id] = term
        return term.id

    def describe(self, row: Publication) -> Json:
        """Return a publication as the protocol shows it; the lock is held."""
        post = self.posts.get(row.post_id or 0)
        gone = "gone" if row.post_id else None
        return {
            "publication_key": row.publication_key,
            "state": row.state,
            "fence": row.fence,
            "revision": row.revision,
            "fingerprint": row.fingerprint,
            "content_id": row.content_id,
            "post_id": row.post_id,
            "post_url": post.link if post else None,
            "post_status": post.status if post else gone,
            "post_title": post.title if post else None,
            "modified_gmt": post.modified_gmt if post else None,
            "images": [
                {name: value for name, value in image.items() if name not in {"alt", "caption"}}
                for image in row.images
            ],
        }


def _numbered(slug: str) -> Iterator[str]:
    yield slug
    for number in itertools.count(2):
        yield f"{slug}-{number}"


def stored_name(wish: str) -> str:
    """Return a term's name the way WordPress keeps it: ``R&D`` becomes ``R&amp;D``."""
    plain = re.sub(r"<[^>]*>", "", wish.strip()[:LONGEST_TERM]).strip()
    return html.escape(html.unescape(plain), quote=False)


def sanitized(title: str) -> str:
    """Return a title as a slug, like sanitize_title: accents off, other scripts percent-encoded."""
    plain = unicodedata.normalize("NFKD", re.sub(r"<[^>]*>", "", title).lower())
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    joined = re.sub(r"[^\w-]+", "-", re.sub("['\u2019]", "", letters)).strip("-")
    return quote(re.sub("-{2,}", "-", joined)).lower()


def now_gmt() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
