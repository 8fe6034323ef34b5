"""What a webhook's body says, read strictly where rows depend on it and mildly elsewhere.

Which post, which content, which site must be said exactly. A status, a time or a count that we
can't use is as good as missing: the site is asked then.
"""

import enum
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from pipeline.site_urls import BadSiteUrl, normalise_site_url
from pipeline.statuses import GONE
from pipeline.strict_json import JsonRefused, parse

LARGEST_POST_ID, LARGEST_ROW_ID, LARGEST_COUNT = 2**63, 2**31, 2**31
"""What our columns hold."""

LONGEST_STATUS, LONGEST_TITLE, LONGEST_NAME, LONGEST_URL = 100, 500, 200, 2000
MOST_NAMES = 200
AHEAD = timedelta(minutes=5)
"""How far a site's clock may be before ours, for its times to mean something."""

KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NUMBER = re.compile(r"[1-9][0-9]{0,18}")
GMT = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)Z?")
TAG = re.compile(r"<[^>]*>")
UNSEEN = re.compile("[\0-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls, what turns the direction of writing, and halves of characters."""


class Door(enum.StrEnum):
    """The address a webhook came to."""

    STATUS = "status"
    METADATA = "metadata"
    GENERIC = "generic"


ACTIONS = {
    "created": Door.STATUS,
    "updated": Door.STATUS,
    "published": Door.STATUS,
    "status": Door.STATUS,
    "status_changed": Door.STATUS,
    "trashed": Door.STATUS,
    "untrashed": Door.STATUS,
    "deleted": Door.STATUS,
    "metadata": Door.METADATA,
    "metadata_updated": Door.METADATA,
    "meta_updated": Door.METADATA,
    "terms_updated": Door.METADATA,
}
"""What the single address takes, with or without `post_` before it, by its siblings (C4)."""


class BodyRefused(ValueError):
    """This body can't be read; the message says why, beginning with `parse` or `schema`."""


@dataclass(frozen=True, slots=True)
class Mark:
    """When something was so: the site's own time, to the second, and the plugin's count."""

    modified: datetime | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """How the site shows a post. None: it does not say."""

    status: str | None = None
    url: str | None = None
    title: str | None = None
    metadata: Mapping[str, Any] | None = None
    """categories, tags, author, modified (S205)."""


@dataclass(frozen=True, slots=True)
class News:
    """One webhook as values."""

    door: Door
    event: str
    post_id: str
    post_type: str
    content_id: int | None
    key: str | None
    site_url: str
    mark: Mark
    shown: Shown
    by_us: bool = False
    """The plugin says that our own publish did it."""

    revision: int | None = field(default=None)

    @property
    def about(self) -> Door | None:
        """Status or metadata; None for an action of the single address that we don't know."""
        if self.door is not Door.GENERIC:
            return self.door
        return ACTIONS.get(self.event.removeprefix("post_"))


def read_news(door: Door, body: bytes, received_at: datetime) -> News:
    """Return what a webhook says; ``received_at`` is when it came, by our clock.

    Raises:
        BodyRefused: no strict JSON object, or post, content or site are not named as they must be.
    """
    try:
        said = parse(body, any_text=True)
    except JsonRefused as error:
        raise BodyRefused(f"parse: {error}") from None
    if not isinstance(said, dict):
        raise BodyRefused("schema: the body is not a JSON object")
    event = plain(said.get("action" if door is Door.GENERIC else "event"), LONGEST_STATUS)
    if door is Door.GENERIC and not event:
        raise BodyRefused("schema: action is missing")
    post_id = _number(said, "post_id", LARGEST_POST_ID)
    if post_id is None:
        raise BodyRefused("schema: post_id is missing")
    return News(
        door=door,
        event=event or door.value,
        post_id=str(post_id),
        post_type=plain(said.get("post_type"), LONGEST_STATUS) or "post",
        content_id=_number(said, "content_id", LARGEST_ROW_ID),
        key=_key(said.get("publication_key")),
        site_url=_site_url(said.get("site_url")),
        mark=Mark(gmt(said.get("modified_gmt"), received_at), count(said.get("sequence"))),
        shown=_shown(door, event, said),
        by_us=said.get("origin") == "igny8",
        revision=count(said.get("revision")),
    )


def _shown(door: Door, event: str, said: Mapping[str, Any]) -> Shown:
    if door is Door.GENERIC:
        return Shown()  # a hint alone: the site is asked
    if door is Door.METADATA:
        return Shown(metadata=metadata_of(said))
    status = GONE if event == "deleted" else plain(said.get("post_status"), LONGEST_STATUS)
    return Shown(status or None, text_url(said.get("post_url")), title_of(said) or None)


def metadata_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return a post's terms, author and date, cleaned, as JSON values."""
    author = said.get("author")
    found = author if isinstance(author, dict) else {}
    return {
        "categories": _names(said.get("categories")),
        "tags": _names(said.get("tags")),
        "author": {"id": count(found.get("id")), "name": plain(found.get("name"), LONGEST_NAME)},
        "modified": plain(said.get("modified") or said.get("modified_gmt"), LONGEST_STATUS) or None,
    }


def title_of(said: Mapping[str, Any]) -> str:
    return plain(said.get("post_title"), LONGEST_TITLE)


def _names(value: object) -> list[str]:
    given = value[:MOST_NAMES] if isinstance(value, list) else []
    return [name for each in given if (name := plain(each, LONGEST_NAME))]


def plain(value: object, limit: int) -> str:
    """Return a site's text without markup and unseen characters; '' for what is no text."""
    if not isinstance(value, str):
        return ""
    return UNSEEN.sub("", TAG.sub("", value[: 4 * limit])).strip()[:limit]


def text_url(value: object) -> str | None:
    """Return an address as it came, if it is one that a browser may open."""
    if not isinstance(value, str) or len(value) > LONGEST_URL or UNSEEN.search(value):
        return None
    return value if value.startswith(("https://", "http://")) else None


def count(value: object) -> int | None:
    """Return a count from 0, or None for what is none."""
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LARGEST_COUNT
    return int(value) if fits else None  # type: ignore[call-overload]


def gmt(value: object, present: datetime) -> datetime | None:
    """Return a time that WordPress gave in GMT; None for one that can't be, or is yet to come."""
    found = GMT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    try:
        year, month, day, hour, minute, second = map(int, found.groups())
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return moment if moment <= present + AHEAD else None


def same_origin(url: str, sites: Collection[str]) -> bool:
    """Whether an address is on the server of one of these sites."""
    try:
        wanted = _origin(url)
    except ValueError:
        return False
    return any(_origin(site) == wanted for site in sites)


def is_of_site(site_url: str, sites: Collection[str]) -> bool:
    """Whether a normalised address is one of these sites, or the folder WordPress lies in there."""
    return any(
        _origin(site_url) == _origin(site) and _within(urlsplit(site_url).path, urlsplit(site).path)
        for site in sites
    )


def _within(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ValueError("a login in an address")
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, port


def _site_url(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise BodyRefused("schema: site_url is missing")
    try:
        return normalise_site_url(value)
    except BadSiteUrl:
        return ""  # of no site that we know


def _key(value: object) -> str | None:
    return value if isinstance(value, str) and KEY.fullmatch(value) else None


def _number(said: Mapping[str, Any], name: str, limit: int) -> int | None:
    """Return a row's number; WordPress's own fields hold it as text. None: missing, or 0."""
    value = said.get(name)
    if value is None or (value == 0 and value is not False and name == "content_id"):
        return None
    if isinstance(value, str) and NUMBER.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < limit:
        raise BodyRefused(f"schema: {name} is not a number of a row")
    return value
