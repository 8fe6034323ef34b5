"""Files of articles become drafts, or problems that say what to do and where."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.drafts import complete
from pipeline.importing import Draft, ImportProblem, Picture, read_article, read_file

LIMIT = 10_000


def article(front_matter: str, body: str = "Some text.", name: str = "a.md") -> Draft:
    text = f"---\n{front_matter}\n---\n{body}\n"
    return read_article(name, text.encode(), max_bytes=LIMIT)


def markdown(body: str) -> str:
    return article("title: T", body).html


def lines(*objects: object) -> list[Draft | ImportProblem]:
    data = "\n".join(x if isinstance(x, str) else json.dumps(x) for x in objects).encode()
    return list(read_file("all.jsonl", data, max_bytes=LIMIT))


def test_every_field():
    draft = article(
        "title: A  day\nslug: a-day\nstatus: Approved\nseo_title: S\nseo_description: D\n"
        "primary_keyword: bike\nsecondary_keywords: [a, b]\ncluster: C\n"
        "categories: [Places > Berlin, 'R&D']\ntags: [x, y, x]\nfeatured_image: p.jpg\n"
        "gallery:\n  - q.png\n  - {src: 'https://h/r.webp', alt: R, caption: Cap}",
        'Text ![An *alt*](i.gif "A title")',
        name="sub/a.md",
    )
    assert draft == Draft(
        import_key="sub/a.md",
        title="A day",
        html='<p>Text <img src="i.gif" alt="An alt" title="A title" /></p>\n',
        slug="a-day",
        status="approved",
        seo_title="S",
        seo_description="D",
        primary_keyword="bike",
        secondary_keywords=("a", "b"),
        cluster="C",
        categories=(("Places", "Berlin"), ("R&D",)),
        tags=("x", "y"),
        featured=Picture("p.jpg"),
        gallery=(Picture("q.png"), Picture("https://h/r.webp", "R", "Cap")),
        inline=(Picture("i.gif", "An alt", "A title"),),
    )


@pytest.mark.parametrize(
    ("front_matter", "title"),
    [
        pytest.param("title: 1984", "1984", id="number"),
        pytest.param("title: yes", "yes", id="boolean word"),
        pytest.param("title: 12:30", "12:30", id="sexagesimal"),
        pytest.param("title: 2026-01-01", "2026-01-01", id="date"),
        pytest.param("title: R&D", "R&D", id="ampersand"),
        pytest.param('title: "A: B"', "A: B", id="quoted colon"),
        pytest.param("title: >\n  two\n  lines", "two lines", id="folded"),
        pytest.param("title: 東京 العربية 🚲", "東京 العربية 🚲", id="unicode"),
    ],
)
def test_titles_are_text(front_matter, title):
    assert article(front_matter).title == title


@pytest.mark.parametrize(
    ("name", "text", "title", "html"),
    [
        pytest.param("a.md", "# Hello *you*\n\nText", "Hello you", "<p>Text</p>\n", id="heading"),
        pytest.param(
            "a.md",
            "Intro\n\nHello\n===\n\nText",
            "Hello",
            "<p>Intro</p>\n<p>Text</p>\n",
            id="later",
        ),
        pytest.param("a.md", "---\n---\n# A\nText", "A", "<p>Text</p>\n", id="empty front matter"),
        pytest.param("a.md", "---\ntitle:\n---\n# A\nT", "A", "<p>T</p>\n", id="null title"),
        pytest.param("a.html", "<h1>A &amp; B</h1><p>T</p>", "A & B", "<p>T</p>", id="html"),
        pytest.param(
            "a.htm",
            "<html><head><title>No</title></head><body><H1>A</H1>T</body></html>",
            "A",
            "T",
            id="whole page",
        ),
    ],
)
def test_a_missing_title_is_the_first_heading(name, text, title, html):
    draft = read_article(name, text.encode(), max_bytes=LIMIT)
    assert (draft.title, draft.html) == (title, html)


@pytest.mark.parametrize(
    ("source", "html"),
    [
        pytest.param("|a|\n|-|\n|b|", "<th>a</th>", id="table"),
        pytest.param("~~old~~", "<s>old</s>", id="strikethrough"),
        pytest.param("```\n<b> & c\n```", "<code>&lt;b&gt; &amp; c\n</code>", id="code"),
        pytest.param("- a\n  - b", "<ul>\n<li>b</li>", id="nested list"),
        pytest.param("> q", "<blockquote>", id="quote"),
        pytest.param('<div dir="rtl">x', '<div dir="rtl">x', id="broken html passes"),
        pytest.param("\n".join("  " * n + "- x" for n in range(15)), "<ul>\n" * 1, id="deep list"),
    ],
)
def test_markdown(source, html):
    assert html in markdown(source)


def test_no_level_of_a_deep_list_is_lost():
    assert markdown("\n".join("  " * n + f"- item{n}" for n in range(15))).count("item") == 15


def test_line_ends_and_bom_make_no_difference():
    unix = b"---\ntitle: T\n---\nText\n\n* a\n"
    windows = b"\xef\xbb\xbf" + unix.replace(b"\n", b"\r\n")
    assert read_article("a.md", windows, max_bytes=99) == read_article("a.md", unix, max_bytes=99)


def problem(data: bytes | str, name: str = "a.md") -> str:
    data = data.encode() if isinstance(data, str) else data
    with pytest.raises(ImportProblem) as caught:
        read_article(name, data, max_bytes=LIMIT)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"# T\ngr\xfc\xdfe", "line 2: byte 6 (0xfc) is not valid UTF-8", id="latin-1"),
        pytest.param("# T\nx".encode("utf-16"), "UTF-16; save it as UTF-8", id="utf-16"),
        pytest.param(b"# T\n\nx\0y", "line 3: there is a NUL byte", id="NUL"),
        pytest.param("Text", "there is no title", id="no title"),
        pytest.param("---\ntitle: T\n---\n", "the body is empty", id="no body"),
        pytest.param("# T\n", "the body is empty", id="only a heading"),
        pytest.param("---\ntitle: T\n---\n<p>&nbsp;</p><!-- x -->", "is empty", id="invisible"),
        pytest.param("# T\n\n" + "x" * LIMIT, "the body has 0.01 MB; the limit is", id="too long"),
        pytest.param("---\ntitle: T\n---\n" + "&" * 5000, "the limit is", id="too long as HTML"),
        pytest.param("---\ntitle: T\nText", "line 1: the front matter is opened", id="not closed"),
        pytest.param("---\n- a\n---\nx", "line 2: the front matter must be lines", id="list"),
        pytest.param("---\n" + "a" * 70_000 + "\n---\nx", "longer than 65,536", id="huge"),
    ],
)
def test_problems_of_files(data, words):
    assert words in problem(data)


@pytest.mark.parametrize(
    ("front_matter", "words"),
    [
        pytest.param("title: a: b", "line 2: .* a value with a colon in it needs quotes", id=":"),
        pytest.param("title: T\ntags:\n\t- a", "line 4: .* not tabs", id="tab"),
        pytest.param("slug: s\ntitle: 'T\ntags: []", "line 3: .* never closed", id="open quote"),
        pytest.param("title: *bold*", r"line 2: .* starts with \*, & or ! needs", id="star"),
        pytest.param("a: &x [1]\nb: *x", r"line 2: .* starts with \*, & or !", id="alias"),
        pytest.param("title: !!python/name:os.system ''", "line 2: .* or ! needs", id="tag"),
        pytest.param("tags: " + "[" * 5000, "line 2: .* nested too deeply", id="deep"),
        pytest.param("title: T\nslug: s\ntitle: U", "line 4: 'title' .* set in line 2", id="twice"),
        pytest.param("? [a]\n: b", "line 2: the name of a field", id="list as name"),
        pytest.param('title: "a\\0b"', "line 2: title holds a NUL", id="escaped NUL"),
        pytest.param("title: [T]", "line 2: title must be a text", id="list as title"),
        pytest.param("title: T\ntags: {a: b}", "line 3: tags must be a list", id="map as tags"),
        pytest.param("title: T\ntags: [[a]]", "line 3: tags must be a text", id="list in tags"),
        pytest.param(
            "title: T\nstatus: live", "line 3: the status 'live' .* draft, r", id="status"
        ),
        pytest.param("featured_image: [a]", "line 2: featured_image must be a path", id="featured"),
        pytest.param("featured_image: {alt: a}", "line 2: .* needs src", id="no src"),
        pytest.param("gallery: a.jpg", "line 2: gallery must be a list", id="gallery"),
        pytest.param("title: T\x07", "line 2: .* that YAML does not allow", id="control character"),
    ],
)
def test_problems_of_front_matter(front_matter, words):
    with pytest.raises(ImportProblem, match=words):
        article(front_matter if "title" in front_matter else f"{front_matter}\ntitle: T")


def test_other_files_are_refused_by_name():
    assert "known are .htm, .html" in problem("x", name="letter.docx")
    assert "rename the file" in problem("# T\nx", name="gr\udcfc.md")


def test_what_is_unknown_is_left_out_with_a_warning():
    draft = article("title: T\ntag: [a]\nlayout: post\nfeatured_image: {src: a.jpg, widht: 3}")
    assert draft.featured == Picture("a.jpg")
    assert draft.warnings == (
        "line 3: the field 'tag' is unknown and left out; did you mean tags?",
        "line 4: the field 'layout' is unknown and left out",
        "line 5: featured_image: 'widht' is unknown and left out",
    )


@pytest.mark.parametrize(
    ("body", "pictures"),
    [
        pytest.param("![a](x.jpg) ![b](x.jpg)", [Picture("x.jpg", "a")], id="one address once"),
        pytest.param("![](my%20pic.jpg)", [Picture("my%20pic.jpg")], id="address as written"),
        pytest.param("<IMG alt='a > b' SRC=x.jpg>", [Picture("x.jpg", "a > b")], id="raw html"),
        pytest.param("<img src='a&amp;b.jpg'>", [Picture("a&b.jpg")], id="entity"),
        pytest.param("`<img src=x>` <!-- <img src=y> -->", [], id="code and comment"),
        pytest.param("<div><img src='x' <p>", [Picture("x")], id="unclosed"),
        pytest.param(
            "<figure><img src=x><figcaption>A <b>c</b></figcaption></figure><img src=y>",
            [Picture("x", "", "A c"), Picture("y")],
            id="figure",
        ),
    ],
)
def test_pictures_in_the_text(body, pictures):
    assert list(article("title: T", f"Text\n\n{body}").inline) == pictures


def test_an_embedded_picture_is_no_file():
    draft = article("title: T", "Text ![a](data:image/png;base64,AAAA)")
    assert draft.inline == ()
    assert "save pictures as files" in draft.warnings[0]


def test_a_draft_can_be_completed_to_a_document():
    draft = article("title: T\nfeatured_image: a.jpg\ngallery: [b.jpg]", "Text ![c](c%20c.jpg)")
    document = complete(draft.as_document(), max_bytes=LIMIT)
    assert [(picture.role, picture.source) for picture in document.images] == [
        ("featured", "a.jpg"),
        ("gallery", "b.jpg"),
        ("inline", "c%20c.jpg"),
    ]


def test_a_line_is_an_article():
    good, named = lines(
        {"title": "T", "body": "*x*", "tags": ["a"], "slug": None},
        {"title": "U", "html": "<p>y", "import_key": "k-7"},
    )
    assert (good.import_key, good.html, good.tags) == ("all.jsonl#1", "<p><em>x</em></p>\n", ("a",))
    assert (named.import_key, named.html) == ("all.jsonl#k-7", "<p>y")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param('{"title": "T",}', "line 2: not valid JSON: .* at column 15", id="JSON"),
        pytest.param("[1]", "line 2: every line must be a JSON object", id="list"),
        pytest.param("[" * 100_000, "line 2: ", id="deep"),
        pytest.param('{"title": ' + "9" * 5000 + "}", "line 2: title must be a text", id="number"),
        pytest.param({"title": "T", "tags": [1], "body": "x"}, "line 2: tags must be", id="type"),
        pytest.param({"title": "\ud800", "body": "x"}, "line 2: title holds", id="half character"),
        pytest.param({"title": "T", "body": "a\0b"}, "line 2: body holds a NUL", id="NUL"),
        pytest.param({"title": "T", "body": 5}, "line 2: body must be a text", id="body"),
        pytest.param({"title": "T"}, "line 2: the body is empty", id="no body"),
        pytest.param({"title": "T", "body": "x", "html": "y"}, "line 2: there are both", id="both"),
        pytest.param(
            {"title": "T", "body": "x", "import_key": "1"}, "line 1 has the same", id="same key"
        ),
    ],
)
def test_a_bad_line_spoils_no_other(line, words):
    good = {"title": "T", "body": "x"}
    first, bad, blank_before = lines(good, line, "", good)
    assert (first.import_key, blank_before.import_key) == ("all.jsonl#1", "all.jsonl#4")
    with pytest.raises(ImportProblem, match=words):
        raise bad


def test_the_offset_of_a_bad_byte_counts_from_the_start_of_the_file():
    data = b'\xef\xbb\xbf{"title": "T", "body": "x"}\n{"title": "\xff"}'
    _, bad = read_file("a.jsonl", data, max_bytes=LIMIT)
    assert str(bad).startswith(f"line 2: byte {data.index(0xFF)} (0xff)")


MARKUP = ["<img src=", "<figcaption>", "</figure>", "<h1>", "</h1>", "<!--", "-->", "<script>"]
YAML = ["---\n", "title: ", "tags: ", "gallery: ", "featured_image: {src: ", "- ", "? ", "!!str "]
MARKS = [*"#![]()'\"&*{}:,`>|\n\t\0\u2028💡x"]
FRAGMENTS = st.sampled_from([*MARKUP, *YAML, *MARKS])
NAMES = st.sampled_from(["a.md", "a.html", "a.jsonl", "a.txt"])


@given(NAMES, st.binary() | st.lists(FRAGMENTS).map("".join).map(str.encode))
def test_any_bytes_become_drafts_or_problems(name, data):
    for result in read_file(name, data, max_bytes=500):
        assert isinstance(result, Draft | ImportProblem)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
KEYS = st.sampled_from(
    [
        "title",
        "status",
        "tags",
        "categories",
        "featured_image",
        "gallery",
        "body",
        "html",
        "import_key",
    ]
)


@given(st.dictionaries(KEYS, VALUES))
def test_any_values_become_drafts_or_problems(values):
    (result,) = lines(values)
    assert isinstance(result, Draft | ImportProblem)
