"""Prepared pictures: they show what they showed, and carry nothing that nobody should see."""

import io

import pytest
from PIL import ExifTags, Image, ImageChops, ImageCms, ImageSequence, PngImagePlugin

from pipeline.images import EXTENSIONS, media_type_of
from pipeline.pictures import prepare

LIMIT = 40_000_000
CANARY = b"52.5163N-13.3777E"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><!--' + CANARY + b"--></x:xmpmeta>"
STILL = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")


def scene(size=(64, 48)):
    """A picture that looks different from each side."""
    bands = (Image.linear_gradient("L"), Image.radial_gradient("L"), Image.new("L", size, 90))
    return Image.merge("RGB", [band.resize(size) for band in bands])


def encoded(kind, picture=None, **more):
    out = io.BytesIO()
    (picture or scene()).save(out, kind, **more)
    return out.getvalue()


def moving(kind, frames=6, **more):
    pictures = [ImageChops.offset(scene(), 5 * number) for number in range(frames)]
    return encoded(kind, pictures[0], save_all=True, append_images=pictures[1:], **more)


def exif(orientation=1):
    made = Image.Exif()
    made[ExifTags.Base.Orientation] = orientation
    made[ExifTags.Base.Copyright] = CANARY.decode()
    made.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (52.0, 30.0, 58.7)
    return made


def prepared(data):
    verdict = prepare(data, LIMIT)
    assert verdict.problem is None, verdict
    return Image.open(io.BytesIO(verdict.data))


def difference(one, other):
    """The largest difference of any colour of any pixel."""
    both = ImageChops.difference(one.convert("RGBA"), other.convert("RGBA"))
    return max(most for _, most in both.getextrema())


def noted_in_png():
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", CANARY.decode())
    notes.add_itxt("XML:com.adobe.xmp", XMP.decode())
    notes.add(b"prVt", CANARY)
    return encoded("PNG", pnginfo=notes)


@pytest.mark.parametrize("kind", STILL)
def test_the_bytes_say_what_it_is(kind):
    verdict = prepare(encoded(kind), LIMIT)

    assert (verdict.problem, verdict.media_type) == (None, f"image/{kind.lower()}")
    assert (verdict.width, verdict.height) == (64, 48)
    assert media_type_of(verdict.data) == verdict.media_type
    assert verdict.media_type in EXTENSIONS


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(encoded("JPEG", exif=exif()), id="jpeg-exif"),
        pytest.param(encoded("JPEG", xmp=XMP), id="jpeg-xmp"),
        pytest.param(encoded("JPEG", comment=CANARY), id="jpeg-comment"),
        pytest.param(encoded("JPEG", icc_profile=SRGB + CANARY), id="jpeg-behind-the-profile"),
        pytest.param(encoded("JPEG") + CANARY, id="jpeg-behind-the-end"),
        pytest.param(encoded("PNG", exif=exif()), id="png-exif"),
        pytest.param(noted_in_png(), id="png-texts"),
        pytest.param(encoded("PNG") + CANARY, id="png-behind-the-end"),
        pytest.param(encoded("GIF", comment=CANARY), id="gif-comment"),
        pytest.param(encoded("GIF") + CANARY, id="gif-behind-the-end"),
        pytest.param(encoded("WEBP", exif=exif(), xmp=XMP), id="webp-exif-and-xmp"),
        pytest.param(encoded("WEBP") + CANARY, id="webp-behind-the-end"),
        pytest.param(encoded("AVIF", exif=exif(), xmp=XMP), id="avif-exif-and-xmp"),
        pytest.param(encoded("AVIF") + CANARY, id="avif-behind-the-end"),
        pytest.param(moving("GIF", comment=CANARY), id="animated-gif-comment"),
        pytest.param(moving("WEBP", exif=exif(), xmp=XMP), id="animated-webp"),
        pytest.param(moving("PNG", exif=exif()), id="animated-png"),
    ],
)
def test_what_nobody_should_see_is_gone(data):
    assert CANARY in data  # else this shows nothing
    verdict = prepare(data, LIMIT)

    assert verdict.problem is None
    assert CANARY not in verdict.data
    shown = Image.open(io.BytesIO(verdict.data))
    assert dict(shown.getexif()) == {}
    assert not {"xmp", "exif", "comment", "photoshop"} & set(shown.info)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_picture_that_lies_on_its_side_is_set_upright(kind, orientation):
    # What a viewer that knows of orientations shows of a picture must be the scene.
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    shown = prepared(encoded(kind, scene().transpose(back), exif=exif(orientation)))

    assert shown.size == (64, 48)
    assert difference(shown, scene()) < 40


