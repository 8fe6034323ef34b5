"""HTML of articles: what may stay in it, and which pictures it shows."""

import re
from collections.abc import Iterator, Mapping
from html import escape, unescape

import nh3

ATTRIBUTES = {tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()}
ATTRIBUTES["*"] = {"class", "id", "dir", "lang", "title", "style"}
ATTRIBUTES["img"] |= {"srcset", "sizes", "loading", "width", "height", "alt", "src"}
ATTRIBUTES["a"] |= {"target", "name"}
TAGS = nh3.ALLOWED_TAGS | {"figure", "figcaption", "picture", "source", "section", "main"}
ATTRIBUTES["source"] = {"src", "srcset", "sizes", "media", "type"}
STYLES = {"text-align", "width", "height", "float", "margin", "padding", "color"}

IMAGE = re.compile(r"<(img|source)\b(?:\"[^\"]*\"|'[^']*'|[^'\">])*+>", re.IGNORECASE)
ATTRIBUTE = re.compile(r"""\s([^\s"'>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")


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


def images_in(source: str) -> Iterator[dict[str, str]]:
    """Yield the attributes of every image, with their entities read."""
    for tag in IMAGE.finditer(source):
        if tag[1].lower() == "img":
            yield _attributes(tag[0])


def swap_image_sources(source: str, addresses: Mapping[str, str]) -> str:
    """Return the HTML with every image's ``src`` replaced by its address on the site.

    An image that has no address and is no public URL would show a broken picture: it is left
    out, and its alternative text stays. So is a set of sources that names such a file.
    """
    return IMAGE.sub(lambda tag: _swapped(tag, addresses), source)


def _swapped(tag: re.Match[str], addresses: Mapping[str, str]) -> str:
    attributes = _attributes(tag[0])
    kept = {
        name: value
        for name, value in attributes.items()
        if name not in {"srcset", "sizes"} or _is_public_set(attributes.get("srcset", ""))
    }
    if tag[1].lower() == "source":
        return tag[0] if kept == attributes else ""
    current = attributes.get("src", "")
    if current in addresses:
        kept["src"] = addresses[current]
    elif "src" in attributes and not _is_public(current):
        return escape(attributes.get("alt", ""))
    return tag[0] if kept == attributes else _written(kept)


def _attributes(tag: str) -> dict[str, str]:
    return {
        found[1].lower(): unescape(found[2] or found[3] or found[4] or "")
        for found in ATTRIBUTE.finditer(tag)
    }


def _written(attributes: Mapping[str, str]) -> str:
    return (
        "<img" + "".join(f' {name}="{escape(value)}"' for name, value in attributes.items()) + ">"
    )


def _is_public(address: str) -> bool:
    return address.lower().startswith(("http://", "https://"))


def _is_public_set(sources: str) -> bool:
    candidates = [candidate.split() for candidate in sources.split(",") if candidate.strip()]
    return all(_is_public(parts[0]) for parts in candidates)
