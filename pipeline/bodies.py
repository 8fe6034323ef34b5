"""What stands in an article's HTML, as written: its pictures, its first heading, anything at all.

Works on broken and hostile HTML, in one pass: every pattern takes what it has looked at.
"""

import re
from collections.abc import Iterator
from html import unescape

from pipeline.imported import Picture

TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(script|style|template|textarea|noscript)\b.*?(?:</\1\b|\Z)"
    r"|<(?P<closing>/?)(?P<name>[a-z][^\s/<>]*+)(?P<rest>(?:\"[^\"]*+\"|'[^']*+'|[^'\">])*+)>?"
    r"|(?P<text>[^<]++|<)",
    re.DOTALL | re.IGNORECASE,
)
ATTRIBUTE = re.compile(
    r"""([^\s=>"'/]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++)))?""", re.DOTALL
)
CAPTION = re.compile(r"<figcaption\b[^<>]*+>(.*?)(?:</figcaption\b|\Z)", re.DOTALL | re.IGNORECASE)
PAGE = re.compile(r"<body\b[^<>]*+>(.*?)(?:</body\b|\Z)", re.DOTALL | re.IGNORECASE)
MEDIA = frozenset({"img", "video", "audio", "iframe", "embed", "object"})


def inside_page(source: str) -> str:
    """Return what stands between <body> and </body>; all of it where there are none."""
    found = PAGE.search(source)
    return found[1] if found else source


def shows_something(source: str) -> bool:
    """Whether a reader would see any text or media."""
    return any(
        (token["name"] or "").lower() in MEDIA or unescape(token["text"] or "").strip()
        for token in TOKEN.finditer(source)
    )


def plain_text(source: str) -> str:
    """Return the text without its tags, in one line."""
    pieces = (token["text"] for token in TOKEN.finditer(source) if token["text"])
    return " ".join(unescape("".join(pieces)).split())


def split_heading(source: str) -> tuple[str, str] | None:
    """Return the text of the first h1 that has any, and the HTML without that h1."""
    start: re.Match[str] | None = None
    for token in TOKEN.finditer(source):
        if (token["name"] or "").lower() != "h1":
            continue
        if not token["closing"]:
            start = token
        elif start is not None and (text := plain_text(source[start.end() : token.start()])):
            return text, source[: start.start()] + source[token.end() :].lstrip("\n")
    return None


def pictures_in(source: str) -> Iterator[Picture]:
    """Yield the pictures of the text; the caption is the figure's, else the image's title."""
    tags = [
        token
        for token in TOKEN.finditer(source)
        if (token["name"] or "").lower() == "img" and not token["closing"]
    ]
    ends = [tag.start() for tag in tags[1:]] + [len(source)]
    for tag, end in zip(tags, ends, strict=False):
        picture = _picture(tag["rest"], source[tag.end() : end])
        if picture.src:
            yield picture


def _picture(attributes: str, following: str) -> Picture:
    values: dict[str, str] = {}
    for found in ATTRIBUTE.finditer(attributes):
        # The first of two attributes with one name counts (HTML standard 13.2.5.33).
        values.setdefault(found[1].lower(), found[2] or found[3] or found[4] or "")
    src, alt, title = (
        " ".join(unescape(values.get(name, "")).split()) for name in ("src", "alt", "title")
    )
    figure = re.split(r"</figure\b", following, maxsplit=1, flags=re.IGNORECASE)[0]
    caption = CAPTION.search(figure)
    return Picture(src, alt, plain_text(caption[1]) if caption else title)
