"""HTML of articles: what may stay in it, and which pictures it shows."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import nh3

ATTRIBUTES = {tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()}
ATTRIBUTES["*"] = {"class", "id", "dir", "lang", "title", "style"}
ATTRIBUTES["img"] |= {"srcset", "sizes", "loading", "width", "height", "alt", "src"}
ATTRIBUTES["a"] |= {"target", "name"}
TAGS = nh3.ALLOWED_TAGS | {"figure", "figcaption", "picture", "source", "section", "main"}
ATTRIBUTES["source"] = {"src", "srcset", "sizes", "media", "type"}
STYLES = {"text-align", "width", "height", "float", "margin", "padding", "color"}

IMAGE = re.compile(r"<img\b(?:\"[^\"]*\"|'[^']*'|[^'\">])*>", re.IGNORECASE)
SOURCE = re.compile(r"""(\ssrc\s*=\s*)("([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)


def sanitise(source: str) -> str:
    """Return the HTML without anything that runs or phones home; broken markup comes out closed.

    WordPress block comments (`<!-- wp:... -->`) stay, because the block editor lives by them.
    """
    return nh3.clean(
        source,
        tags=TAGS,
        attributes=ATTRIBUTES,
        filter_style_properties=STYLES,
        strip_comments=False,
        link_rel=None,
    )


def has_text_or_media(source: str) -> bool:
    """Whether a reader would see anything at all."""
    without_comments = re.sub(r"<!--.*?-->", "", source, flags=re.DOTALL)
    if re.search(r"<(img|video|audio|figure|iframe|table|hr)\b", without_comments, re.IGNORECASE):
        return True
    return bool(re.sub(r"<[^>]*>|&nbsp;|\s", "", without_comments))


def swap_image_sources(source: str, addresses: Mapping[str, str]) -> str:
    """Return the HTML with every image's ``src`` replaced by its address on the site.

    An image that has no address and is no public URL would show a broken picture: it is left
    out, and its alternative text stays.
    """

    def swap(tag: re.Match[str]) -> str:
        found = SOURCE.search(tag[0])
        if found is None:
            return tag[0]
        current = found[3] or found[4] or found[5] or ""
        if current in addresses:
            return SOURCE.sub(lambda m: f'{m[1]}"{addresses[current]}"', tag[0], count=1)
        if urlsplit(current).scheme in {"http", "https"}:
            return tag[0]
        alt = re.search(r"""\salt\s*=\s*("([^"]*)"|'([^']*)')""", tag[0], re.IGNORECASE)
        return (alt[2] or alt[3] or "") if alt else ""

    return IMAGE.sub(swap, source)
