"""The same explanation of several views of a photo, averaged: the parameter `augment` of every method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from explain.photo import Pixels
from explain.preprocessing import Floats, Placement, fit_photo, heat_on_view

SCALES = (0.8, 1.25)
"""Of the shrunk and the enlarged view, to the photo's own size."""


@dataclass(frozen=True)
class View:
    """What the model is shown of a photo.

    Attributes:
        placement: which part of the pixels it shows, and where.
        mirrored: whether left and right are swapped.
    """

    placement: Placement
    mirrored: bool

    def show(self, pixels: Pixels) -> Pixels:
        """The view of some pixels (H, W, 3), of the same shape."""
        shown = fit_photo(pixels, self.placement)
        return np.ascontiguousarray(shown[:, ::-1]) if self.mirrored else shown

    def undo(self, values: Floats) -> tuple[Floats, Floats]:
        """A map of the view, on the pixels (H, W), and 1 where the view shows them, else 0."""
        found = np.zeros(self.placement.size, np.float32)
        seen = np.zeros(self.placement.size, np.float32)
        x0, y0, x1, y1 = self.placement.view
        found[y0:y1, x0:x1] = heat_on_view(values[:, ::-1] if self.mirrored else values, self.placement)
        seen[y0:y1, x0:x1] = 1
        return found, seen


def views(augment: str, size: tuple[int, int]) -> list[View]:
    """The views of one choice of `augment`; the first is the photo as it is.

    Args:
        augment: "none", "flip", "scales" or "flip+scales".
        size: rows and columns of what the model sees.
    """
    scales = (1.0, *(SCALES if "scales" in augment else ()))
    mirrored = (False, True) if "flip" in augment else (False,)
    return [View(_scaled(size, scale), mirror) for scale in scales for mirror in mirrored]


def average(choice: str, size: tuple[int, int], explain: Callable[[View], Floats]) -> Floats:
    """The mean of the views' maps, raw, at the size of what the model sees; where a view shows nothing it has no say.

    Args:
        choice: of `augment`.
        size: rows and columns of what the model sees.
        explain: the map of a view, at any resolution.
    """
    total, count = np.zeros(size, np.float32), np.zeros(size, np.float32)
    for view in views(choice, size):
        found, seen = view.undo(explain(view))
        total += found
        count += seen
    return total / count


def _scaled(size: tuple[int, int], scale: float) -> Placement:
    """An enlarged view shows the middle, a shrunk one lies in the middle of grey."""
    height, width = size
    share = min(scale, 1 / scale)
    h, w = max(1, round(height * share)), max(1, round(width * share))
    y, x = (height - h) // 2, (width - w) // 2
    middle, whole = (x, y, x + w, y + h), (0, 0, width, height)
    return Placement(middle, whole, size) if scale > 1 else Placement(whole, middle if scale < 1 else whole, size)
