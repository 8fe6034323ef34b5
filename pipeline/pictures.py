"""A look at the bytes of a picture: is it one, of which type and size, and can it be shown?"""

import io
import warnings
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from pipeline.images import describe_foreign, media_type_of

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")


@dataclass(frozen=True, slots=True)
class Verdict:
    """``problem`` is None when the picture can be used."""

    size: int
    media_type: str | None = None
    width: int | None = None
    height: int | None = None
    problem: str | None = None


def inspect(data: bytes, max_pixels: int) -> Verdict:
    """Decode a picture and return what it is. Its name and its headers are not asked: they may lie.

    The number of pixels is read from its header before anything is decoded.
    """
    media_type = media_type_of(data[:16])
    if media_type is None:
        return Verdict(len(data), problem=describe_foreign(data[:512]))
    width = height = None
    try:
        with warnings.catch_warnings():
            # Our own limit stands below; Pillow's warning would only repeat it.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                width, height = picture.size
                if width * height > max_pixels:
                    return Verdict(
                        len(data),
                        media_type,
                        width,
                        height,
                        f"it has {width * height / 1e6:.0f} million pixels; the limit is "
                        f"{max_pixels / 1e6:.0f} million",
                    )
                picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return Verdict(len(data), media_type, width, height, "the file is damaged")
    return Verdict(len(data), media_type, width, height)
