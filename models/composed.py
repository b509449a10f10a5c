"""Photos set into others, as a measure: does a model that learnt from cuts know whole photos too?"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from models.augment import resize
from models.data import Example
from models.errors import ModelError

SHARE = (0.6, 0.95)
SHORT_SIDE = 448
"""Of the surroundings in pixels: enough that what is set into them loses nothing before the model's own fit."""


def whole_photos(examples: Sequence[Example], surroundings: Sequence[Example], seed: int = 0) -> list[Example]:
    """Each photo, in its shape, at a random place of a random landscape photo.

    Args:
        examples: what is set in, at 60 to 95 % of the largest size that fits.
        surroundings: photos of other things; of these, those that are wider than high.
        seed: of the choice, the size and the place.

    Returns:
        The same examples with the composed photos, SHORT_SIDE pixels high.

    Raises:
        ModelError: none of the surroundings is a landscape photo.
    """
    wide = [other.pixels for other in landscapes(surroundings)]
    if not wide:
        raise ModelError("Photos are judged in landscape photos of other things, and none of these is wider than high.")
    rng = np.random.default_rng(seed)
    return [dataclasses.replace(one, pixels=_set_into(one, wide[rng.integers(len(wide))], rng)) for one in examples]


def landscapes(examples: Sequence[Example]) -> list[Example]:
    """Those that are wider than high."""
    return [example for example in examples if example.pixels.shape[1] > example.pixels.shape[0]]


def _set_into(example: Example, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    rows, columns = other.shape[:2]
    canvas = resize(other, round(SHORT_SIDE * columns / rows), SHORT_SIDE)
    height, width = example.pixels.shape[:2]
    scale = rng.uniform(*SHARE) * min(canvas.shape[0] / height, canvas.shape[1] / width)
    h, w = max(1, round(height * scale)), max(1, round(width * scale))
    y, x = rng.integers(canvas.shape[0] - h + 1), rng.integers(canvas.shape[1] - w + 1)
    canvas[y : y + h, x : x + w] = resize(example.pixels, w, h)
    return canvas
