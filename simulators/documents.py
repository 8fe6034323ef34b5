"""Reads and checks the body of POST /publish."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from simulators.messages import Json, Request, invalid_parameter, missing_parameter, refusal

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
SHA256 = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)

Check = tuple[Callable[[Any], bool], str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An image as a document names it; hash and url are empty where null."""

    role: str
    hash: str
    url: str
    alt: str
    caption: str


@dataclass(frozen=True, slots=True)
class Document:
    """The checked body; keys and hashes are in lower case."""

    key: str
    fence: int
    revision: int
    fingerprint: str
    content_id: int
    title: str
    content_html: str
    status: str
    restore: bool
    excerpt: str
    slug: str
    categories: tuple[tuple[str, ...], ...]
    tags: tuple[str, ...]
    seo: Json
    images: tuple[Wanted, ...]


def is_integer(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def is_sha256(value: Any) -> bool:
    return isinstance(value, str) and bool(SHA256.fullmatch(value))


def _is_list(value: Any, of: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and all(map(of, value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_path(value: Any) -> bool:
    return _is_text(value) or _is_list(value, _is_text)


def _is_image(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    texts = (value.get(name) for name in ("url", "alt", "caption"))
    fine = all(text is None or _is_text(text) for text in texts)
    return fine and (value.get("hash") is None or is_sha256(value["hash"]))


A_UUID: Check = (lambda v: _is_text(v) and bool(UUID.fullmatch(v)), "a UUID")
A_HASH: Check = (is_sha256, "64 hexadecimal digits")
A_COUNT: Check = (lambda v: is_integer(v, 0), "an integer, 0 or more")
AN_ID: Check = (lambda v: is_integer(v, 1), "an integer, 1 or more")
A_FLAG: Check = (lambda v: isinstance(v, bool), "true or false")
A_TEXT: Check = (_is_text, "a string")
A_STATUS: Check = (lambda v: v in ("publish", "draft"), '"publish" or "draft"')
TEXTS: Check = (lambda v: _is_list(v, _is_text), "a list of strings")
PATHS: Check = (lambda v: _is_list(v, _is_path), "a list of strings or of lists of strings")
IMAGES: Check = (lambda v: _is_list(v, _is_image), "a list of objects with url, hash, alt, caption")

REQUIRED: dict[str, Check] = {
    "publication_key": A_UUID,
    "fence": A_COUNT,
    "revision": AN_ID,
    "fingerprint": A_HASH,
    "content_id": AN_ID,
    "title": A_TEXT,
    "content_html": A_TEXT,
    "status": A_STATUS,
}
SEO = ("seo_title", "seo_description", "primary_keyword")
OPTIONAL: dict[str, Check] = {
    **dict.fromkeys(("excerpt", "slug", *SEO, "featured_image_url"), A_TEXT),
    **dict.fromkeys(("featured_image_alt", "featured_image_caption"), A_TEXT),
    "featured_image_hash": A_HASH,
    "restore": A_FLAG,
    "secondary_keywords": TEXTS,
    "categories": PATHS,
    "tags": TEXTS,
    "gallery_images": IMAGES,
}


def read_document(request: Request) -> Document:
    """Return the document of a publish request; raises Refused with the protocol's 400."""
    body = read_json(request)
    _check(body)
    key, fence = body["publication_key"].lower(), body["fence"]
    named = (
        request.headers.get("idempotency-key", "").lower(),
        request.headers.get("x-igny8-fence"),
    )
    if named != (key, str(fence)):
        raise refusal(
            "igny8_key_mismatch",
            HTTPStatus.BAD_REQUEST,
            "Idempotency-Key and X-IGNY8-Fence must repeat the body.",
        )
    if not re.sub(r"<[^>]*>", "", body["title"]).strip():
        raise refusal("igny8_empty_title", HTTPStatus.BAD_REQUEST, "The title is empty.")
    return _document(body)


def read_json(request: Request) -> Json:
    """Return a JSON object, empty where the body is other JSON; raises Refused where it is none."""
    if "json" not in request.headers.get("content-type", "").lower() or not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except ValueError:
        raise refusal(
            "rest_invalid_json", HTTPStatus.BAD_REQUEST, "Invalid JSON body passed."
        ) from None
    return body if isinstance(body, dict) else {}


def _check(body: Json) -> None:
    missing = [name for name in REQUIRED if name not in body]
    if missing:
        raise missing_parameter(*missing)
    for name, (is_fine, wanted) in (REQUIRED | OPTIONAL).items():
        if (name in REQUIRED or body.get(name) is not None) and not is_fine(body[name]):
            raise invalid_parameter(name, wanted)


def _document(body: Json) -> Document:
    return Document(
        key=body["publication_key"].lower(),
        fence=body["fence"],
        revision=body["revision"],
        fingerprint=body["fingerprint"].lower(),
        content_id=body["content_id"],
        title=body["title"],
        content_html=body["content_html"],
        status=body["status"],
        restore=body.get("restore") or False,
        excerpt=body.get("excerpt") or "",
        slug=body.get("slug") or "",
        categories=tuple(
            (path,) if isinstance(path, str) else tuple(path)
            for path in body.get("categories") or ()
        ),
        tags=tuple(body.get("tags") or ()),
        seo={name: body.get(name) for name in (*SEO, "secondary_keywords")},
        images=tuple(_images(body)),
    )


def _images(body: Json) -> list[Wanted]:
    featured = {
        name: body.get(f"featured_image_{name}") for name in ("hash", "url", "alt", "caption")
    }
    images = [_wanted("featured", featured)] if featured["hash"] or featured["url"] else []
    return images + [_wanted("gallery", image) for image in body.get("gallery_images") or ()]


def _wanted(role: str, image: Json) -> Wanted:
    return Wanted(
        role,
        (image.get("hash") or "").lower(),
        image.get("url") or "",
        image.get("alt") or "",
        image.get("caption") or "",
    )
