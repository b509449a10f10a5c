from __future__ import annotations

import io
import struct
import warnings
import zlib

import numpy as np
import pillow_heif
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image, ImageCms

from explain import Photo, PhotoError, open_photo

FORMATS = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "PNG": {},
    "WEBP": {"lossless": True},
    "BMP": {},
    "GIF": {},
    "TIFF": {},
    "HEIF": {"quality": 95},
    "AVIF": {"quality": 95},
}


def picture(width: int = 60, height: int = 40) -> Image.Image:
    """Smooth, and different in every corner."""
    y, x = np.mgrid[:height, :width]
    red, green, blue = 255 * x / max(width - 1, 1), 255 * y / max(height - 1, 1), 0 * x + 60
    return Image.fromarray(np.stack([red, green, blue], -1).round().astype(np.uint8))


def encoded(image: Image.Image, kind: str, **how) -> bytes:
    stream = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.from_pillow(image).save(stream, **how)
    else:
        image.save(stream, kind, **how)
    return stream.getvalue()


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_read(kind):
    photo = open_photo(encoded(picture(), kind, **FORMATS[kind]))
    assert (photo.width, photo.height) == (60, 40)
    assert photo.pixels.dtype == np.uint8
    off = np.abs(photo.pixels.astype(int) - np.asarray(picture()).astype(int))
    assert off.mean() < 6  # GIF has 256 colours


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "TIFF"])
def test_what_is_stored_without_loss_is_read_without_loss(kind):
    assert_array_equal(open_photo(encoded(picture(), kind, **FORMATS[kind])).pixels, np.asarray(picture()))


def test_a_camera_file_with_two_photos_shows_the_first():
    second = Image.new("RGB", (60, 40), "black")
    content = encoded(picture(), "MPO", save_all=True, append_images=[second], quality=95)
    assert_allclose(open_photo(content).pixels.astype(int), np.asarray(picture()), atol=12)


def test_a_path_bytes_an_image_and_an_array_are_the_same_photo(tmp_path):
    file = tmp_path / "photo.png"
    picture().save(file)
    expected = np.asarray(picture())
    sources = (file, str(file), file.read_bytes(), bytearray(file.read_bytes()), picture(), expected)
    for source in sources:
        assert_array_equal(open_photo(source).pixels, expected)
    assert open_photo(file).digest == open_photo(file.read_bytes()).digest
    assert open_photo(picture()).digest == open_photo(expected).digest


def test_a_photo_stays_itself():
    photo = open_photo(picture())
    assert isinstance(photo, Photo)
    assert open_photo(photo) is photo


def test_the_digest_tells_photos_apart():
    pixels = np.asarray(picture()).copy()
    before = open_photo(pixels).digest
    pixels[0, 0, 0] ^= 1
    assert open_photo(pixels).digest != before
    flat = np.zeros((4, 6, 3), np.uint8)
    assert open_photo(flat).digest != open_photo(flat.reshape(6, 4, 3)).digest


def test_the_pixels_are_nobody_elses_and_cannot_be_written_to():
    pixels = np.asarray(picture()).copy()
    photo = open_photo(pixels)
    pixels[:] = 0
    assert_array_equal(photo.pixels, np.asarray(picture()))
    with pytest.raises(ValueError, match="read-only"):
        photo.pixels[0, 0] = 0


def test_an_array_may_be_a_view_in_any_order():
    pixels = np.asarray(picture())
    assert_array_equal(open_photo(pixels[::-1, ::-2]).pixels, pixels[::-1, ::-2])
    assert open_photo(pixels[::-1]).digest == open_photo(pixels[::-1].copy()).digest


