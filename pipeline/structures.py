"""A site's post types and taxonomies: what is taken from it, and what people see of it (S117–S123).

Whoever gathers them, the plugin or we, they come in the same shape (C34).
"""

import html
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import nh3
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
)

MOST_TYPES = 1000
"""Of each kind: a busy shop has about a hundred."""

MOST_TERMS = 500
"""Of each taxonomy, the most used first."""

TAXONOMIES_WITH_TERMS = 10
DEFAULT_FETCH_LIMIT = 100
TEXT_LIMIT = 200
"""Of what a site says of itself, and of a term: WordPress keeps no longer name or slug."""

LABEL_LIMIT, RAW_LABEL_LIMIT = 100, 2000
LARGEST_COUNT, LARGEST_FETCH_LIMIT = 2**31 - 1, 100_000

UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls and marks of direction: a label must not turn the page around it over."""


def clean_label(label: str) -> str:
    """Return a label as text: no markup, no characters that nobody sees, not too long."""
    return clean_text(label)[:LABEL_LIMIT]


def clean_text(text: str) -> str:
    """Return what a site wrote as text: no markup, no unseen characters, at most 200."""
    plain = html.unescape(nh3.clean(UNSEEN.sub(" ", text), tags=set()))
    return " ".join(plain.split())[:TEXT_LIMIT]


def web_address(text: str) -> str:
    """Return the address of a web page; anything else becomes empty."""
    return text if re.fullmatch(r"https?://[^\s<>\"']{1,2000}", text) else ""


def _without_php_array(value: Any) -> Any:
    return {} if value == [] else value  # PHP's empty array is an empty list to JSON


def _written(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("a time as text, like 2026-11-21T10:00:00Z")  # noqa: TRY004 - pydantic's
    return value


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,64}$")]
Label = Annotated[str, Field(max_length=RAW_LABEL_LIMIT), AfterValidator(clean_label)]
Text = Annotated[str, Field(max_length=RAW_LABEL_LIMIT), AfterValidator(clean_text)]
Address = Annotated[str, Field(max_length=RAW_LABEL_LIMIT), AfterValidator(web_address)]
Count = Annotated[StrictInt, Field(ge=0, le=LARGEST_COUNT)]
FetchLimit = Annotated[StrictInt, Field(ge=0, le=LARGEST_FETCH_LIMIT)]
Names = Annotated[list[Name], Field(max_length=MOST_TYPES)]
TermId = Annotated[StrictInt, Field(ge=1, le=2**63 - 1)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written)]


class _Kind(BaseModel):
    # A newer plugin may say more than we know.
    model_config = ConfigDict(extra="ignore")

    label: Label
    count: Count
    enabled: StrictBool = True
    fetch_limit: FetchLimit = DEFAULT_FETCH_LIMIT
    hierarchical: StrictBool | None = None


class PostType(_Kind):
    public: StrictBool | None = None
    taxonomies: Names = []


class Taxonomy(_Kind):
    post_types: Names = []


PostTypes = Annotated[
    dict[Name, PostType], Field(max_length=MOST_TYPES), BeforeValidator(_without_php_array)
]
Taxonomies = Annotated[
    dict[Name, Taxonomy], Field(max_length=MOST_TYPES), BeforeValidator(_without_php_array)
]


class Term(BaseModel):
    """A category or tag; its parent may be none of those that are listed."""

    model_config = ConfigDict(extra="ignore")

    id: TermId
    name: Text
    slug: Text
    parent_id: TermId | None = None
    count: Count


Terms = Annotated[list[Term], Field(max_length=MOST_TERMS)]
TermsByTaxonomy = Annotated[
    dict[Name, Terms],
    Field(max_length=TAXONOMIES_WITH_TERMS),
    BeforeValidator(_without_php_array),
]


class Theme(BaseModel):
    model_config = ConfigDict(extra="ignore")

    name: Text = ""
    version: Text = ""


class SiteFacts(BaseModel):
    """What a site tells of itself."""

    model_config = ConfigDict(extra="ignore")

    name: Text = ""
    description: Text = ""
    url: Address = ""
    language: Text = ""
    timezone: Text = ""
    wordpress_version: Text = ""
    php_version: Text = ""
    plugin_version: Text = ""
    theme: Theme = Theme()


class Structure(BaseModel):
    """A look at a site. What is not named is left as it is known (S141)."""

    model_config = ConfigDict(extra="ignore")

    post_types: PostTypes | None = None
    taxonomies: Taxonomies | None = None
    site: SiteFacts | None = None
    terms: TermsByTaxonomy | None = None
    plugin_connection_enabled: StrictBool | None = None
    two_way_sync_enabled: StrictBool | None = None
    timestamp: Moment | None = Field(None, description="When the site looked so (ISO 8601).")

    @property
    def observed_at(self) -> datetime | None:
        return self.timestamp

    def kinds(self) -> dict[str, dict[str, Any]]:
        """Return what is to be stored of each kind that was told."""
        told = self.model_dump(mode="json", include={"post_types", "taxonomies", "site", "terms"})
        told["site_facts"] = told.pop("site")
        return {kind: entries for kind, entries in told.items() if entries is not None}


class Override(BaseModel):
    """What a user chose for one type; null: as the plugin says."""

    model_config = ConfigDict(extra="forbid")

    enabled: StrictBool | None = None
    fetch_limit: FetchLimit | None = None


def with_overrides(
    known: Mapping[str, Any], overrides: Mapping[str, Any], synced: Mapping[str, int]
) -> dict[str, Any]:
    """Return the entries of one kind as people see them: their own choices win (C32)."""
    return {
        name: {
            **entry,
            **(_chosen(overrides[name]) if name in overrides else {}),
            "synced": synced.get(name, 0),
        }
        for name, entry in known.items()
    }


def _chosen(override: Mapping[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in override.items() if value is not None}


def merged_overrides(
    stored: Mapping[str, Any], changes: Mapping[str, Mapping[str, Override]]
) -> dict[str, Any]:
    """Return the stored choices with the changed ones; a choice that says nothing is dropped."""
    merged = {kind: dict(stored.get(kind, {})) for kind in ("post_types", "taxonomies")}
    for kind, entries in changes.items():
        for name, change in entries.items():
            chosen = merged[kind].get(name, {}) | change.model_dump(exclude_unset=True)
            merged[kind][name] = {k: v for k, v in chosen.items() if v is not None}
    return {
        kind: {name: chosen for name, chosen in entries.items() if chosen}
        for kind, entries in merged.items()
    }
