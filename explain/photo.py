"""Any photo in, upright RGB pixels out; whatever is no photo is a PhotoError."""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pillow_heif
from PIL import Image, ImageOps

from explain.errors import PhotoError

MAX_BYTES = 10_000_000
MAX_PIXELS = 64_000_000
FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "BMP", "GIF", "TIFF", "HEIF", "AVIF")

pillow_heif.register_heif_opener()
# Pillow's own limit only warns, far above ours, which is applied before anything is decoded.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

Pixels = npt.NDArray[np.uint8]
Source: TypeAlias = "Photo | str | os.PathLike[str] | bytes | Image.Image | npt.NDArray[np.uint8]"


@dataclass(frozen=True, eq=False)
class Photo:
    """A decoded photo.

    Attributes:
        pixels: uint8 RGB, upright, (height, width, 3), read-only.
        digest: sha256 of what it was made from, in hexadecimal; equal digests mean equal pixels.
    """

    pixels: Pixels = field(repr=False)
    digest: str

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[1])


def open_photo(source: Source, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS) -> Photo:
    """Decode a photo.

    Args:
        source: a path, an encoded file's bytes, a PIL image, a uint8 array (height, width, 3), or a Photo.
        max_bytes: the longest encoded file that is taken.
        max_pixels: the most pixels that are decoded; known from the file's head before anything is.

    Raises:
        PhotoError: it is missing, too large, damaged, or no photo at all.
    """
    if isinstance(source, Photo):
        return source
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, Image.Image):
        pixels = _convert(source, max_pixels)
        return _photo(pixels, _digest_of_pixels(pixels))
    if isinstance(source, str | os.PathLike):
        source = _read(Path(source), max_bytes)
    if not isinstance(source, bytes | bytearray | memoryview):
        raise PhotoError(
            "A photo is a path, bytes, a PIL image or a uint8 array (height, width, 3); "
            f"received {type(source).__name__}."
        )
    content = bytes(source)
    if not content:
        raise PhotoError("The file is empty.")
    if len(content) > max_bytes:
        raise PhotoError(f"The file has {_mb(len(content))}, more than the {_mb(max_bytes)} that are taken.")
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError:
        raise PhotoError(f"The photo has more than the {max_pixels:,} pixels that are taken.") from None
    except Exception as error:  # decoders of damaged files raise whatever they like
        raise PhotoError(
            "The file is not a photo that can be read (JPEG, PNG, WebP, BMP, GIF, TIFF, HEIC or AVIF)."
        ) from error
    with image:
        pixels = _convert(image, max_pixels)
    return _photo(pixels, hashlib.sha256(content).hexdigest())


def _read(path: Path, max_bytes: int) -> bytes:
    try:
        size = path.stat().st_size
        if size > max_bytes:  # before it is read
            raise PhotoError(f"{path} has {_mb(size)}, more than the {_mb(max_bytes)} that are taken.")
        return path.read_bytes()
    except FileNotFoundError:
        raise PhotoError(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise PhotoError(f"{path} is a folder, not a photo.") from None
    except (OSError, ValueError) as error:
        raise PhotoError(f"{path} can't be read: {error}.") from error


def _from_array(array: npt.NDArray[np.uint8]) -> Photo:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or array.size == 0:
        raise PhotoError(
            f"An array must be uint8 with the shape (height, width, 3); received {array.dtype} {array.shape}."
        )
    pixels = array.copy()  # whoever gave it may go on writing into it
    return _photo(pixels, _digest_of_pixels(pixels))


def _digest_of_pixels(pixels: Pixels) -> str:
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()


def _photo(pixels: Pixels, digest: str) -> Photo:
    pixels.flags.writeable = False
    return Photo(pixels, digest)


def _convert(image: Image.Image, max_pixels: int) -> Pixels:
    width, height = image.size
    if width * height > max_pixels:
        raise PhotoError(f"The photo has {width} × {height} pixels, more than the {max_pixels:,} that are taken.")
    if width * height == 0:
        raise PhotoError("The photo has no pixels.")
    try:
        image.load()  # of an animation: the first frame
        upright = ImageOps.exif_transpose(image)
        return _rgb(upright if upright is not None else image)
    except Exception as error:  # decoders of damaged files raise whatever they like
        raise PhotoError("The photo is damaged or incomplete.") from error


def _rgb(image: Image.Image) -> Pixels:
    if image.mode.startswith("I") or image.mode == "F":  # 16 bits and more a pixel: scaled, where Pillow would clip
        values = np.nan_to_num(np.asarray(image, np.float64), posinf=0, neginf=0)
        white = 65535.0 if image.mode.startswith("I") else 1.0
        grey = np.clip(values / max(white, float(values.max()) if image.mode == "F" else white), 0, 1) * 255
        return np.repeat(grey.round().astype(np.uint8)[..., None], 3, axis=2)
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        white_page = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white_page, image)
    return np.array(image.convert("RGB"), np.uint8)


def _mb(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
