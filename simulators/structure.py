"""GET /structure: the kinds of content of a simulated site, with their counts."""

from simulators.messages import Json
from simulators.store import Store, now_gmt

FETCH_LIMIT = 100


def describe_structure(store: Store) -> Json:
    """Return what the plugin also pushes to ``update-structure/``."""
    with store.lock:
        posts = sum(post.status == "publish" for post in store.posts.values())
        taxonomies = [term.taxonomy for term in store.terms.values()]
    return {
        "post_types": {
            "post": _post_type("Posts", posts, ["category", "post_tag"]),
            "page": _post_type("Pages", 0, [], hierarchical=True),
        },
        "taxonomies": {
            "category": _taxonomy("Categories", taxonomies.count("category"), hierarchical=True),
            "post_tag": _taxonomy("Tags", taxonomies.count("post_tag"), hierarchical=False),
        },
        "plugin_connection_enabled": True,
        "two_way_sync_enabled": False,
        "timestamp": now_gmt(),
    }


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
