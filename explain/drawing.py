"""Colours. Nothing here alters a value; it only shows it."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from explain.errors import ExplainError, unknown
from explain.photo import Pixels

Floats = npt.NDArray[np.float32]

# Perceptually uniform ones first; jet is not, but people know it.
COLORMAPS = {
    "viridis": cv2.COLORMAP_VIRIDIS,
    "inferno": cv2.COLORMAP_INFERNO,
    "magma": cv2.COLORMAP_MAGMA,
    "cividis": cv2.COLORMAP_CIVIDIS,
    "turbo": cv2.COLORMAP_TURBO,
    "jet": cv2.COLORMAP_JET,
    "grey": None,
}
UNSEEN = 0.35
"""How bright the part of the photo stays that the model did not see."""


@functools.cache
def colormap(name: str) -> Pixels:
    """The 256 colours of a map from the lowest to the highest value: uint8 RGB, (256, 3).

    Raises:
        ExplainError: there is no such map.
    """
    if name not in COLORMAPS:
        raise unknown("colour map", name, COLORMAPS)
    steps = np.arange(256, dtype=np.uint8)
    known = COLORMAPS[name]
    if known is None:
        table = np.repeat(steps[:, None], 3, axis=1)
    else:
        table = np.asarray(cv2.applyColorMap(steps[:, None], known)[:, 0, ::-1], np.uint8)
    table.flags.writeable = False
    return table


def overlay(
    pixels: Pixels,
    heat: Floats,
    view: tuple[int, int, int, int],
    opacity: float,
    name: str,
    threshold: float = 0.0,
) -> Image.Image:
    """Heat in [0, 1] over a photo of the same size, where it reaches the threshold; the part outside `view` is dimmed.

    Raises:
        ExplainError: the opacity or the threshold is not in [0, 1], or there is no such colour map.
    """
    for what, given in (("Opacity", opacity), ("A threshold", threshold)):
        if not 0 <= given <= 1:
            raise ExplainError(f"{what} is between 0 and 1; received {given!r}.")
    x0, y0, x1, y1 = view
    seen, levels = pixels[y0:y1, x0:x1], np.rint(heat[y0:y1, x0:x1] * 255).astype(np.uint8)
    colours = colormap(name)[levels]
    share = np.where(np.arange(256) / 255 >= threshold, opacity, 0).astype(np.float32)[levels, None]
    mixed = pixels * np.float32(UNSEEN)
    mixed[y0:y1, x0:x1] = seen * (1 - share) + colours * share
    return Image.fromarray(np.rint(mixed).astype(np.uint8))


def cutout(pixels: Pixels, heat: Floats, threshold: float) -> Image.Image:
    """The photo where the heat reaches the threshold, transparent elsewhere (RGBA).

    Raises:
        ExplainError: the threshold is not in [0, 1].
    """
    if not 0 <= threshold <= 1:
        raise ExplainError(f"A threshold is between 0 and 1; received {threshold!r}.")
    alpha = np.where((heat >= threshold) & (heat > 0), 255, 0).astype(np.uint8)
    return Image.fromarray(np.dstack([pixels, alpha]))


def contact_sheet(pictures: Sequence[Image.Image], captions: Sequence[str], side: int = 200) -> Image.Image:
    """Many pictures in one, row by row, each at most `side` pixels wide and high, with its caption below."""
    columns = min(len(pictures), 6)
    text = 18
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (side + 8) + 8, rows * (side + text + 8) + 8), "white")
    draw = ImageDraw.Draw(sheet)
    for n, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        x, y = 8 + n % columns * (side + 8), 8 + n // columns * (side + text + 8)
        small = picture.convert("RGB")
        small.thumbnail((side, side))
        sheet.paste(small, (x + (side - small.width) // 2, y + (side - small.height) // 2))
        draw.text((x, y + side + 2), caption[-34:], fill="black")
    return sheet