@pytest.mark.parametrize("size", [(1, 1), (4000, 3), (2, 3000)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_odd_sizes_are_photos(size, kind):
    photo = open_photo(encoded(picture(*size), kind))
    assert (photo.width, photo.height) == size


def test_cmyk_has_the_right_colours():
    inks = Image.new("CMYK", (20, 10))
    inks.paste((0, 255, 255, 0), (0, 0, 10, 10))  # magenta and yellow: red
    inks.paste((255, 0, 0, 0), (10, 0, 20, 10))  # cyan
    for content in (encoded(inks, "JPEG", quality=98), encoded(inks, "TIFF")):
        photo = open_photo(content)
        assert_allclose(photo.pixels[5, 4].astype(int), [255, 0, 0], atol=12)
        assert_allclose(photo.pixels[5, 15].astype(int), [0, 255, 255], atol=12)


def test_cmyk_as_adobe_inverts_it_has_the_right_colours():
    inks = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    content = encoded(inks, "JPEG", quality=98)
    marker = content.index(b"Adobe")  # Pillow writes CMYK as Adobe does: inverted, and with its marker
    assert content[marker - 4 : marker - 2] == b"\xff\xee"
    assert_allclose(open_photo(content).pixels[8, 8].astype(int), [255, 0, 0], atol=12)


def test_16_bit_grey_is_scaled_and_not_cut_off():
    values = np.linspace(0, 65535, 256).round().astype(np.uint16)[None].repeat(4, 0)
    for kind in ("PNG", "TIFF"):
        photo = open_photo(encoded(Image.fromarray(values), kind))
        assert_allclose(photo.pixels[0, :, 0].astype(int), np.arange(256), atol=1)
        assert_array_equal(photo.pixels[..., 0], photo.pixels[..., 2])


def png(width: int, height: int, bits: int, colour: int, rows: bytes, extra: bytes = b"") -> bytes:
    """A PNG, chunk by chunk."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_16_bit_colour_keeps_its_colours():
    pixels = np.zeros((2, 3, 3), ">u2")
    pixels[:] = [65535, 32768, 257]
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    assert_allclose(open_photo(png(3, 2, 16, 2, rows)).pixels.astype(int), [[[255, 128, 1]] * 3] * 2, atol=1)


def test_one_bit_is_black_and_white():
    image = Image.new("1", (9, 3))
    image.putpixel((4, 1), 1)
    for kind in ("PNG", "TIFF", "BMP", "GIF"):
        pixels = open_photo(encoded(image, kind)).pixels
        assert pixels[1, 4].tolist() == [255, 255, 255]
        assert pixels.sum() == 3 * 255


def test_a_palette_has_its_colours_and_white_where_it_is_transparent():
    image = Image.new("P", (4, 2), 1)
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((0, 0), 0)
    assert open_photo(encoded(image, "PNG")).pixels[0, :2].tolist() == [[10, 20, 30], [200, 100, 50]]
    for kind in ("PNG", "GIF"):
        pixels = open_photo(encoded(image, kind, transparency=0)).pixels
        assert pixels[0, :2].tolist() == [[255, 255, 255], [200, 100, 50]]


def test_grey_is_grey():
    image = Image.linear_gradient("L")
    pixels = open_photo(encoded(image, "PNG")).pixels
    for channel in range(3):
        assert_array_equal(pixels[..., channel], np.asarray(image))


def test_transparency_shows_white():
    colour = Image.new("RGBA", (3, 1), (100, 0, 200, 255))
    colour.putpixel((1, 0), (100, 0, 200, 0))
    colour.putpixel((2, 0), (100, 0, 200, 128))
    expected = np.array([[100, 0, 200], [255, 255, 255], [177, 127, 227]])
    assert_allclose(open_photo(encoded(colour, "PNG")).pixels[0].astype(int), expected, atol=1)
    assert_allclose(open_photo(colour).pixels[0].astype(int), expected, atol=1)
    grey = Image.new("LA", (2, 1), (50, 255))
    grey.putpixel((1, 0), (50, 0))
    assert open_photo(encoded(grey, "PNG")).pixels[0].tolist() == [[50, 50, 50], [255, 255, 255]]


def test_a_colour_that_png_calls_transparent_shows_white():
    rows = b"\0" + bytes([10, 20, 30, 40, 50, 60])
    trns = struct.pack(">HHH", 10, 20, 30)
    chunk = struct.pack(">I", 6) + b"tRNS" + trns + struct.pack(">I", zlib.crc32(b"tRNS" + trns))
    assert open_photo(png(2, 1, 8, 2, rows, chunk)).pixels[0].tolist() == [[255, 255, 255], [40, 50, 60]]


@pytest.mark.parametrize("mode", ["F", "I", "LAB", "YCbCr", "HSV"])
def test_any_kind_of_image_is_taken(mode):
    image = Image.new(mode, (5, 4)) if mode in ("F", "I") else _in_mode(mode)
    assert open_photo(image).pixels.shape == (4, 5, 3)


def _in_mode(mode: str) -> Image.Image:
    if mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(picture(5, 4), srgb, lab, outputMode="LAB")
    return picture(5, 4).convert(mode)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_shown(kind):
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("red", "lime", "blue")]
    how = {"lossless": True} if kind == "WEBP" else {}
    content = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100, **how)
    assert Image.open(io.BytesIO(content)).n_frames == 3
    assert np.unique(open_photo(content).pixels.reshape(-1, 3), axis=0).tolist() == [[255, 0, 0]]


# How a file with each EXIF orientation stores an upright photo.
STORED = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.swapaxes(0, 1),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: upright[::-1, ::-1].swapaxes(0, 1),
    8: lambda upright: np.rot90(upright, -1),
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_rotated_photo_is_upright(kind, orientation):
    upright = np.asarray(picture())
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](upright)))
    photo = open_photo(encoded(stored, kind, exif=exif, **FORMATS[kind]))
    assert photo.pixels.shape == upright.shape
    assert_allclose(photo.pixels.astype(int), upright, atol=8 if kind == "JPEG" else 0)


def test_a_heic_that_says_how_it_is_rotated_is_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(np.asarray(picture()))))
    photo = open_photo(encoded(stored, "HEIF", exif=exif.tobytes(), quality=95))
    assert_allclose(photo.pixels.astype(int), np.asarray(picture()), atol=12)


def test_an_empty_file_is_said_to_be_empty():
    with pytest.raises(PhotoError, match="empty"):
        open_photo(b"")


@pytest.mark.parametrize(
    "content", [b"hello, world", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7\n", b"\0" * 5000, b"\xff\xd8"]
)
def test_what_is_no_photo_is_said_to_be_none(content):
    with pytest.raises(PhotoError, match="not a photo"):
        open_photo(content)


def test_only_listed_formats_are_decoded():
    for kind in ("PPM", "ICO", "TGA", "EPS"):
        with pytest.raises(PhotoError, match=r"JPEG, PNG"):
            open_photo(encoded(picture(32, 32), kind))


@pytest.mark.parametrize("kind", [*FORMATS, "progressive JPEG"])
def test_a_photo_cut_short_is_an_error_or_whole(kind):
    progressive = {"progressive": True} if kind.startswith("progressive") else {}
    kind = kind.split()[-1]
    content = encoded(picture(), kind, **FORMATS[kind], **progressive)
    whole = open_photo(content).pixels
    step = max(1, len(content) // 150)
    for length in range(0, len(content), step):
        try:
            photo = open_photo(content[:length])
        except PhotoError:
            continue
        # All pixels were there: only what follows them is missing.
        assert_array_equal(photo.pixels, whole, err_msg=f"{length} of {len(content)} bytes")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_damaged_photo_is_an_error_or_a_photo(kind):
    content = encoded(picture(), kind, **FORMATS[kind])
    rng = np.random.default_rng(7)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # nothing is said behind the caller's back either
        for _ in range(150):
            damaged = bytearray(content)
            for place in rng.integers(0, min(len(content), rng.choice([40, len(content)])), rng.integers(1, 6)):
                damaged[place] ^= int(rng.integers(1, 256))
            try:
                photo = open_photo(bytes(damaged), max_pixels=1_000_000)
            except PhotoError as error:
                assert str(error)  # noqa: PT017
            else:
                assert photo.pixels.dtype == np.uint8
                assert photo.pixels.shape[2] == 3
                assert photo.pixels.size > 0


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PhotoError, match=r"There is no file .*gone\.jpg"):
        open_photo(tmp_path / "gone.jpg")


def test_a_folder_is_no_photo(tmp_path):
    with pytest.raises(PhotoError, match="is a folder"):
        open_photo(tmp_path)


@pytest.mark.parametrize("path", ["a\0b.jpg", "x" * 5000])
def test_an_impossible_path_is_a_photo_error(path):
    with pytest.raises(PhotoError):
        open_photo(path)


def test_a_file_with_too_many_bytes_is_not_read(tmp_path):
    file = tmp_path / "large.png"
    file.write_bytes(encoded(picture(), "PNG") + b"\0" * 2000)
    with pytest.raises(PhotoError, match=r"large\.png has .* MB, more than"):
        open_photo(file, max_bytes=1000)
    with pytest.raises(PhotoError, match="that are taken"):
        open_photo(file.read_bytes(), max_bytes=1000)
    assert open_photo(file, max_bytes=file.stat().st_size).width == 60


def test_too_many_pixels_are_refused_by_the_head_alone():
    forged = png(60000, 60000, 8, 2, b"")  # 10 GB of pixels, in 60 bytes
    with pytest.raises(PhotoError, match="pixels"):
        open_photo(forged)
    for kind in FORMATS:
        with pytest.raises(PhotoError, match="60 × 40 pixels, more than the 2,399"):
            open_photo(encoded(picture(), kind), max_pixels=2399)
        assert open_photo(encoded(picture(), kind), max_pixels=2400).height == 40
    with pytest.raises(PhotoError, match="60 × 40"):
        open_photo(picture(), max_pixels=2399)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4, 3)),
        np.zeros((4, 4, 3), np.int8),
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((1, 4, 4, 3), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_an_array_of_another_kind_is_refused_with_what_it_is(array):
    with pytest.raises(PhotoError, match=rf"uint8.*received {array.dtype} \({array.shape[0]},"):
        open_photo(array)


@pytest.mark.parametrize("source", [None, 3, 1.5, [1, 2], {"a": 1}, io.BytesIO(b"x"), object()])
def test_what_cannot_be_a_photo_is_refused_by_its_type(source):
    with pytest.raises(PhotoError, match=f"received {type(source).__name__}"):
        open_photo(source)


def test_a_photo_error_is_a_value_error():
    assert issubclass(PhotoError, ValueError)