def test_an_orientation_that_only_xmp_tells_is_applied():
    told = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description '
        b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></x:xmpmeta>'
    )
    assert prepared(encoded("JPEG", xmp=told)).size == (48, 64)


def test_an_animation_on_its_side_is_set_upright():
    shown = prepared(moving("WEBP", lossless=True, exif=exif(6)))

    assert (shown.size, shown.n_frames) == ((48, 64), 6)


@pytest.mark.parametrize(
    "broken", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0" + b"\xff" * 60]
)
def test_damaged_metadata_is_no_reason_to_refuse_a_picture(broken):
    assert prepared(encoded("JPEG", exif=broken)).size == (64, 48)


@pytest.mark.parametrize(
    ("kind", "mode", "becomes"),
    [
        ("JPEG", "CMYK", "RGB"),
        ("JPEG", "L", "L"),
        ("PNG", "1", "1"),
        ("PNG", "LA", "LA"),
        ("PNG", "P", "P"),
        ("PNG", "RGBA", "RGBA"),
        ("PNG", "I;16", "L"),
        ("AVIF", "L", "L"),
    ],
)
def test_modes(kind, mode, becomes):
    given = scene().convert("L").convert(mode) if mode == "I;16" else scene().convert(mode)

    assert prepared(encoded(kind, given)).mode == becomes


def test_cmyk_keeps_its_colours():
    given = encoded("JPEG", Image.new("CMYK", (8, 8), (0, 255, 255, 0)), quality=100)
    red, green, blue = prepared(given).getpixel((4, 4))

    assert red > 240
    assert max(green, blue) < 20


def test_sixteen_bits_become_eight_and_not_white():
    deep = Image.new("I;16", (256, 1))
    for value in range(256):
        deep.putpixel((value, 0), value * 257)

    shown = prepared(encoded("PNG", deep))
    assert list(shown.get_flattened_data()) == list(range(256))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_small_profile_is_kept(kind):
    assert prepared(encoded(kind, icc_profile=SRGB)).info["icc_profile"] == SRGB


