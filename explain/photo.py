"""Any photo in, upright RGB pixels out; whatever is no photo is a PhotoError."""

from __future__ import annotations

import hashlib
import io
import math
import os
import threading
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pillow_heif
from PIL import ExifTags, Image, UnidentifiedImageError

from explain.errors import PhotoError

MAX_BYTES = 10_000_000
MAX_PIXELS = 64_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF")  # Pillow's; HEIC has a decoder of its own

Pixels = npt.NDArray[np.uint8]
Source: TypeAlias = "Photo | str | os.PathLike[str] | bytes | Image.Image | npt.NDArray[np.uint8]"

_TURN = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_WHITE = {"F": (1.0, 255.0, 65535.0), "I": (255.0, 65535.0, 2.0**31 - 1), "I;16": (65535.0,)}


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
    """Decode a photo: JPEG, PNG, WebP, BMP, GIF, TIFF, HEIC or AVIF.

    It comes out as people see it: turned upright as its EXIF says, transparency over white, 16 bits scaled to 8, of an
    animation the first frame.

    Args:
        source: a path, an encoded file's bytes, a PIL image, a uint8 array (height, width, 3), or a Photo.
        max_bytes: the longest encoded file that is taken.
        max_pixels: the most pixels that are taken; known from the file's head before anything is decoded.

    Raises:
        PhotoError: it is missing, too large, damaged, or no photo at all.
    """
    if isinstance(source, Photo):
        return source
    if isinstance(source, np.ndarray):
        return _from_array(source, max_pixels)
    if isinstance(source, Image.Image):
        with _quiet:
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
    with _quiet, _open(content, max_pixels) as image:
        pixels = _convert(image, max_pixels)
    return _photo(pixels, hashlib.sha256(content).hexdigest())


class _Quiet:
    """Ignores Pillow's warnings while any thread decodes: what they warn of ends in an error or does not matter.

    Python's filters of warnings belong to the whole process, so the first thread sets them and the last one resets.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads = 0

    def __enter__(self) -> None:
        with self._lock:
            if self._threads == 0:
                self._filters = warnings.catch_warnings()
                self._filters.__enter__()
                warnings.filterwarnings("ignore", module=r"PIL\.|pillow_heif\b")
            self._threads += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._threads -= 1
            if self._threads == 0:
                self._filters.__exit__(None, None, None)


_quiet = _Quiet()


def _read(path: Path, max_bytes: int) -> bytes:
    try:
        if path.is_dir():
            raise PhotoError(f"{path} is a folder, not a photo.")
        if not path.is_file() and path.exists():
            raise PhotoError(f"{path} is not a file.")  # a device or a pipe might never end
        size = path.stat().st_size
        if size > max_bytes:  # before it is read
            raise PhotoError(f"{path} has {_mb(size)}, more than the {_mb(max_bytes)} that are taken.")
        return path.read_bytes()
    except FileNotFoundError:
        raise PhotoError(f"There is no file {path}.") from None
    except OSError as error:
        raise PhotoError(f"{path} can't be read: {error.strerror or error}.") from error
    except ValueError as error:
        if isinstance(error, PhotoError):
            raise
        raise PhotoError(f"{str(path)!r} is no path: {error}.") from error


def _from_array(array: npt.NDArray[np.uint8], max_pixels: int) -> Photo:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or array.size == 0:
        raise PhotoError(
            f"An array must be uint8 with the shape (height, width, 3); received {array.dtype} {array.shape}."
        )
    _check_size(array.shape[1], array.shape[0], max_pixels)
    pixels = np.array(array, order="C")  # whoever gave it may go on writing into it
    return _photo(pixels, _digest_of_pixels(pixels))


def _digest_of_pixels(pixels: Pixels) -> str:
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(pixels.data)
    return digest.hexdigest()


def _photo(pixels: Pixels, digest: str) -> Photo:
    pixels.flags.writeable = False
    return Photo(pixels, digest)


def _open(content: bytes, max_pixels: int) -> Image.Image:
    """The photo's head; nothing is decoded yet."""
    try:
        try:
            return Image.open(io.BytesIO(content), formats=FORMATS)
        except UnidentifiedImageError:
            return pillow_heif.HeifImageFile(io.BytesIO(content))  # type: ignore[no-any-return]
    except Image.DecompressionBombError:  # Pillow's own limit, far above ours
        raise PhotoError(f"The photo has more than the {max_pixels:,} pixels that are taken.") from None
    except Exception as error:  # decoders raise whatever they stumble over
        raise PhotoError(
            "The file is not a photo that can be read (JPEG, PNG, WebP, BMP, GIF, TIFF, HEIC or AVIF)."
        ) from error


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise PhotoError(f"The photo has {width} × {height} pixels, more than the {max_pixels:,} that are taken.")
    if width * height == 0:
        raise PhotoError("The photo has no pixels.")


def _convert(image: Image.Image, max_pixels: int) -> Pixels:
    _check_size(*image.size, max_pixels)
    try:
        image.load()  # of an animation: the first frame
        _check_size(*image.size, max_pixels)  # some files have another size inside than they say
        return np.ascontiguousarray(_rgb(_upright(image)))
    except PhotoError:
        raise
    except Exception as error:  # decoders raise whatever they stumble over
        raise PhotoError("The photo is damaged or incomplete.") from error


def _upright(image: Image.Image) -> Image.Image:
    try:
        turn = _TURN.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001 - a damaged note beside a good picture
        return image
    return image if turn is None else image.transpose(turn)


def _rgb(image: Image.Image) -> Pixels:
    if image.mode[0] in "IF":  # more than 8 bits a pixel: scaled, where Pillow would clip
        values = np.nan_to_num(np.asarray(image).astype(np.float64), posinf=0, neginf=0)
        highest = values.max()
        white = next((white for white in _WHITE[image.mode[:4]] if white >= highest), highest)
        grey = (np.clip(values / white, 0, 1) * 255).round().astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if image.has_transparency_data:
        visible = image.convert("LA" if image.mode == "La" else "RGBA").convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), visible)
    return np.array(image.convert("RGB"), np.uint8)


def _mb(count: int) -> str:
    return f"{math.ceil(count / 1e5) / 10:g} MB"
