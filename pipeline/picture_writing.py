"""Writing a decoded picture anew: upright, in eight bits of grey or RGB, without metadata."""

import io
import struct
import zlib
from collections.abc import Mapping
from typing import Any

from PIL import ExifTags, Image, ImageCms, ImageSequence
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow raises about bytes that are not what they should be."""

LARGEST_PROFILE = 64 * 1024
"""Bytes of a colour profile that is kept; of a larger one its colours are converted to sRGB."""

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by the number of its orientation (EXIF 2.32, tag 0112)."""

WRITABLE = {
    "JPEG": frozenset({"L", "RGB"}),
    "PNG": frozenset({"1", "L", "LA", "P", "RGB", "RGBA"}),
    "WEBP": frozenset({"RGB", "RGBA"}),
    "AVIF": frozenset({"L", "RGB", "RGBA"}),
}
PROFILES = {"GRAY": frozenset({"1", "L", "LA"}), "RGB": frozenset({"P", "RGB", "RGBA"})}

# Said, because Pillow else copies some of them from the picture it has read.
NOTHING_ELSE: Mapping[str, Any] = {"exif": b"", "xmp": b"", "comment": b""}


def write(picture: Image.Image, kind: str, *, lossless: bool = False) -> bytes:
    """Return the file of a picture, of the ``kind`` it was; the same picture gives the same bytes.

    ``lossless`` says how a WebP was written. Raises one of DAMAGE.
    """
    written = io.BytesIO()
    options = {**NOTHING_ELSE, **_encoding(picture, kind, lossless=lossless)}
    if frames_of(picture) > 1:
        _write_moving(picture, kind, written, options)
    else:
        still, profile = _in_eight_bits(picture, kind)
        _turned(still, _turn(picture)).save(written, kind, icc_profile=profile, **options)
    return written.getvalue()


def frames_of(picture: Image.Image) -> int:
    """Return how many frames are shown; what a JPEG has beside its first are no frames."""
    return 1 if isinstance(picture, JpegImageFile) else int(getattr(picture, "n_frames", 1))


def _encoding(picture: Image.Image, kind: str, *, lossless: bool) -> dict[str, Any]:
    """Return how it is compressed: as it was, where its file says how."""
    if isinstance(picture, JpegImageFile):
        # Its own tables round to what they had rounded to: hardly anything is lost once more.
        kept = {"qtables": picture.quantization, "subsampling": get_sampling(picture)}
        how = kept if picture.mode in WRITABLE["JPEG"] else {"quality": 90}
        return {"optimize": True, "progressive": "progressive" in picture.info, **how}
    return {
        "PNG": {},
        # More effort than this for what is lossless costs a gigabyte and more at 40 million pixels.
        "WEBP": {"lossless": True, "quality": 20, "method": 1}
        if lossless
        else {"quality": 85, "method": 2},
        "AVIF": {"quality": 85, "speed": 8},
    }[kind]


def _in_eight_bits(picture: Image.Image, kind: str) -> tuple[Image.Image, bytes]:
    """Return the picture in a mode that browsers show, and the profile its colours still need."""
    deep = picture.mode.startswith(("I", "F"))
    still = picture.point(lambda value: value * (1 / 257)).convert("L") if deep else picture
    profile = _profile(picture)
    if profile is None:
        return _writable(still, kind), b""
    data, opened = profile
    if len(data) <= LARGEST_PROFILE and still.mode in PROFILES.get(_space(opened), ()):
        return still, data
    try:
        return _in_srgb(still, opened), b""
    except ImageCms.PyCMSError:
        return _writable(still, kind), b""  # it is not the profile of such a picture


def _writable(still: Image.Image, kind: str) -> Image.Image:
    return still if still.mode in WRITABLE[kind] else _in_rgb(still)


def _in_rgb(still: Image.Image) -> Image.Image:
    return still.convert("RGBA" if still.has_transparency_data else "RGB")


def _profile(picture: Image.Image) -> tuple[bytes, ImageCms.ImageCmsProfile] | None:
    """Return the colour profile, without bytes behind its end, if it is one."""
    data = picture.info.get("icc_profile") or b""
    data = data[: int.from_bytes(data[:4], "big")]
    try:
        return data, ImageCms.ImageCmsProfile(io.BytesIO(data))
    except DAMAGE:
        return None


def _space(profile: ImageCms.ImageCmsProfile) -> str:
    return profile.profile.xcolor_space.strip()


def _in_srgb(still: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    known = _in_rgb(still) if still.mode in {"P", "LA", "1"} else still
    converted = ImageCms.profileToProfile(
        known,
        profile,
        ImageCms.createProfile("sRGB"),
        outputMode="RGBA" if known.mode == "RGBA" else "RGB",
    )
    return converted or known


def _turn(picture: Image.Image) -> Image.Transpose | None:
    try:
        return UPRIGHT.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except DAMAGE:
        return None  # damaged metadata says nothing about the picture


def _turned(still: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    return still if turn is None else still.transpose(turn)


def _write_moving(
    picture: Image.Image, kind: str, written: io.BytesIO, options: Mapping[str, Any]
) -> None:
    pauses = [_pause(frame) for frame in ImageSequence.Iterator(picture)]
    picture.seek(0)
    frames, turn = [picture], _turn(picture)
    if turn is not None or picture.info.get("default_image"):
        frames = [_turned(frame.copy(), turn) for frame in ImageSequence.Iterator(picture)]
    if picture.info.get("default_image"):  # what is shown instead of the animation is not its part
        frames, pauses = frames[1:], pauses[1:]
    profile = _profile(picture)
    frames[0].save(
        written,
        kind,
        save_all=True,
        append_images=frames[1:],
        duration=pauses,
        loop=picture.info.get("loop", 0),
        disposal=0,
        blend=0,
        default_image=False,
        icc_profile=profile[0] if profile and len(profile[0]) <= LARGEST_PROFILE else b"",
        **options,
    )


def _pause(frame: Image.Image) -> int:
    """Return how long a frame is shown, in milliseconds; only a decoded one knows."""
    frame.load()
    return round(float(frame.info.get("duration", 0)))
