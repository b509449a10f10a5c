from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image
from unit.models.pictures import encode, picture

from models.decoding import decode
from models.errors import ModelError

RED, BLUE = (255, 0, 0), (0, 0, 255)


def two_halves(width: int = 40, height: int = 20) -> Image.Image:
    """Red on the left, blue on the right."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2], pixels[:, width // 2 :] = RED, BLUE
    return Image.fromarray(pixels)


def turned(image: Image.Image, orientation: int, kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(image, kind, exif=exif, quality=95)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
@pytest.mark.parametrize(
    ("orientation", "first", "last"),
    [(1, np.s_[:, :15], np.s_[:, 25:]), (3, np.s_[:, 25:], np.s_[:, :15]),
     (6, np.s_[:15], np.s_[25:]), (8, np.s_[25:], np.s_[:15])],
)  # fmt: skip
def test_photos_are_turned_upright(kind, orientation, first, last):
    image = two_halves()
    content = encode(image, kind, exif=turned_exif(orientation)) if kind == "PNG" else turned(image, orientation, kind)
    pixels = decode(content)
    assert pixels.shape == ((20, 40, 3) if orientation in (1, 3) else (40, 20, 3))
    assert np.abs(pixels[first].reshape(-1, 3).mean(0) - RED).max() < 8
    assert np.abs(pixels[last].reshape(-1, 3).mean(0) - BLUE).max() < 8


def turned_exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def test_a_large_photo_is_shrunk_after_it_was_turned_and_shows_the_same():
    pixels = picture(1, 900, 1200)
    content = turned(Image.fromarray(pixels), 6, "JPEG")
    upright = np.rot90(pixels, -1)
    small = decode(content, short_side=100)
    assert small.shape == (133, 100, 3)
    expected = cv2.resize(np.ascontiguousarray(upright), (100, 133), interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(float) - expected).mean() < 2
    assert decode(content, short_side=400).shape == (533, 400, 3)


def test_a_small_photo_is_not_enlarged():
    assert decode(encode(picture(1)), short_side=448).shape == (96, 128, 3)


def test_sixteen_bits_become_eight():
    values = np.array([[0, 257, 32768, 65535]] * 3, np.uint16)
    grey = decode(bytes(cv2.imencode(".png", values)[1]))
    assert grey.dtype == np.uint8
    assert np.abs(grey.astype(float) - (values / 257)[..., None]).max() <= 1
    colours = np.stack([values, values // 2, values * 0], -1)  # BGR
    assert np.abs(decode(bytes(cv2.imencode(".png", colours)[1])) - colours[..., ::-1] / 257).max() <= 1


def test_grey_palette_and_cmyk_become_rgb():
    grey = decode(encode(Image.new("L", (8, 4), 90), "JPEG"))
    assert grey.shape == (4, 8, 3)
    assert np.abs(grey.astype(int) - 90).max() <= 1
    palette = two_halves().quantize(2)
    assert palette.mode == "P"
    assert np.array_equal(decode(encode(palette)), np.asarray(two_halves()))
    cmyk = decode(encode(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95))  # no cyan: red
    assert np.abs(cmyk.astype(int) - RED).max() <= 4


def test_transparency_lies_over_white_as_it_does_on_the_page():
    rgba = np.zeros((1, 3, 4), np.uint8)
    rgba[0] = [(255, 0, 0, 255), (255, 0, 0, 0), (0, 0, 0, 51)]
    pixels = decode(encode(Image.fromarray(rgba)))
    assert pixels[0].tolist() == [[255, 0, 0], [255, 255, 255], [204, 204, 204]]


def test_of_an_animation_the_first_frame_is_taken():
    frames = [Image.new("RGB", (6, 6), RED), Image.new("RGB", (6, 6), BLUE)]
    pixels = decode(encode(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert pixels.mean((0, 1)).tolist() == [255, 0, 0]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.3, 0.95])
def test_half_a_file_is_damaged(kind, share):
    content = encode(picture(2), kind)
    with pytest.raises(ModelError, match=r"^is (damaged or incomplete|no photo that can be read)$"):
        decode(content[: int(len(content) * share)])


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is empty"), (b"a text, not a photo", "is no photo"), (b"\xff\xd8\xff" + bytes(50), "is no photo")],
)
def test_what_is_no_photo_is_said(content, message):
    with pytest.raises(ModelError, match=message):
        decode(content)


@pytest.mark.parametrize(
    ("side", "message"), [(9_000, "has 9000 × 9000 pixels"), (50_000, "has more than the 64,000,000")]
)
@pytest.mark.filterwarnings("ignore:Image size")
def test_a_bomb_is_not_decoded(side, message):
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    content = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    with pytest.raises(ModelError, match=message):
        decode(content)
