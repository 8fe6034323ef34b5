"""GET /structure: the kinds of content of a simulated site, with their counts."""

import html
from collections import Counter

from simulators.engine import PLUGIN_VERSION
from simulators.messages import Json
from simulators.store import Store, now_gmt

FETCH_LIMIT = 100
MOST_TERMS = 500
WORDPRESS_VERSION, PHP_VERSION = "6.8.7", "8.2.29"


def describe_structure(store: Store) -> Json:
    """Return what the plugin also pushes to ``update-structure/``."""
    with store.lock:
        posts = sum(post.status == "publish" for post in store.posts.values())
        taxonomies = [term.taxonomy for term in store.terms.values()]
        terms = {name: _terms(store, name) for name in ("category", "post_tag")}
    return {
        "post_types": {
            "post": _post_type("Posts", posts, ["category", "post_tag"]),
            "page": _post_type("Pages", 0, [], hierarchical=True),
        },
        "taxonomies": {
            "category": _taxonomy("Categories", taxonomies.count("category"), hierarchical=True),
            "post_tag": _taxonomy("Tags", taxonomies.count("post_tag"), hierarchical=False),
        },
        "site": {
            "name": "Simulated site",
            "description": "",
            "url": store.url,
            "language": "en-US",
            "timezone": "Europe/Berlin",
            "wordpress_version": WORDPRESS_VERSION,
            "php_version": PHP_VERSION,
            "plugin_version": PLUGIN_VERSION,
            "theme": {"name": "Simulated theme", "version": "1.0"},
        },
        "terms": terms,
        "plugin_connection_enabled": True,
        "two_way_sync_enabled": False,
        "timestamp": now_gmt(),
    }


def _terms(store: Store, taxonomy: str) -> list[Json]:
    """Return the most used terms of a taxonomy; the lock is held."""
    published = [post for post in store.posts.values() if post.status == "publish"]
    used = Counter(id_ for post in published for id_ in post.categories + post.tags)
    found = [term for term in store.terms.values() if term.taxonomy == taxonomy]
    found.sort(key=lambda term: (-used[term.id], term.id))
    return [
        {
            "id": term.id,
            "name": html.unescape(term.name),
            "slug": term.slug,
            "parent_id": term.parent or None,
            "count": used[term.id],
        }
        for term in found[:MOST_TERMS]
    ]


def _post_type(
    label: str, count: int, taxonomies: list[str], *, hierarchical: bool = False
) -> Json:
    return {
        "label": label,
        "count": count,
        "enabled": True,
        "fetch_limit": FETCH_LIMIT,
        "hierarchical": hierarchical,
        "taxonomies": taxonomies,
        "public": True,
    }


def _taxonomy(label: str, count: int, *, hierarchical: bool) -> Json:
    return {
        "label": label,
        "count": count,
        "enabled": True,
        "fetch_limit": FETCH_LIMIT,
        "hierarchical": hierarchical,
        "post_types": ["post"],
    }
