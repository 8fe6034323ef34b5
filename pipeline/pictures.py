"""Pictures on their way to a site: looked at, and prepared, that is written anew."""

import io
import warnings
from dataclasses import dataclass, field

from PIL import Image

from pipeline import gifs
from pipeline.images import describe_foreign, media_type_of
from pipeline.picture_limits import Limits, TooMuch
from pipeline.picture_writing import DAMAGE, frames_of, write

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")

RIFF_HEAD, CHUNK_HEAD, FRAME_HEAD = 12, 8, 16
"""Bytes of the heads in a WebP (RFC 9649)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a picture: ``data`` goes to sites, or ``problem`` says why nothing does."""

    media_type: str | None = None
    width: int | None = None
    height: int | None = None
    data: bytes = field(default=b"", repr=False)
    problem: str | None = None


def prepare(data: bytes, max_pixels: int) -> Verdict:
    """Decode a picture and write it anew, so that it shows the same and carries nothing else.

    Its name and its headers are not asked: they may lie. The number of pixels is read from its
    header before anything is decoded. The same bytes always become the same bytes.
    """
    media_type = media_type_of(data[:16])
    if media_type is None:
        return Verdict(problem=describe_foreign(data[:512]))
    kind = media_type.removeprefix("image/").upper()
    limits, width, height = Limits(max_pixels), None, None
    try:
        with warnings.catch_warnings():
            # Our own limits stand below, and nobody can mend the metadata that Pillow warns of.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=[kind]) as picture:
                width, height = picture.size
                limits.check(width * height)
                written = _written(data, picture, kind, limits)
            with Image.open(io.BytesIO(written), formats=[kind]) as upright:
                width, height = upright.size
    except TooMuch as reason:
        return Verdict(media_type, width, height, problem=str(reason))
    except DAMAGE:
        return Verdict(media_type, width, height, problem="the file is damaged")
    return Verdict(media_type, width, height, written)


def _written(data: bytes, picture: Image.Image, kind: str, limits: Limits) -> bytes:
    if kind == "GIF":
        return gifs.rewrite(data, limits)
    frames = frames_of(picture)
    limits.check_all(frames, frames * picture.width * picture.height)
    return write(picture, kind, lossless=kind == "WEBP" and _is_lossless(data))


def _is_lossless(webp: bytes) -> bool:
    """Return whether the first image in a WebP's chunks was compressed without loss."""
    at = RIFF_HEAD
    while at + CHUNK_HEAD <= len(webp):
        name, size = webp[at : at + 4], int.from_bytes(webp[at + 4 : at + 8], "little")
        if name in {b"VP8 ", b"VP8L"}:
            return name == b"VP8L"
        # The chunks of an animation's frame stand inside its own.
        at += CHUNK_HEAD + (FRAME_HEAD if name == b"ANMF" else size + size % 2)
    return False
