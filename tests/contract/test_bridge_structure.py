"""GET /structure: the kinds of content of a site, counted (S117-S119, S209)."""

from datetime import UTC, datetime

from payloads import payload

POST_TYPE = {"label", "count", "enabled", "fetch_limit", "hierarchical", "taxonomies", "public"}
TAXONOMY = {"label", "count", "enabled", "fetch_limit", "hierarchical", "post_types"}


def structure(bridge):
    answer = bridge.call("GET", "/structure")
    answer.raise_for_status()
    return answer.json()


def test_posts_and_pages_categories_and_tags_are_listed(bridge):
    body = structure(bridge)

    assert set(body["post_types"]) == {"post", "page"}
    assert set(body["taxonomies"]) == {"category", "post_tag"}
    assert all(set(found) == POST_TYPE for found in body["post_types"].values())
    assert all(set(found) == TAXONOMY for found in body["taxonomies"].values())


def test_a_type_says_what_it_is(bridge):
    body = structure(bridge)

    assert body["post_types"]["post"] == {
        "label": "Posts",
        "count": 0,
        "enabled": True,
        "fetch_limit": 100,
        "hierarchical": False,
        "taxonomies": ["category", "post_tag"],
        "public": True,
    }
    assert body["taxonomies"]["category"] == {
        "label": "Categories",
        "count": 1,
        "enabled": True,
        "fetch_limit": 100,
        "hierarchical": True,
        "post_types": ["post"],
    }
    assert body["post_types"]["page"]["hierarchical"] is True
    assert body["taxonomies"]["post_tag"]["hierarchical"] is False


def test_the_switches_and_the_time_are_told(bridge):
    body = structure(bridge)
    told = datetime.fromisoformat(body["timestamp"])

    assert (body["plugin_connection_enabled"], body["two_way_sync_enabled"]) == (True, False)
    assert told.tzinfo == UTC


def test_published_posts_and_all_terms_are_counted(bridge):
    bridge.publish(payload(tags=["river", "bridge"]))
    bridge.publish(
        payload(content_id=8, slug="a-draft", status="draft", categories=[["News"]], tags=[])
    )
    body = structure(bridge)

    assert body["post_types"]["post"]["count"] == 1
    # Uncategorized, News, Places and Berlin.
    assert body["taxonomies"]["category"]["count"] == 4
    assert body["taxonomies"]["post_tag"]["count"] == 2