@pytest.mark.parametrize(
    "profile",
    [
        pytest.param(b"x" * 1_000_000, id="no-profile-at-all"),
        pytest.param(b"", id="empty"),
        pytest.param(SRGB[:100], id="cut-off"),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_is_no_profile_is_dropped(kind, profile):
    shown = prepared(encoded(kind, icc_profile=profile))

    assert "icc_profile" not in shown.info
    assert difference(shown, scene()) < 40


def large(profile):
    """The same profile with a private tag of 200 kB."""
    count = int.from_bytes(profile[128:132], "big")
    tags, body = profile[132 : 132 + 12 * count], profile[132 + 12 * count :]
    moved = b"".join(
        tags[at : at + 4]
        + (int.from_bytes(tags[at + 4 : at + 8], "big") + 12).to_bytes(4, "big")
        + tags[at + 8 : at + 12]
        for at in range(0, len(tags), 12)
    )
    size = len(profile) + 12 + 200_000
    private = b"prIv" + (size - 200_000).to_bytes(4, "big") + (200_000).to_bytes(4, "big")
    head = size.to_bytes(4, "big") + profile[4:128] + (count + 1).to_bytes(4, "big")
    return head + moved + private + body + b"text" + bytes(199_996)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_colours_of_a_large_profile_become_srgb(kind):
    profile = large(SRGB)
    assert ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space.strip() == "RGB"
    given = encoded(kind, icc_profile=profile)
    verdict = prepare(given, LIMIT)

    assert len(verdict.data) < len(given) - 1_000 or len(verdict.data) < 20_000
    shown = Image.open(io.BytesIO(verdict.data))
    assert "icc_profile" not in shown.info
    assert difference(shown, scene()) < 40


@pytest.mark.parametrize("quality", [30, 75, 95])
def test_a_jpeg_keeps_its_quality(quality):
    given = encoded("JPEG", scene((400, 300)), quality=quality, progressive=True)
    shown = prepared(given)

    assert shown.quantization == Image.open(io.BytesIO(given)).quantization
    assert "progressive" in shown.info
    assert difference(shown, Image.open(io.BytesIO(given))) < 12


def test_of_a_jpeg_with_a_second_picture_the_first_is_shown():
    given = encoded("MPO", scene(), save_all=True, append_images=[Image.new("RGB", (64, 48))])
    shown = prepared(given)

    assert (shown.format, difference(shown, scene()) < 40) == ("JPEG", True)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_was_without_loss_stays_so(kind):
    given = scene().convert("RGBA")
    given.paste((9, 9, 9, 0), (10, 10, 30, 30))
    shown = prepared(encoded(kind, given, lossless=True, exact=True))

    assert difference(shown, given) == 0 or kind == "WEBP"
    assert shown.getchannel("A").tobytes() == given.getchannel("A").tobytes()


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_an_animation_stays_one(kind):
    pauses = [20 + 10 * number for number in range(6)]
    given = Image.open(io.BytesIO(moving(kind, duration=pauses, loop=3)))
    shown = prepared(moving(kind, duration=pauses, loop=3))

    assert (shown.n_frames, timing(shown)) == (6, timing(given))
    assert shown.info.get("loop") == given.info.get("loop")


def timing(picture):
    made = []
    for frame in ImageSequence.Iterator(picture):
        frame.load()
        made.append(frame.info["duration"])
    return made


def test_a_picture_for_old_viewers_is_no_frame_of_the_animation():
    assert prepared(moving("PNG", default_image=True, duration=40)).n_frames == 5


@pytest.mark.parametrize("kind", STILL)
def test_the_same_bytes_become_the_same_bytes(kind):
    given = encoded(kind)

    assert prepare(given, LIMIT) == prepare(given, LIMIT)
    assert prepare(given, LIMIT) == prepare(given + b"trailing", LIMIT)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"<svg onload=x>", "SVG", id="svg"),
        pytest.param(b'<?xml version="1.0"?><svg/>', "SVG", id="svg-with-a-prolog"),
        pytest.param(b"\n<!DOCTYPE html><html>", "web page", id="html"),
        pytest.param(b"GIF89a", "damaged", id="header-alone"),
        pytest.param(encoded("PNG")[:40], "damaged", id="cut-png"),
        pytest.param(encoded("JPEG")[:300], "damaged", id="cut-jpeg"),
        pytest.param(moving("GIF")[:-40], "damaged", id="cut-gif"),
        pytest.param(moving("WEBP")[:-40], "damaged", id="cut-webp"),
        pytest.param(b"\xff\xd8\xff" + encoded("PNG"), "damaged", id="a-lie"),
        pytest.param(b"BM0000", "not a JPEG", id="bmp"),
    ],
)
def test_what_can_not_be_shown_is_said_in_words(data, problem):
    assert problem in prepare(data, LIMIT).problem


@pytest.mark.parametrize(
    ("limit", "taken"), [(64 * 48, True), (64 * 48 - 1, False)], ids=["fits", "too-large"]
)
@pytest.mark.parametrize("kind", STILL)
def test_too_many_pixels(kind, limit, taken):
    verdict = prepare(encoded(kind), limit)

    assert (verdict.problem is None) is taken
    assert (verdict.width, verdict.height) == (64, 48)


def test_a_bomb_is_refused_by_its_header():
    assert "pixels" in prepare(encoded("PNG", Image.new("1", (20_000, 5_000))), LIMIT).problem


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_the_frames_of_an_animation_count_together(kind):
    given = moving(kind, frames=12)

    assert prepare(given, 64 * 48 * 3).problem is None
    assert "together" in prepare(given, 64 * 48 * 2).problem


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_an_animation_with_too_many_frames_is_refused(kind, monkeypatch):
    monkeypatch.setattr("pipeline.picture_limits.MOST_FRAMES", 6)

    assert prepare(moving(kind, frames=6), LIMIT).problem is None
    assert "frames" in prepare(moving(kind, frames=7), LIMIT).problem
