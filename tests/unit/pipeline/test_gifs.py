"""GIFs written anew: every frame as it was, and nothing between or behind them."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from pipeline.gifs import rewrite
from pipeline.picture_limits import Limits, TooMuch
from pipeline.pictures import prepare

LIMITS = Limits(40_000_000)
SCRIPT = b"*/=1;alert(document.cookie)//"


def frame(number=0, mode="P"):
    grey = ImageChops.offset(Image.radial_gradient("L").resize((40, 30)), 4 * number)
    colours = Image.merge("RGB", [grey, ImageChops.invert(grey), Image.new("L", (40, 30), 77)])
    return colours if mode == "RGB" else colours.quantize(64)


def clear(number):
    made = frame(number, "RGB").convert("RGBA")
    made.paste((0, 0, 0, 0), (number, number, number + 20, number + 12))
    return made


def encoded(*pictures, **more):
    out = io.BytesIO()
    pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:], **more)
    return out.getvalue()


def shown(data):
    """What a viewer shows: each frame's pixels, how long, and how often all of it."""
    picture, seen = Image.open(io.BytesIO(data)), []
    for number in range(picture.n_frames):
        picture.seek(number)
        pixels = picture.convert("RGBA").tobytes()
        seen.append((pixels, picture.info.get("duration"), picture.info.get("loop")))
    return seen


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(encoded(frame()), id="one-frame"),
        pytest.param(encoded(frame(), interlace=1), id="interlaced"),
        pytest.param(encoded(Image.new("1", (9, 7), 1)), id="black-and-white"),
        pytest.param(encoded(frame().convert("L")), id="greys"),
        pytest.param(encoded(*map(frame, range(6)), duration=40), id="own-palettes"),
        pytest.param(encoded(*map(clear, range(6)), disposal=2, loop=0), id="see-through"),
        pytest.param(
            encoded(*map(clear, range(6)), duration=[20, 30, 40, 50, 60, 990], loop=3),
            id="pauses-of-their-own",
        ),
        pytest.param(encoded(frame(), frame(1)) + b"\0\0", id="bytes-behind-the-end"),
        pytest.param(encoded(frame(), frame(1))[:-1], id="without-an-end"),
    ],
)
def test_it_shows_the_same(data):
    written = rewrite(data, LIMITS)

    assert shown(written) == shown(data)
    assert rewrite(written, LIMITS) == written


def as_a_script():
    """A GIF that is also JavaScript: its width reads `/*`, and its comment ends that."""
    told = bytearray(encoded(frame(), comment=SCRIPT))
    told[6:8] = b"/*"
    return bytes(told)


def behind_the_codes():
    """A GIF with words in the sub-block behind the code that ends the frame."""
    plain = encoded(frame())
    return plain[:-2] + bytes([len(SCRIPT)]) + SCRIPT + plain[-2:]


def extension(label, *blocks):
    return b"!" + label + b"".join(bytes([len(each)]) + each for each in blocks) + b"\0"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(as_a_script(), id="polyglot"),
        pytest.param(behind_the_codes(), id="behind-the-codes"),
        pytest.param(encoded(frame()) + SCRIPT, id="behind-the-end"),
        pytest.param(
            encoded(frame())[:-1] + extension(b"\xff", b"XMP DataXMP", SCRIPT) + b";", id="xmp"
        ),
        pytest.param(
            encoded(frame())[:-1] + extension(b"\x01", b"\0" * 12, SCRIPT) + b";", id="plain-text"
        ),
        pytest.param(
            encoded(frame())[:-1] + extension(b"\xff", b"NETSCAPE2.0", b"\1\0\0", SCRIPT) + b";",
            id="behind-the-loop",
        ),
    ],
)
def test_a_script_in_it_is_gone(data):
    assert SCRIPT in data
    written = rewrite(data, LIMITS)

    assert SCRIPT not in written
    assert len(shown(written)) == 1


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"GIF89a", id="header-alone"),
        pytest.param(encoded(frame())[:13] + b";", id="no-frame"),
        pytest.param(encoded(frame(), frame(1))[:-20], id="cut-off"),
        pytest.param(encoded(frame())[:40], id="cut-in-its-palette"),
    ],
)
def test_a_damaged_one_is_refused(data):
    with pytest.raises((ValueError, OSError)):
        rewrite(data, LIMITS)


def test_a_frame_larger_than_its_screen_is_refused_before_it_is_decoded():
    size = (10_000).to_bytes(2, "little") + (5_000).to_bytes(2, "little")
    huge = b",\0\0\0\0" + size + b"\0" + b"\x08\x01\0\0"

    with pytest.raises(TooMuch, match="limit is 40 million"):
        rewrite(encoded(frame())[:-1] + huge + b";", LIMITS)


@given(st.data())
def test_no_spoilt_byte_raises_anything_else(data):
    spoilt = bytearray(encoded(clear(0), clear(1), loop=0))
    for _ in range(data.draw(st.integers(1, 4))):
        spoilt[data.draw(st.integers(6, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    del spoilt[data.draw(st.integers(6, len(spoilt))) :]

    verdict = prepare(bytes(spoilt), 100_000)
    assert verdict.problem or verdict.data
