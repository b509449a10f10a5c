"""All raw maps of an answer in one grey PNG."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

STEPS = 255 * 256
"""Steps between the lowest and the highest value of a map, in two bytes: the picture's upper half has the high ones."""

WIDTH = 512
"""Maps stand side by side up to this width."""


def pack(maps: Mapping[str, NDArray[np.float32]]) -> dict[str, Any]:
    """The maps as a data URL, and for each where it lies and which values its lowest and highest step stand for.

    A map without negative values needs only 256 steps, because no more can be seen: its low bytes are zero, which costs
    nothing. A signed one needs all, because what will be shown, its positive part, may be a small part of its range.
    """
    places = _places({name: values.shape for name, values in maps.items()})
    width = max(x + columns for x, _, columns, _ in places.values())
    height = max(y + rows for _, y, _, rows in places.values())
    sheet = np.zeros((2, height, width), np.uint8)
    entries = {}
    for name, values in maps.items():
        x, y, columns, rows = places[name]
        low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
        fine = 256 if low < 0 else 1
        share = (values.astype(np.float64) - low) / ((high - low) or 1.0)
        steps = np.rint(share * (255 * fine)).astype(np.uint16) * (256 // fine)
        sheet[0, y : y + rows, x : x + columns] = steps >> 8
        sheet[1, y : y + rows, x : x + columns] = steps & 255
        entries[name] = {"x": x, "y": y, "width": columns, "height": rows, "low": low, "high": high}
    _, png = cv2.imencode(".png", sheet.reshape(2 * height, width))
    return {"src": "data:image/png;base64," + base64.b64encode(png.tobytes()).decode(), "maps": entries}


def _places(shapes: Mapping[str, Iterable[int]]) -> dict[str, tuple[int, int, int, int]]:
    """x, y, columns and rows of each map: on shelves, in the given order, which has neighbours of equal size."""
    places = {}
    x = y = shelf = 0
    for name, (rows, columns) in shapes.items():
        if x and (x + columns > WIDTH or rows != shelf):
            x, y, shelf = 0, y + shelf, 0
        places[name] = (x, y, columns, rows)
        x, shelf = x + columns, max(shelf, rows)
    return places
