"""The pictures beside the articles of an import: found, measured, and kept once by their hash."""

import hashlib
import io
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from PIL import Image, UnidentifiedImageError

from pipeline.images import describe_foreign, is_public_url, media_type_of
from pipeline.pictures import FORMATS


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a picture may be: bytes of the file, pixels when decoded."""

    size: int
    pixels: int


@dataclass(frozen=True, slots=True)
class PictureBytes:
    """A picture on its way into the database."""

    sha256: str
    data: bytes = field(repr=False)
    media_type: str


class PictureRefused(Exception):
    """This picture can't be used; the message says why, for the author."""


class PictureFiles:
    """Finds the pictures that articles under ``root`` name; hands out the bytes of each once."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self._root = root.resolve()
        self._limits = limits
        self._known: dict[Path, str | PictureRefused] = {}
        self._waiting: dict[str, PictureBytes] = {}
        self.waiting_size = 0

    def find(self, article: Path, sources: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
        """Return the hash of every picture we hold, and in words why we don't hold the others.

        A public address is left to the site to fetch, and stands in neither.
        """
        hashes: dict[str, str] = {}
        problems: dict[str, str] = {}
        for source in sources:
            if is_public_url(source):
                continue
            try:
                hashes[source] = self._hash_of(self._path(article, source))
            except PictureRefused as refusal:
                problems[source] = str(refusal)
        return hashes, problems

    def take(self) -> list[PictureBytes]:
        """Hand out the pictures found since the last call."""
        taken = list(self._waiting.values())
        self._waiting.clear()
        self.waiting_size = 0
        return taken

    def _path(self, article: Path, source: str) -> Path:
        if urlsplit(source).scheme or source.startswith("//"):
            raise PictureRefused("it is neither a file beside the article nor a public address")
        # As written, and as a browser reads it: `&amp;`, `%20` and `?v=2` mean no such letters.
        read = unescape(source)
        names = (source, read, unquote(read), unquote(urlsplit(read).path))
        for name in dict.fromkeys(names):
            try:
                path = (article.parent / name).resolve()
                # Before anything is asked about the file: not even whether it exists gets out.
                if not path.is_relative_to(self._root):
                    raise PictureRefused("it lies outside the imported folder")
                if path.is_file():
                    return path
            except (OSError, ValueError):
                continue  # a name that no file can have
        raise PictureRefused("there is no such file")

    def _hash_of(self, path: Path) -> str:
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = self._read(path)
        if isinstance(known, PictureRefused):
            raise PictureRefused(str(known))  # a new one: a traceback keeps its frames
        return known

    def _read(self, path: Path) -> str | PictureRefused:
        try:
            with path.open("rb") as file:
                data = file.read(self._limits.size + 1)
            media_type = _check(data, self._limits)
        except OSError as error:
            return PictureRefused(f"it can't be read: {error.strerror}")
        except PictureRefused as refusal:
            return refusal
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 not in self._waiting:
            self._waiting[sha256] = PictureBytes(sha256, data, media_type)
            self.waiting_size += len(data)
        return sha256


def _check(data: bytes, limits: Limits) -> str:
    """Return the type of a picture. A worker decodes it later; here only its header is read."""
    if len(data) > limits.size:
        raise PictureRefused(f"it is larger than {limits.size / 1e6:.1f} MB")
    media_type = media_type_of(data[:16])
    if media_type is None:
        raise PictureRefused(describe_foreign(data))
    try:
        with warnings.catch_warnings():
            # Our own limit is lower; Pillow's warning would only repeat it.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                width, height = picture.size
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise PictureRefused("the file is damaged") from None
    except Image.DecompressionBombError:
        raise PictureRefused(f"it has more than {limits.pixels / 1e6:.0f} million pixels") from None
    if width * height > limits.pixels:
        raise PictureRefused(
            f"it has {width * height / 1e6:.0f} million pixels; the limit is "
            f"{limits.pixels / 1e6:.0f} million"
        )
    return media_type
