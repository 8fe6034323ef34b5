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


def test_the_terms_are_listed_with_their_parents_the_most_used_first(bridge):
    for content_id in (7, 8):
        bridge.publish(
            payload(content_id=content_id, slug=f"a-{content_id}", categories=[["News"]], tags=[])
        )
    bridge.publish(payload(content_id=9, slug="b", categories=[["Places", "Berlin"]], tags=["R&D"]))
    terms = structure(bridge)["terms"]
    by_name = {term["name"]: term for term in terms["category"]}

    assert terms["category"][0]["name"] == "News"
    assert (by_name["News"]["count"], by_name["News"]["parent_id"]) == (2, None)
    assert by_name["Berlin"]["parent_id"] == by_name["Places"]["id"]
    assert [(tag["name"], tag["count"]) for tag in terms["post_tag"]] == [("R&D", 1)]
    assert set(terms["post_tag"][0]) == {"id", "name", "slug", "parent_id", "count"}


def test_the_site_tells_of_itself(bridge):
    site = structure(bridge)["site"]
    status = bridge.call("GET", "/status").json()

    for name in ("wordpress_version", "php_version", "plugin_version"):
        assert site[name] == status[name]
    assert site["url"] == status["home_url"]
    assert set(site["theme"]) == {"name", "version"}
    assert site["name"]
    assert site["language"]
    assert site["timezone"]
