"""Photos of every kind that people have, each with one colour per corner: odd ones, and what is none."""

from __future__ import annotations

import io
import zlib
from typing import Any

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

pillow_heif.register_heif_opener()

CORNERS = ((220, 40, 40), (40, 200, 40), (40, 40, 220), (230, 230, 40))
"""Top left, top right, bottom left, bottom right of an upright photo."""


def corners(width: int = 120, height: int = 80) -> Image.Image:
    """An upright photo with another colour in each quarter."""
    pixels = np.zeros((height, width, 3), np.uint8)
    for number, colour in enumerate(CORNERS):
        rows = slice(0, height // 2) if number < 2 else slice(height // 2, None)
        columns = slice(0, width // 2) if number % 2 == 0 else slice(width // 2, None)
        pixels[rows, columns] = colour
    return Image.fromarray(pixels)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def rotated() -> bytes:
    """Stored lying on its side, with the EXIF tag that says so."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by 90 degrees
    return encoded(corners().rotate(90, expand=True), "JPEG", quality=95, exif=exif)


def deep() -> bytes:
    """Grey in 16 bits: dark on the left, bright on the right."""
    values = np.repeat(np.linspace(0, 65_535, 120)[None], 80, axis=0).astype(np.uint16)
    return encoded(Image.fromarray(values), "PNG")


def transparent() -> bytes:
    image = corners().convert("RGBA")
    image.putalpha(Image.fromarray(np.repeat(np.linspace(0, 255, 120)[None], 80, axis=0).astype(np.uint8)))
    return encoded(image, "PNG")


def animated(kind: str) -> bytes:
    frames = [corners(), Image.new("RGB", (120, 80), "black")]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)


def bomb() -> bytes:
    """A PNG of a few bytes whose head promises 60,000 x 60,000 pixels."""
    content = bytearray(encoded(Image.new("L", (10, 10)), "PNG"))
    content[16:24] = (60_000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(bytes(content[12:29])).to_bytes(4, "big")
    return bytes(content)


def near(pixel: NDArray[np.float32], colour: tuple[int, int, int], tolerance: float = 40) -> bool:
    return bool(np.abs(pixel - np.array(colour)).max() < tolerance)
