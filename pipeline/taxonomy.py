"""Our terms and keywords -> the terms a post gets, by the site's rules (S163, S164)."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.documents import Document

TERM_LIMIT = 200
"""Characters; WordPress answers 500 for a term of 201 (`wp_terms.name`)."""


@dataclass(frozen=True, slots=True)
class TaxonomyRule:
    """How a site wants its terms; kept in the integration's config_json."""

    tags_from_keywords: bool = False
    """Off by default: every keyword as a tag is what search engines call tag spam."""

    cluster_as_category: bool = True


@dataclass(frozen=True, slots=True)
class Taxonomy:
    categories: tuple[tuple[str, ...], ...]
    tags: tuple[str, ...]


def build_taxonomy(document: Document, rule: TaxonomyRule) -> Taxonomy:
    """Return the post's categories, as paths from the root, and its tags.

    Categories are the document's, else the cluster's name (S163). Tags are the document's and,
    where the rule says so, its keywords (S164). Order is kept; names that differ only in case
    or white space are one.
    """
    categories = _unique_paths(document.categories)
    if not categories and rule.cluster_as_category and (cluster := _clean(document.cluster)):
        categories = ((cluster,),)
    names = document.tags
    if rule.tags_from_keywords:
        names = (*names, document.primary_keyword, *document.secondary_keywords)
    return Taxonomy(categories, tuple(path[0] for path in _unique_paths((name,) for name in names)))


def _clean(name: str) -> str:
    return " ".join(name.split())[:TERM_LIMIT].strip()


def _unique_paths(paths: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    seen: dict[tuple[str, ...], tuple[str, ...]] = {}
    for path in paths:
        cleaned = tuple(filter(None, (_clean(name) for name in path)))
        if cleaned:
            seen.setdefault(tuple(name.casefold() for name in cleaned), cleaned)
    return tuple(seen.values())
