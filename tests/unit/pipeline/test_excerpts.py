"""The first words of an article as plain text, cut where a reader would cut."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import excerpts
from pipeline.excerpts import LENGTH, build_excerpt

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
WAVE = "\U0001f44b\U0001f3fd"
HEART = "\u2764\ufe0f"
BERLIN = "\U0001f1e9\U0001f1ea"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("Plain text.", "Plain text.", id="no-tags"),
        pytest.param("<p>One</p><p>Two</p>", "One Two", id="blocks-are-spaces"),
        pytest.param("One<br>two<br/>three", "One two three", id="line-breaks"),
        pytest.param("<li>a</li><li>b</li>", "a b", id="list"),
        pytest.param("<td>a</td><td>b</td>", "a b", id="table-cells"),
        pytest.param("W<b>or</b>d and <em>stress</em>", "Word and stress", id="inline-tags-join"),
        pytest.param("<p>a\n\t b&nbsp; c</p>", "a b c", id="white-space"),
        pytest.param("R&amp;D &lt;3 &#8364;5 &eacute;", "R&D <3 €5 é", id="entities"),
        pytest.param("&amp;amp; &amp;lt;p&amp;gt;", "&amp; &lt;p&gt;", id="entities-read-once"),
        pytest.param("&<b>amp;</b> &am<i>p;</i>", "&amp; &amp;", id="entity-across-a-tag"),
        pytest.param("a " * 10 + " " * 1978 + "&amp; b", "a " * 10 + "& b", id="across-pieces"),
        pytest.param("a < b and c > d", "a < b and c > d", id="bare-angles"),
        pytest.param("x <- y <3", "x <- y <3", id="arrows"),
        pytest.param("<!-- wp:paragraph --><p>a</p><!-- /wp:paragraph -->", "a", id="blocks"),
        pytest.param("a<!-- > <b>not this</b> -->b", "a b", id="comment-with-tags"),
        pytest.param("a<!-- never closed <p>b</p>", "a", id="comment-left-open"),
        pytest.param("a<script>if (1 < 2) x('</p>')</script>b", "a b", id="script"),
        pytest.param("a<SCRIPT type=x>b</SCRIPT >c", "a c", id="script-in-capitals"),
        pytest.param("a<style>p { color: red }</style>b", "a b", id="style"),
        pytest.param("a<script>never closed", "a", id="script-left-open"),
        pytest.param("<svg><text>no</text></svg>yes", "yes", id="svg"),
        pytest.param('<p title="a > b">c</p>', "c", id="angle-in-an-attribute"),
        pytest.param("<p title='\"x > y'>c</p>", "c", id="quotes-in-quotes"),
        pytest.param("<scripted>a</scripted>", "a", id="only-starts-like-script"),
        pytest.param("<!DOCTYPE html><?xml?><p>a", "a", id="doctype"),
        pytest.param("<![CDATA[x]]>a", "a", id="cdata"),
        pytest.param("<my-tag>a</my-tag>", "a", id="custom-element"),
        pytest.param("<p>שלום עולם</p>", "שלום עולם", id="hebrew"),
        pytest.param("<p dir=rtl>مرحبا <b>بالعالم</b></p>", "مرحبا بالعالم", id="arabic"),
        pytest.param("<p>你好。世界。</p>", "你好。世界。", id="chinese"),
    ],
)
def test_plain_text(source, expected):
    assert build_excerpt(source) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("x" * 150, "x" * 150, id="exactly-as-long"),
        pytest.param("x" * 149 + " y", "x" * 149, id="a-space-at-the-end"),
        pytest.param("x" * 150 + " y", "x" * 150, id="a-word-that-just-fits"),
        pytest.param("x" * 140 + " yyyyyyyyyyyy", "x" * 140, id="not-within-a-word"),
        pytest.param("x" * 151, "x" * 150, id="no-spaces-at-all"),
        pytest.param("short " + "x" * 200, "short " + "x" * 144, id="a-word-too-long-to-drop"),
        pytest.param("語" * 200, "語" * 150, id="chinese"),
        pytest.param("ไทย" * 100, "ไทย" * 50, id="thai"),
        pytest.param("שלום " * 50, ("שלום " * 50)[:149], id="hebrew"),
    ],
)
def test_where_it_is_cut(text, expected):
    assert build_excerpt(f"<p>{text}</p>") == expected


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(FAMILY, id="family"),
        pytest.param(WAVE, id="skin-tone"),
        pytest.param(HEART, id="variation-selector"),
        pytest.param("1\ufe0f\u20e3", id="keycap"),
        pytest.param(BERLIN, id="flag"),
        pytest.param(ENGLAND, id="flag-of-tags"),
        pytest.param("e\u0301\u0323", id="combining-marks"),
        pytest.param("नि", id="devanagari-vowel"),
    ],
)
@pytest.mark.parametrize("before", range(138, 151))
def test_a_character_of_several_parts_stays_whole(whole, before):
    excerpt = build_excerpt("x" * before + whole * 30)

    drawn = excerpt[before:]
    assert drawn == whole * (len(drawn) // len(whole))


def test_a_character_longer_than_the_excerpt_does_not_empty_it():
    assert build_excerpt("a" + "\u0301" * 300)


def test_another_length():
    assert build_excerpt("<p>one two three four</p>", 9) == "one two"


def full_text(source):
    """The plain text of HTML that has neither raw-text elements nor comments, read in full."""
    spaced = re.sub(r"</?(p|div|br|li)>", " ", source)
    return " ".join(html.unescape(re.sub(r"</?(b|i|em)>", "", spaced)).split())


letters = st.text(
    st.characters(exclude_characters="<&", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60
)
tags = st.sampled_from(["<p>", "</p>", "<br>", "<b>", "</b>", "<em>", "</em>", "<li>", "<div>"])
entities = st.sampled_from(["&amp;", "&lt;", "&gt;", "&nbsp;", "&eacute;", "&#128075;", "&#x20ac;"])
emoji = st.sampled_from([FAMILY, WAVE, HEART, BERLIN])
documents = st.lists(st.one_of(letters, tags, entities, emoji), max_size=60).map("".join)


@given(documents)
def test_never_longer_and_always_the_start(source):
    excerpt = build_excerpt(source)

    assert len(excerpt) <= LENGTH
    assert full_text(source).startswith(excerpt)
    if len(full_text(source)) <= LENGTH:
        assert excerpt == full_text(source)


@given(st.lists(st.one_of(emoji, st.sampled_from(["word ", "語", "x"])), max_size=80))
def test_never_cuts_within_an_emoji(parts):
    excerpt = build_excerpt("".join(parts))

    at = 0
    for part in parts:
        if part in {FAMILY, WAVE, HEART, BERLIN}:
            assert not at < len(excerpt) < at + len(part)
        at += len(part)


@given(st.text(max_size=400))
def test_any_text_at_all_has_an_excerpt(source):
    assert len(build_excerpt(source)) <= LENGTH


class CountingTokens:
    """`excerpts.TOKEN` with a count of what is read."""

    def __init__(self, pattern):
        self.pattern, self.count = pattern, 0

    def finditer(self, source):
        for token in self.pattern.finditer(source):
            self.count += 1
            yield token


@pytest.mark.parametrize(
    "filling",
    [
        pytest.param("<p>Some <b>more</b> words.</p>", id="markup"),
        pytest.param("words and words ", id="one-long-text"),
        pytest.param("語", id="no-spaces"),
    ],
)
def test_no_more_is_read_than_is_needed(monkeypatch, filling):
    start = "<h1>A title</h1><p>And its first words.</p>"
    read, made = [], []
    for size in (10_000, 1_000_000):
        tokens = CountingTokens(excerpts.TOKEN)
        monkeypatch.setattr(excerpts, "TOKEN", tokens)
        made.append(build_excerpt((start + filling * (size // len(filling) + 1))[:size]))
        monkeypatch.undo()
        read.append(tokens.count)

    assert made[0] == made[1]
    assert read[0] == read[1] < 200
