"""What may stay in an article's HTML, and how its pictures get their addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from pipeline.html import has_text_or_media, sanitise, swap_image_sources

ATTACKS = [
    pytest.param("<script>alert(1)</script>", id="script"),
    pytest.param("<SCRIPT SRC=//evil.example/x.js></SCRIPT>", id="script-src"),
    pytest.param("<scr<script>ipt>alert(1)</scr</script>ipt>", id="nested-script"),
    pytest.param("<img src=x onerror=alert(1)>", id="onerror"),
    pytest.param("<img src='x' onerror='alert(1)'", id="unclosed-onerror"),
    pytest.param("<svg onload=alert(1)>", id="svg-onload"),
    pytest.param("<svg><script>alert(1)</script></svg>", id="svg-script"),
    pytest.param("<math><mtext><script>alert(1)</script></mtext></math>", id="math"),
    pytest.param("<body onload=alert(1)>", id="body"),
    pytest.param("<iframe src=javascript:alert(1)></iframe>", id="iframe"),
    pytest.param("<a href='javascript:alert(1)'>x</a>", id="javascript-link"),
    pytest.param("<a href=' jAvAsCrIpT:alert(1)'>x</a>", id="javascript-in-disguise"),
    pytest.param("<a href='java\tscript:alert(1)'>x</a>", id="javascript-with-a-tab"),
    pytest.param("<a href='&#106;avascript:alert(1)'>x</a>", id="javascript-entity"),
    pytest.param("<a href='data:text/html,<script>alert(1)</script>'>x</a>", id="data-link"),
    pytest.param("<a href='vbscript:x'>x</a>", id="vbscript"),
    pytest.param("<img src='javascript:alert(1)'>", id="javascript-image"),
    pytest.param("<object data=evil.swf></object><embed src=x>", id="object"),
    pytest.param("<form action=//evil.example><input name=p></form>", id="form"),
    pytest.param("<meta http-equiv=refresh content='0;url=//evil.example'>", id="meta"),
    pytest.param("<base href=//evil.example/>", id="base"),
    pytest.param("<link rel=stylesheet href=//evil.example/x.css>", id="link"),
    pytest.param("<style>@import '//evil.example'</style>", id="style"),
    pytest.param("<p style='background:url(//evil.example/x)'>x</p>", id="style-url"),
    pytest.param("<p style='position:fixed;top:0'>x</p>", id="style-overlay"),
    pytest.param("<!--><img src=x onerror=alert(1)>-->", id="comment-that-ends-at-once"),
    pytest.param("<!--x--!><img src=x onerror=alert(1)>-->", id="comment-bang"),
    pytest.param("<noscript><p title='</noscript><img src=x onerror=alert(1)>'>", id="noscript"),
    pytest.param("<img src='x' alt='\"><script>alert(1)</script>'>", id="alt-breaks-out"),
]
FORBIDDEN_TAGS = "script,iframe,object,embed,form,input,meta,base,link,style,svg,math"


def dangers(source):
    """Return what in the HTML, read as a browser reads it, could run, fetch a page or overlay."""
    tree = LexborHTMLParser(f"<body>{source}</body>")
    found = [node.tag for node in tree.body.css(FORBIDDEN_TAGS)]
    for node in tree.body.css("*"):
        for name, value in node.attributes.items():
            compact = "".join((value or "").split()).lower()
            scripted = compact.startswith(("javascript:", "vbscript:", "data:"))
            if name.startswith("on") or scripted or "url(" in compact or "position" in compact:
                found.append(f"{name}={value}")
    return found


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_runs_stays(attack):
    assert dangers(sanitise(f"<p>before</p>{attack}<p>after</p>")) == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_runs_comes_back_with_the_pictures(attack):
    assert dangers(swap_image_sources(sanitise(attack), {"x": "https://x.example/a.png"})) == []


@given(
    st.lists(st.sampled_from([row.values[0] for row in ATTACKS] + ["<p>", "'", '"', "-->", "<"]))
)
def test_no_mixture_runs_either(parts):
    assert dangers(sanitise("".join(parts))) == []


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param("<!-- wp:paragraph --><p>a</p><!-- /wp:paragraph -->", id="block"),
        pytest.param(
            '<!-- wp:image {"id":7,"sizeSlug":"large"} --><figure class="wp-block-image">'
            '<img src="a.png" alt="A"></figure><!-- /wp:image -->',
            id="image-block",
        ),
        pytest.param('<p style="text-align:center">a</p>', id="alignment"),
        pytest.param('<a href="https://x.example/" target="_blank">a</a>', id="link"),
        pytest.param('<a href="/about#team">a</a>', id="relative-link"),
        pytest.param("<table><tbody><tr><td>a</td></tr></tbody></table>", id="table"),
        pytest.param('<h2 id="top" class="x">a</h2>', id="heading"),
        pytest.param("<blockquote><p>a</p></blockquote>", id="quote"),
        pytest.param('<pre><code class="language-py">a &lt; b</code></pre>', id="code"),
        pytest.param('<p dir="rtl" lang="he">שלום</p>', id="right-to-left"),
        pytest.param('<figure><img src="a.png"><figcaption>b</figcaption></figure>', id="figure"),
    ],
)
def test_what_authors_write_stays_as_it_is(kept):
    assert sanitise(kept) == kept


def test_broken_markup_comes_out_closed():
    assert sanitise("<p>a <b>c") == "<p>a <b>c</b></p>"


@given(st.text(max_size=200))
def test_cleaning_twice_changes_nothing(source):
    assert sanitise(sanitise(source)) == sanitise(source)


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("<p>a</p>", True),
        ('<p><img src="a.png"></p>', True),
        ("<figure></figure>", True),
        ("<hr>", True),
        ("", False),
        ("<p></p>", False),
        ("<p>&nbsp;</p> \n<br>", False),
        ("<!-- a comment with text -->", False),
        ('<!-- <img src="a.png"> -->', False),
        ("<imgage>", False),
        pytest.param("<p>\xa0</p>", False, id="a-real-no-break-space"),
    ],
)
def test_whether_a_reader_would_see_anything(source, seen):
    assert has_text_or_media(source) is seen


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param('<img src="a.png">', '<img src="https://x/1.png">', id="double-quotes"),
        pytest.param("<img src='a.png'>", '<img src="https://x/1.png">', id="single-quotes"),
        pytest.param("<img src=a.png>", '<img src="https://x/1.png">', id="no-quotes"),
        pytest.param("<IMG SRC='a.png'>", '<img src="https://x/1.png">', id="capitals"),
        pytest.param(
            '<img alt="a > b" src="a.png" class="c">',
            '<img alt="a &gt; b" src="https://x/1.png" class="c">',
            id="other-attributes-stay",
        ),
        pytest.param(
            '<img src="a.png"><img src="a.png">',
            '<img src="https://x/1.png"><img src="https://x/1.png">',
            id="each-time",
        ),
        pytest.param('<img src="b.png" alt="B">', "B", id="unknown-leaves-its-words"),
        pytest.param('<img src="b.png">', "", id="unknown-without-words"),
        pytest.param(
            '<img src="b.png" alt="a &lt;b&gt; &amp;">',
            "a &lt;b&gt; &amp;",
            id="words-stay-escaped",
        ),
        pytest.param(
            '<img src="https://y/b.png">', '<img src="https://y/b.png">', id="public-stays"
        ),
        pytest.param("<img alt='x'>", "<img alt='x'>", id="no-source"),
        pytest.param("<p>a.png</p>", "<p>a.png</p>", id="text-is-no-image"),
        pytest.param(
            '<img data-src="b.png" src="a.png">',
            '<img data-src="b.png" src="https://x/1.png">',
            id="another-attribute-that-ends-alike",
        ),
        pytest.param(
            '<img alt="set src=b.png" src="a.png">',
            '<img alt="set src=b.png" src="https://x/1.png">',
            id="a-source-within-words",
        ),
        pytest.param(
            '<img src="q&amp;a.png">', '<img src="https://x/2.png">', id="an-entity-in-the-name"
        ),
    ],
)
def test_pictures_get_their_addresses(source, expected):
    addresses = {"a.png": "https://x/1.png", "q&a.png": "https://x/2.png"}

    assert swap_image_sources(source, addresses) == expected


@pytest.mark.parametrize(
    ("address", "written"),
    [
        pytest.param("https://x/a.png?a=1&b=2", "https://x/a.png?a=1&amp;b=2", id="ampersand"),
        pytest.param('https://x/"><script>', "https://x/&quot;&gt;&lt;script&gt;", id="quote"),
    ],
)
def test_an_address_is_escaped(address, written):
    swapped = swap_image_sources('<img src="a.png">', {"a.png": address})

    assert swapped == f'<img src="{written}">'


@pytest.mark.parametrize(
    "source",
    [
        pytest.param('<img src="a.png" srcset="a.png 1x, a-2.png 2x">', id="srcset"),
        pytest.param('<picture><source srcset="a.webp"><img src="a.png"></picture>', id="picture"),
    ],
)
def test_no_file_of_the_authors_machine_is_left_in_a_set_of_sources(source):
    swapped = swap_image_sources(source, {"a.png": "https://x/1.png"})

    assert 'src="https://x/1.png"' in swapped
    assert "srcset" not in swapped
