"""An encoded photo as upright RGB pixels, the way the page shows it, and no larger than is needed.

`explain.open_photo` does the same for the page; training runs without TensorFlow and so without `explain`.
Plain NumPy, OpenCV and Pillow: this module runs on every Keras backend.
"""

from __future__ import annotations

import contextlib
import io
import math

import cv2
import numpy as np
import numpy.typing as npt
import pillow_heif
from PIL import Image, ImageOps, UnidentifiedImageError

from models.errors import ModelError

Pixels = npt.NDArray[np.uint8]

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF")  # Pillow's; HEIC has a decoder of its own
MAX_PIXELS = 64_000_000


def decode(content: bytes, short_side: int | None = None) -> Pixels:
    """Decode a photo: JPEG, PNG, WebP, BMP, GIF, TIFF, HEIC or AVIF.

    It is turned upright as its EXIF says, transparency lies over white, 16 bits become 8, palettes, grey and CMYK
    become RGB, of an animation the first frame is taken. JPEGs are decoded at a half, a quarter or an eighth of their
    size where that is enough.

    Args:
        content: the encoded file.
        short_side: the most pixels that the shorter side may have; larger photos are shrunk, none is enlarged.

    Returns:
        uint8 RGB, (height, width, 3).

    Raises:
        ModelError: it is empty, damaged or too large, or no photo at all; the text goes after the photo's name.
    """
    if not content:
        raise ModelError("is empty")
    try:
        try:
            image: Image.Image = Image.open(io.BytesIO(content), formats=FORMATS)
        except UnidentifiedImageError:
            image = pillow_heif.HeifImageFile(io.BytesIO(content))
    except Image.DecompressionBombError:  # Pillow's own limit, far above ours
        raise ModelError(f"has more than the {MAX_PIXELS:,} pixels that are taken") from None
    except Exception as error:  # decoders raise whatever they stumble over
        raise ModelError("is no photo that can be read") from error
    with image:
        if short_side is not None and min(image.size) > short_side:
            factor = short_side / min(image.size)
            image.draft(None, (math.ceil(image.width * factor), math.ceil(image.height * factor)))
        if image.width * image.height > MAX_PIXELS:
            raise ModelError(f"has {image.width} × {image.height} pixels, more than the {MAX_PIXELS:,} that are taken")
        try:
            image.load()  # raises if the end is missing
            pixels = _rgb(image, content)
        except Exception as error:
            raise ModelError("is damaged or incomplete") from error
    return shrink(pixels, short_side)


def shrink(pixels: Pixels, short_side: int | None) -> Pixels:
    """The photo with a shorter side of at most so many pixels; None leaves it as it is."""
    height, width = pixels.shape[:2]
    if short_side is None or min(height, width) <= short_side:
        return pixels
    factor = short_side / min(height, width)
    shape = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(pixels, shape, interpolation=cv2.INTER_AREA), np.uint8)


def _rgb(image: Image.Image, content: bytes) -> Pixels:
    if image.mode[0] in "IF":  # more than 8 bits a pixel: OpenCV scales them, Pillow would clip
        return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB), np.uint8)  # None raises
    with contextlib.suppress(Exception):  # a damaged note beside a good picture
        image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        visible = image.convert("LA" if image.mode == "La" else "RGBA").convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), visible)
    return np.array(image.convert("RGB"), np.uint8)
