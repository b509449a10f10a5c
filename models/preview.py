"""What a training would see: random views of the photos with what they count for, on one sheet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from explain import drawing
from models import rules, targets
from models.architecture import units
from models.batches import Batches
from models.data import read_set
from models.options import changed
from models.recipe import Recipe

ROWS = 4


def sheet(recipe: Recipe, data: Path, limit: int | None = None) -> Image.Image:
    """Some batches as the network meets them, each view with its label, or "neither".

    Args:
        recipe: whose views these are.
        data: folder of the sets that it names.
        limit: use the first so many photos of each set only.

    Raises:
        ModelError: the photos are missing, or the recipe contradicts itself.
    """
    rules.check(recipe)
    photos = read_set(data / recipe.photos, "train", limit)
    neither = read_set(data / recipe.neither, "train", limit) if recipe.neither else []
    recipe = changed(recipe, {"classes": targets.classes(recipe, photos)})
    wanted = targets.labels(recipe, photos)
    batches = Batches(recipe, photos, neither, wanted, targets.counts(recipe, photos))
    pictures, captions = [], []
    for step in range(ROWS):
        batch = batches.step(step, recipe.train_size, 1)
        for view, score, count in zip(batch.x, batch.score, batch.counts, strict=True):
            pictures.append(Image.fromarray(view.round().astype(np.uint8)))
            captions.append(_said(recipe, score) if count else "neither")
    return drawing.contact_sheet(pictures, captions)


def _said(recipe: Recipe, score: np.ndarray) -> str:
    """The labels that a target stands for, the strongest first, as far as they matter."""
    shares = np.array([1 - score[0], score[0]]) if units(recipe.classes) == 1 else score
    order = [n for n in np.argsort(-shares, kind="stable") if shares[n] > 0.1] or [int(shares.argmax())]
    return " + ".join(recipe.classes[n] for n in order)
