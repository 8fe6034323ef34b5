"""What a task may ask of a site, whichever platform it runs on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from pipeline.settling import Said


@dataclass(frozen=True, slots=True)
class Target:
    """A site to talk to, as plain values: no row and no session goes out with a request."""

    integration_id: int
    platform: str
    site_url: str
    api_key: str = field(repr=False)
    requests_per_site: int = 2


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """What a site says of itself."""

    plugin_version: str
    wordpress_version: str
    php_version: str
    site_url: str
    timezone: str
    transactions: bool
    seo_plugin: str | None


@dataclass(frozen=True, slots=True)
class Collection:
    """One content type of a site, as it can be used."""

    exists: bool
    route: str | None
    """Its REST base; None where it has none."""

    can_read: bool
    can_create: bool | None
    """None where the plugin does not say."""

    count: int | None


LIVE = frozenset({"publish", "future", "private", "draft", "pending"})
"""Post statuses under which the post is there; a person may have changed ours meanwhile."""


@dataclass(frozen=True, slots=True)
class RemotePost:
    """A publication as the site knows it."""

    key: str
    content_id: int
    revision: int
    fence: int
    finished: bool
    """False while a request at the site is still working on it."""

    external_id: str | None
    url: str | None
    status: str
    images: tuple[Mapping[str, Any], ...] = ()
    fingerprint: str = ""
    """Of the document it was given; '' where the site does not know."""

    modified_at: datetime | None = None
    """When the site last changed it, by the site's clock, to the second."""


@dataclass(frozen=True, slots=True)
class ListedPost:
    """A publication in a site's own listing, with what only that tells."""

    post: RemotePost
    carriers: int
    """How many posts carry its key: 2 or more is a duplicate that somebody made."""

    carrier_ids: tuple[str, ...]
    """The first of them."""

    worked_on_for: int | None
    """Seconds since a request at the site began to work on it; None when none does."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a site's publications, in the order of their keys."""

    posts: tuple[ListedPost, ...]
    next: str | None
    """The key to go on after; None when this was the last page."""


@dataclass(frozen=True, slots=True)
class Upload:
    """The bytes of one image, on their way."""

    hash: str
    data: bytes = field(repr=False)
    media_type: str
    file_name: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request to a site and how it ended; no headers, no bodies."""

    method: str
    path: str
    subject: str | None
    """The publication key or image hash it was about."""

    status_code: int | None
    error: str | None
    duration_ms: int


class Platform(Protocol):
    """Every method raises :class:`pipeline.errors.PublishError`, or what `before_each` raised."""

    @property
    def exchanges(self) -> list[Exchange]:
        """The requests made so far, in their order of completion."""
        ...

    def status(self) -> SiteStatus:
        """Return what the site says of itself; says what is wrong where it can't."""
        ...

    def try_writing(self) -> None:
        """Send a write that changes nothing; says what is wrong where it does not get through."""
        ...

    def structure(self) -> Any:
        """Return the site's types and taxonomies, unchecked (`pipeline.structures`)."""
        ...

    def collection(self, name: str) -> Collection:
        """Return whether a content type is there, and what can be done with it."""
        ...

    def find_posts(self, keys: Sequence[str]) -> dict[str, RemotePost]:
        """Return what became of these publication keys; unknown ones are missing."""
        ...

    def post_states(self, posts: Mapping[str, str]) -> dict[str, Said]:
        """Return how posts are now, by id; ``posts`` are their ids with their publication keys."""
        ...

    def list_posts(self, after: str) -> Page:
        """Return the publications whose keys follow ``after``; the first page follows ""."""
        ...

    def find_media(self, hashes: Sequence[str]) -> dict[str, str]:
        """Return the addresses of those images that the site already has."""
        ...

    def upload(self, upload: Upload) -> str:
        """Put an image into the Media Library, once per content hash; return its address."""
        ...

    def publish(self, payload: Mapping[str, Any]) -> RemotePost:
        """Create the post of a publication, or bring it up to the payload's revision."""
        ...
