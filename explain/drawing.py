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
from explain.preprocessing import enlarge

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
DIVERGING = "blue-orange"
"""The colours of signed maps: blue below 0, orange above, which colour-blind people tell apart."""
_DIVERGING = ((16, 84, 164), (90, 160, 215), (243, 243, 240), (245, 165, 80), (165, 65, 0))
"""At -1, -0.5, 0, 0.5 and 1; opposite values are about equally bright."""
UNSEEN = 0.35
"""How bright the part of the photo stays that the model did not see."""


_STRENGTHS = {False: np.arange(256) / 255, True: np.abs(np.arange(256) - 128) / 127}
"""How strong each level is of a map, and of one with its sign."""


@functools.cache
def colormap(name: str) -> Pixels:
    """The 256 colours of a map from the lowest to the highest value: uint8 RGB, (256, 3).

    Raises:
        ExplainError: there is no such map.
    """
    if name not in COLORMAPS and name != DIVERGING:
        raise unknown("colour map", name, [*COLORMAPS, DIVERGING])
    steps = np.arange(256, dtype=np.uint8)
    known = COLORMAPS.get(name)
    if name == DIVERGING:
        places = np.linspace(1, 255, len(_DIVERGING))  # 128 is the middle
        channels = [np.interp(steps, places, channel) for channel in zip(*_DIVERGING, strict=True)]
        table = np.rint(np.stack(channels, axis=1)).astype(np.uint8)
    elif known is None:
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
    """Heat over a photo of the same size; the part outside `view` is dimmed.

    Args:
        pixels: the photo.
        heat: in [0, 1]; with the colour map "blue-orange" in [-1, 1], transparent at 0 and as opaque as it gets from
            half of 1 on.
        view: x0, y0, x1, y1 of what the model saw.
        opacity: in [0, 1].
        name: of the colour map.
        threshold: in [0, 1]; heat below it, with its sign on either side, is left out.

    Raises:
        ExplainError: the opacity or the threshold is not in [0, 1], or there is no such colour map.
    """
    _check("Opacity", opacity)
    _check("A threshold", threshold)
    signed = name == DIVERGING
    levels = _levels(heat, signed)
    x0, y0, x1, y1 = view
    part, seen = (slice(y0, y1), slice(x0, x1)), levels[y0:y1, x0:x1]
    strengths = _STRENGTHS[signed]
    solid = np.minimum(1, 2 * strengths) if signed else np.ones(256)
    share = (opacity * solid * (strengths >= threshold)).astype(np.float32)[seen][..., None]
    mixed = pixels * np.float32(UNSEEN)
    mixed[part] = pixels[part] * (1 - share) + colormap(name)[seen] * share
    return Image.fromarray(np.rint(mixed).astype(np.uint8))


def cutout(pixels: Pixels, heat: Floats, threshold: float) -> Image.Image:
    """The photo where the heat reaches the threshold, with its sign on either side, transparent elsewhere (RGBA).

    Raises:
        ExplainError: the threshold is not in [0, 1].
    """
    _check("A threshold", threshold)
    strength = np.abs(heat)
    alpha = np.where((strength >= threshold) & (strength > 0), 255, 0).astype(np.uint8)
    return Image.fromarray(np.dstack([pixels, alpha]))


def in_one_scale(maps: Sequence[Floats], highest: float, side: int = 200) -> list[Image.Image]:
    """Maps (rows, columns) as pictures, each `side` pixels wide or high, of one scale: from 0 to `highest`, or from its
    opposite where one of them has negative values."""
    signed = any(one.min() < 0 for one in maps)
    colours = colormap(DIVERGING if signed else "viridis")
    pictures = []
    for one in maps:
        rows, columns = (max(1, round(length * side / max(one.shape))) for length in one.shape)
        share = enlarge(one, (rows, columns)) / (highest or 1)
        pictures.append(Image.fromarray(colours[_levels(share, signed)]))
    return pictures


def _levels(heat: Floats, signed: bool) -> Pixels:
    """The places of heat in a colour map."""
    return np.rint(128 + 127 * heat if signed else 255 * heat).astype(np.uint8)


def _check(what: str, given: float) -> None:
    if not 0 <= given <= 1:
        raise ExplainError(f"{what} is between 0 and 1; received {given!r}.")


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
