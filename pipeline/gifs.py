"""GIFs written anew, frame by frame: every pixel, palette and pause stays, and nothing else."""

import io
import re
from collections.abc import Iterator

from PIL import Image

from pipeline.picture_limits import Limits

EXTENSION, FRAME, END = b"!", b",", b";"
BLOCK = re.compile(b"[!,;]")
CONTROL, APPLICATION = 0xF9, 0xFF
LOOPING = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
HAS_PALETTE, INTERLACED = 0x80, 0x40

SCREEN_SIZE, FRAME_SIZE, GREYS_SIZE = 13, 9, 768
BEFORE_CODES = SCREEN_SIZE + GREYS_SIZE + 1 + FRAME_SIZE
"""Bytes before the codes in a GIF of one frame as Pillow writes it."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise ValueError("the GIF ends too early")
        self._at += size
        return taken

    def block_kind(self) -> bytes:
        """Return the first byte of the next block; a GIF may end without its end.

        Browsers, too, pass over bytes between blocks that begin none.
        """
        found = BLOCK.search(self._data, self._at)
        if found is None:
            return END
        self._at = found.end()
        return found[0]

    def palette(self, flags: int) -> bytes:
        return self.take(3 << (flags & 7) + 1) if flags & HAS_PALETTE else b""

    def sub_blocks(self) -> list[bytes]:
        return list(iter(lambda: self.take(self.take(1)[0]), b""))


def rewrite(data: bytes, limits: Limits) -> bytes:
    """Return a GIF that shows the same, without comments and whatever else it carried.

    The codes of each frame are decoded and encoded again, so that nothing hides behind them.

    Raises:
        TooMuch: it has more pixels or frames than ``limits`` allow.
        ValueError, OSError: it is damaged.
    """
    reader = _Reader(data)
    screen = reader.take(SCREEN_SIZE)
    head = b"GIF89a" + screen[6:12] + b"\0" + reader.palette(screen[10])
    parts = list(_blocks(reader, limits))
    if not any(part.startswith(FRAME) for part in parts):
        raise ValueError("the GIF has no frame")
    return b"".join((head, *parts, END))


def _blocks(reader: _Reader, limits: Limits) -> Iterator[bytes]:
    control, frames, pixels = b"", 0, 0
    while (kind := reader.block_kind()) != END:
        if kind == EXTENSION:
            label, blocks = reader.take(1)[0], reader.sub_blocks()
            if label == CONTROL and [len(block) for block in blocks] == [4]:
                control = EXTENSION + b"\xf9\x04" + blocks[0] + b"\0"
            elif label == APPLICATION:
                yield _looping(blocks)
        else:
            place = reader.take(FRAME_SIZE)
            frames, pixels = frames + 1, pixels + _pixels(place)
            limits.check(_pixels(place))
            limits.check_all(frames, pixels)
            yield control
            yield _frame(reader, place)
            control = b""


def _looping(blocks: list[bytes]) -> bytes:
    """Return how often it is shown; nothing for any other application's words."""
    if len(blocks) == 2 and blocks[0] in LOOPING and len(blocks[1]) == 3 and blocks[1][0] == 1:  # noqa: PLR2004 - name and number
        return EXTENSION + b"\xff\x0bNETSCAPE2.0\x03" + blocks[1] + b"\0"
    return b""


def _pixels(place: bytes) -> int:
    return int.from_bytes(place[4:6], "little") * int.from_bytes(place[6:8], "little")


def _frame(reader: _Reader, place: bytes) -> bytes:
    flags = place[8]
    palette = reader.palette(flags)
    code_size, codes = reader.take(1), reader.sub_blocks()
    # A GIF of this frame alone and without a palette: Pillow reads its colours' numbers as greys.
    size, here = place[4:8], b"\0\0\0\0"
    alone = b"".join(
        (
            b"GIF89a" + size + b"\0\0\0" + FRAME + here + size + bytes([flags & INTERLACED]),
            code_size,
            *(bytes([len(each)]) + each for each in codes),
            b"\0" + END,
        )
    )
    written = io.BytesIO()
    with Image.open(io.BytesIO(alone), formats=["GIF"]) as numbers:
        numbers.save(written, "GIF", optimize=False, interlace=0)
    head = FRAME + place[:8] + bytes([flags & ~INTERLACED]) + palette
    return head + written.getvalue()[BEFORE_CODES:-1]
