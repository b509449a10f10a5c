"""How a photo becomes a network's input, and how a map over that input finds its way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from explain.errors import ExplainError, unknown
from explain.photo import Pixels

Floats = npt.NDArray[np.float32]

# The scalings of the modules of `keras.applications` (their `preprocess_input`): none, to -1..1 ("tf"), ImageNet's mean
# and deviation on 0..1 ("torch"), ImageNet's mean in BGR ("caffe").
SCALINGS = {
    "convnext": "none",
    "densenet": "torch",
    "efficientnet": "none",
    "efficientnet_v2": "none",
    "inception_resnet_v2": "tf",
    "inception_v3": "tf",
    "mobilenet": "tf",
    "mobilenet_v2": "tf",
    "mobilenet_v3": "none",
    "nasnet": "tf",
    "resnet": "caffe",
    "resnet50": "caffe",
    "resnet_v2": "tf",
    "vgg16": "caffe",
    "vgg19": "caffe",
    "xception": "tf",
}
FITS = ("crop", "stretch", "letterbox")


def scaling(preprocessing: str | Callable[[Any], Any]) -> Callable[[Floats], Any]:
    """The function from a float batch in 0..255, RGB, to the network's input.

    Raises:
        ExplainError: no scaling has this name, and it is no function.
    """
    if callable(preprocessing):
        return preprocessing
    if not isinstance(preprocessing, str) or preprocessing not in SCALINGS:
        raise ExplainError(
            f"{unknown('preprocessing', preprocessing, SCALINGS)} Or give a function of a float batch in 0..255, RGB: "
            "`lambda batch: batch` where the model scales photos itself."
        )
    return _MODES[SCALINGS[preprocessing]]


_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
_MEAN_BGR = np.array([103.939, 116.779, 123.68], np.float32)
_MODES: dict[str, Callable[[Floats], Floats]] = {
    "none": lambda batch: batch,
    "tf": lambda batch: batch / np.float32(127.5) - np.float32(1),
    "torch": lambda batch: (batch / np.float32(255) - _MEAN) / _DEVIATION,
    "caffe": lambda batch: batch[..., ::-1] - _MEAN_BGR,
}


@dataclass(frozen=True)
class Placement:
    """Which part of a photo a network sees, and where in its input that part lies.

    Attributes:
        view: x0, y0, x1, y1 in pixels of the photo.
        area: x0, y0, x1, y1 in pixels of the input; the rest of it is padding.
        size: height and width of the input.
    """

    view: tuple[int, int, int, int]
    area: tuple[int, int, int, int]
    size: tuple[int, int]


def place(rows: int, columns: int, size: tuple[int, int], fit: str) -> Placement:
    """Where a photo of so many rows and columns goes in an input of this size (height, width).

    "crop" takes the largest centred rectangle of the input's shape, "stretch" squashes the whole photo, "letterbox"
    shrinks it as a whole and pads.
    """
    height, width = size
    view, area = (0, 0, columns, rows), (0, 0, width, height)
    if fit == "crop":
        scale = min(columns / width, rows / height)
        w, h = max(1, min(columns, round(width * scale))), max(1, min(rows, round(height * scale)))
        x, y = (columns - w) // 2, (rows - h) // 2
        view = (x, y, x + w, y + h)
    elif fit == "letterbox":
        scale = min(width / columns, height / rows)
        w, h = max(1, min(width, round(columns * scale))), max(1, min(height, round(rows * scale)))
        x, y = (width - w) // 2, (height - h) // 2
        area = (x, y, x + w, y + h)
    return Placement(view, area, size)


def fit_photo(pixels: Pixels, placement: Placement) -> Pixels:
    """The photo as the input shows it, uint8 (height, width, 3); one of exactly the input's size passes bit for bit."""
    x0, y0, x1, y1 = placement.view
    left, top, right, bottom = placement.area
    part = resize(pixels[y0:y1, x0:x1], right - left, bottom - top)
    if part.shape[:2] == placement.size:
        return part
    page = np.full((*placement.size, 3), 127, np.uint8)
    page[top:bottom, left:right] = part
    return page


def heat_on_view(values: Floats, placement: Placement) -> Floats:
    """A map over the input, on the part of the photo that the input shows: float32, at that part's size.

    One bilinear step with half-pixel centres, edges continued, whatever the sizes: a matrix product for each side.
    """
    x0, y0, x1, y1 = placement.view
    left, top, right, bottom = placement.area
    height, width = placement.size
    rows = _interpolation(values.shape[0], y1 - y0, top / height, bottom / height)
    columns = _interpolation(values.shape[1], x1 - x0, left / width, right / width)
    return np.asarray(rows @ values @ columns.T, np.float32)


def enlarge(values: Floats, size: tuple[int, int]) -> Floats:
    """A map at another size (rows, columns), in one bilinear step with half-pixel centres: float32."""
    return heat_on_view(values, Placement((0, 0, size[1], size[0]), (0, 0, 1, 1), (1, 1)))


def _interpolation(cells: int, pixels: int, start: float, stop: float) -> Floats:
    """The weight of each of a map's cells in each pixel, between two shares of the map's side: (pixels, cells)."""
    centres = (start + (np.arange(pixels) + 0.5) / pixels * (stop - start)) * cells - 0.5
    centres = np.clip(centres, 0, cells - 1)
    left = np.minimum(centres.astype(np.int64), max(cells - 2, 0))
    share = (centres - left).astype(np.float32)
    weights = np.zeros((pixels, cells), np.float32)
    weights[np.arange(pixels), left] = 1 - share
    if cells > 1:
        weights[np.arange(pixels), left + 1] += share
    return weights


def resize(pixels: Pixels, width: int, height: int) -> Pixels:
    """Another size; shrinking averages (so that fine patterns don't turn into coarse ones), enlarging interpolates."""
    rows, columns = pixels.shape[:2]
    smaller = min(width, columns), min(height, rows)
    if smaller != (columns, rows):
        pixels = np.asarray(cv2.resize(pixels, smaller, interpolation=cv2.INTER_AREA), np.uint8)
    if smaller != (width, height):
        pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    return pixels
