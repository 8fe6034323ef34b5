"""The terms a post gets (S163, S164)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.documents import Document
from pipeline.taxonomy import TERM_LIMIT, TaxonomyRule, build_taxonomy

KEYWORDS = {"primary_keyword": "one", "secondary_keywords": ("two", "ONE", "")}
TAGS = TaxonomyRule(tags_from_keywords=True)


def taxonomy(rule=None, **values):
    return build_taxonomy(Document("T", "<p>", **values), rule or TaxonomyRule())


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({}, (), id="none"),
        pytest.param({"categories": (("News",),)}, (("News",),), id="its-own"),
        pytest.param({"cluster": "Walks"}, (("Walks",),), id="else-its-cluster"),
        pytest.param({"cluster": "   "}, (), id="no-name-no-category"),
        pytest.param({"cluster": "Walks", "categories": (("News",),)}, (("News",),), id="not-both"),
        pytest.param(
            {"categories": (("A", "B"), ("A", "C"), ("A",))},
            (("A", "B"), ("A", "C"), ("A",)),
            id="paths",
        ),
        pytest.param({"categories": (("a b",), (" A  B ",))}, (("a b",),), id="case-and-space"),
        pytest.param({"categories": (("Straße",), ("STRASSE",))}, (("Straße",),), id="case-folded"),
        pytest.param({"categories": ((), ("",), ("A", " ", "B"))}, (("A", "B"),), id="empty-names"),
        pytest.param({"categories": (("x" * 201,),)}, (("x" * TERM_LIMIT,),), id="too-long"),
        pytest.param({"categories": (("R&D",),)}, (("R&D",),), id="as-written"),
    ],
)
def test_categories(values, expected):
    assert taxonomy(**values).categories == expected


def test_a_site_may_do_without_the_cluster():
    assert taxonomy(TaxonomyRule(cluster_as_category=False), cluster="Walks").categories == ()


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        pytest.param(None, KEYWORDS, (), id="keywords-are-no-tags"),
        pytest.param(TAGS, KEYWORDS, ("one", "two"), id="unless-the-site-says-so"),
        pytest.param(TAGS, {"tags": ("Two",), **KEYWORDS}, ("Two", "one"), id="its-own-come-first"),
        pytest.param(None, {"tags": ("b", "a", "B ")}, ("b", "a"), id="order-kept"),
        pytest.param(None, {"tags": ("", " ", "\t")}, (), id="empty-names"),
        pytest.param(None, {"tags": ("x" * 300,)}, ("x" * TERM_LIMIT,), id="too-long"),
        pytest.param(None, {"tags": ("x" * 199 + " yz",)}, ("x" * 199,), id="cut-leaves-no-space"),
    ],
)
def test_tags(rule, values, expected):
    assert taxonomy(rule, **values).tags == expected


@given(st.lists(st.text(max_size=250), max_size=8))
def test_every_term_is_one_that_wordpress_takes(names):
    tags = taxonomy(tags=tuple(names)).tags

    assert len({tag.casefold() for tag in tags}) == len(tags)
    assert all(0 < len(tag) <= TERM_LIMIT and tag == tag.strip() for tag in tags)
