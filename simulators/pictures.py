"""The Media Library: each content once, by the SHA-256 of its bytes."""

import hashlib
import ipaddress
import re
import socket
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from simulators.delivery import Pause
from simulators.documents import Wanted, is_sha256
from simulators.faults import Fault, Kind
from simulators.messages import (
    Answer,
    Json,
    Refused,
    Request,
    in_progress,
    invalid_parameter,
    json_answer,
    missing_parameter,
    refusal,
)
from simulators.store import Media, Store

MAX_BODY_BYTES = 41943040
DOWNLOAD_SECONDS = 20

SIGNATURES = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg", "jpg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png", "png"),
    (re.compile(rb"GIF8[79]a"), "image/gif", "gif"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp", "webp"),
    (re.compile(rb".{4}ftypavi[fs]", re.DOTALL), "image/avif", "avif"),
)


class Library:
    """Takes images and finds them again."""

    def __init__(self, store: Store, pause: Pause) -> None:
        self._store = store
        self._pause = pause
        self.seconds = 0.0

    def push(self, request: Request, fault: Fault | None) -> Answer:
        """POST /media."""
        digest = request.query.get("hash", "").lower()
        _refuse_push(digest, request.body)
        name = request.query.get("filename", "")
        media, is_new = self._keep(
            request.body, name, request.query.get("alt", ""), broken=_is_write_failed(fault)
        )
        if is_new:
            return json_answer(describe(media), HTTPStatus.CREATED)
        return json_answer(describe(media), Idempotent_Replayed="true")

    def find(self, hashes: list[str]) -> list[Json]:
        with self._store.lock:
            return [describe(m) for h in hashes if (m := self._store.media.get(h)) is not None]

    def attach(self, image: Wanted) -> Json:
        """Return the report on one image of a post; a failed one fails alone."""
        report: Json = {
            "role": image.role,
            "hash": image.hash or None,
            "url": image.url or None,
            "status": "failed",
            "attachment_id": None,
            "media_url": None,
            "error": None,
            "alt": image.alt,
            "caption": image.caption,
        }
        try:
            media = self._media_of(image)
        except (OSError, ValueError, Refused) as error:
            return report | {"error": str(error) or "The image could not be attached."}
        return report | describe(media) | {"status": "attached"}

    def _media_of(self, image: Wanted) -> Media:
        if image.hash:
            with self._store.lock:
                found = self._store.media.get(image.hash)
            if found is None:
                raise ValueError("No image with this hash is in the Media Library.")
            return found
        name = PurePosixPath(unquote(urlsplit(image.url).path)).name
        data = fetch(image.url)
        if kind_of(data) is None:
            raise ValueError("The content is not a JPEG, PNG, GIF, WebP or AVIF image.")
        return self._keep(data, name, image.alt)[0]

    def _keep(
        self, data: bytes, name: str, alt: str, *, broken: bool = False
    ) -> tuple[Media, bool]:
        kind = kind_of(data)
        if kind is None:
            raise refusal(
                "igny8_not_an_image",
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "The content is not a JPEG, PNG, GIF, WebP or AVIF image.",
            )
        digest = hashlib.sha256(data).hexdigest()
        with self._store.lock:
            found = self._store.media.get(digest)
            if found is not None:
                return found, False
            if digest in self._store.uploading:
                raise in_progress()
            self._store.uploading.add(digest)
        try:
            self._pause(self.seconds)
            if broken:
                raise refusal(
                    "igny8_write_failed", HTTPStatus.INTERNAL_SERVER_ERROR, "The disk is full."
                )
            return self._store_file(digest, data, kind, (name, alt)), True
        finally:
            with self._store.lock:
                self._store.uploading.discard(digest)

    def _store_file(
        self, digest: str, data: bytes, kind: tuple[str, str], texts: tuple[str, str]
    ) -> Media:
        mime_type, extension = kind
        stem = re.sub(r"[^\w.-]+", "-", PurePosixPath(texts[0]).stem).strip(".-_") or digest[:16]
        with self._store.lock:
            id_ = next(self._store.ids)
            file_name = f"{stem[:100]}-{id_}.{extension}"
            media = Media(
                id=id_,
                hash=digest,
                media_url=f"{self._store.url}/wp-content/uploads/{file_name}",
                mime_type=mime_type,
                file_name=file_name,
                alt=texts[1],
                size=len(data),
                data=data,
            )
            self._store.media[digest] = media
        return media


def _is_write_failed(fault: Fault | None) -> bool:
    return fault is not None and fault.kind is Kind.WRITE_FAILED


def _refuse_push(digest: str, data: bytes) -> None:
    if not digest:
        raise missing_parameter("hash")
    if not is_sha256(digest):
        raise invalid_parameter("hash", "64 hexadecimal digits")
    if len(data) > MAX_BODY_BYTES:
        raise refusal(
            "igny8_too_large",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "The body is too large.",
            {"max_body_bytes": MAX_BODY_BYTES},
        )
    if not data:
        raise refusal("igny8_empty_body", HTTPStatus.BAD_REQUEST, "The body is empty.")
    if hashlib.sha256(data).hexdigest() != digest:
        raise refusal(
            "igny8_hash_mismatch",
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "The SHA-256 of the body is not the hash that was sent.",
        )


def kind_of(data: bytes) -> tuple[str, str] | None:
    """Return the media type and the extension by the first bytes; None for anything else."""
    for pattern, mime_type, extension in SIGNATURES:
        if pattern.match(data):
            return mime_type, extension
    return None


def describe(media: Media) -> Json:
    return {"hash": media.hash, "attachment_id": media.id, "media_url": media.media_url}


def fetch(url: str) -> bytes:
    """Return what is at a public address; like wp_safe_remote_get it refuses private ones.

    Raises ValueError or OSError with the reason in words.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("A valid URL was not provided.")
    addresses = socket.getaddrinfo(parts.hostname, None)
    if not all(ipaddress.ip_address(found[4][0]).is_global for found in addresses):
        raise ValueError("A valid URL was not provided.")
    try:
        with urllib.request.urlopen(url, timeout=DOWNLOAD_SECONDS) as answer:  # noqa: S310 -- checked above
            data: bytes = answer.read(MAX_BODY_BYTES + 1)
    except urllib.error.HTTPError as error:
        raise ValueError(f"The image's address answered {error.code}.") from error
    if len(data) > MAX_BODY_BYTES:
        raise ValueError("The image is too large.")
    return data
