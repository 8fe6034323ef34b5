"""What a site tells of itself, and its categories and tags: taken as text, within limits, shown."""

import pytest
from ingress_rows import problem_of
from site_calls import at, plugin

SITE = {
    "name": "Walks & rivers",
    "description": "Where to go",
    "url": "https://walks.example",
    "language": "en-GB",
    "timezone": "Europe/Berlin",
    "wordpress_version": "6.8.7",
    "php_version": "8.2.29",
    "plugin_version": "1.5.0",
    "theme": {"name": "Quiet", "version": "2.1"},
}
NEWS = {"id": 4, "name": "News", "slug": "news", "parent_id": None, "count": 7}
BERLIN = {"id": 9, "name": "Berlin", "slug": "berlin", "parent_id": 4, "count": 2}


def push(caller, tenant, **told):
    posts = {"post": {"label": "Posts", "count": 1}}
    return caller.post(at(tenant, "update-structure/"), json={"post_types": posts, **told})


def shown(caller, tenant):
    return caller.get(at(tenant, "content-types/")).get_json()


def test_what_a_site_tells_is_shown_as_it_was_told(client, api, tenant):
    push(plugin(client, tenant), tenant, site=SITE, terms={"category": [NEWS, BERLIN]})

    told = shown(api, tenant)
    assert told["site"] == SITE
    assert told["terms"] == {"category": [NEWS, BERLIN]}


def test_an_older_plugin_tells_neither_and_takes_nothing_away(api, tenant):
    assert (shown(api, tenant)["site"], shown(api, tenant)["terms"]) == (None, {})
    push(api, tenant, site=SITE, terms={"category": [NEWS]})
    push(api, tenant)

    assert shown(api, tenant)["site"] == SITE
    assert shown(api, tenant)["terms"] == {"category": [NEWS]}


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        pytest.param("name", "<script>x</script>A &amp; B", "A & B", id="markup"),
        pytest.param("description", "x" * 500, "x" * 200, id="long"),
        pytest.param("language", "en\u202e", "en", id="direction-marks"),
        pytest.param("url", "javascript:alert(1)", "", id="no-web-address"),
        pytest.param("url", 'https://a.example/"><b>', "", id="markup-in-an-address"),
    ],
)
def test_what_a_site_tells_of_itself_is_kept_as_text(api, tenant, field, value, kept):
    push(api, tenant, site=SITE | {field: value})

    assert shown(api, tenant)["site"] == SITE | {field: kept}


def test_names_of_terms_are_text(api, tenant):
    push(api, tenant, terms={"post_tag": [NEWS | {"name": "<b>R&amp;D</b>"}]})

    assert shown(api, tenant)["terms"]["post_tag"][0]["name"] == "R&D"


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"terms": {"category": [NEWS] * 501}}, id="too-many-terms"),
        pytest.param({"terms": {f"t{n}": [] for n in range(11)}}, id="too-many-taxonomies"),
        pytest.param({"terms": {"category": [NEWS | {"id": 0}]}}, id="no-id"),
        pytest.param({"terms": {"category": [NEWS | {"count": -1}]}}, id="negative"),
        pytest.param({"terms": {"category": [NEWS | {"name": "x" * 2001}]}}, id="endless-name"),
        pytest.param({"terms": {"../x": []}}, id="name-of-a-taxonomy"),
        pytest.param({"site": ["x"]}, id="list"),
        pytest.param({"site": {"name": 5}}, id="number-for-a-name"),
    ],
)
def test_what_is_beyond_the_limits_is_refused_and_the_known_stays(api, tenant, told):
    push(api, tenant, site=SITE, terms={"category": [NEWS]})

    problem_of(push(api, tenant, **told), 400, "invalid_fields")
    assert shown(api, tenant)["terms"] == {"category": [NEWS]}


def test_five_hundred_terms_are_taken(api, tenant):
    terms = [NEWS | {"id": number} for number in range(1, 501)]

    assert push(api, tenant, terms={"category": terms}).status_code == 200
    assert len(shown(api, tenant)["terms"]["category"]) == 500
