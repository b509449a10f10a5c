"""What a network learns from in one step: random views of photos, and what it should say of them.

Everything in step n is drawn from a generator seeded with (seed, n), so a run that was interrupted goes on with the
batches that it would have had. Plain Keras: this module runs on every Keras backend.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models import augment
from models.data import Example, Pixels
from models.recipe import Recipe

Floats = npt.NDArray[np.float32]
CANVAS_RATIO = (0.75, 1.8)  # of the whole photos that a composed one stands for, from upright ones to wide ones


@dataclass(frozen=True)
class Batch:
    """One step's photos and targets.

    Attributes:
        x: float32 (N, size, size, 3) in 0..255; photos of the classes first, then those of neither.
        score: float32 (N, units), what the scores should be as probabilities.
        counts: float32 (N,), the weight of each photo's score; 0 for those of neither, which have no right answer.
        may_speak: float32 (N, side, side, 1): 1 where the photo lies, 0 around it and on photos of neither.
    """

    x: Floats
    score: Floats
    counts: Floats
    may_speak: Floats


class Batches:
    """The batches of a run, by step.

    Args:
        recipe: says how photos are changed.
        photos: of the classes.
        neither: of none of them; may be empty.
        targets: float32 (photos, units).
        counts: float32 (photos,), the weight of each photo.
    """

    def __init__(
        self, recipe: Recipe, photos: list[Example], neither: list[Example], targets: Floats, counts: Floats
    ) -> None:
        self._recipe = recipe
        self._photos = photos
        self._neither = neither
        self._targets = targets
        self._counts = counts
        self._layers = augment.BatchLayers(recipe.rand_augment, recipe.erasing, recipe.mixup, recipe.cutmix)
        self._mixes = bool(recipe.rand_augment or recipe.erasing or recipe.mixup or recipe.cutmix)

    @property
    def per_epoch(self) -> int:
        """Steps in which each photo is seen once; what does not fill a batch waits an epoch."""
        return max(1, len(self._photos) // self._recipe.batch)

    def range(self, first: int, last: int, size: int, side: int) -> Iterator[Batch]:
        """The batches of steps first to last - 1, each prepared while the one before is learnt from."""
        with ThreadPoolExecutor(1) as pool:
            following = pool.submit(self.step, first, size, side) if first < last else None
            for step in range(first, last):
                assert following is not None  # noqa: S101 - for the type checker
                batch = following.result()
                following = pool.submit(self.step, step + 1, size, side) if step + 1 < last else None
                yield batch

    def step(self, step: int, size: int, side: int) -> Batch:
        """The batch of one step.

        Args:
            step: counted from 0.
            size: side of the photos in pixels.
            side: side of the network's last map in cells.
        """
        recipe = self._recipe
        rng = np.random.default_rng((recipe.seed, step))
        epoch, within = divmod(step, self.per_epoch)
        order = np.random.default_rng((recipe.seed, 1 << 40, epoch)).permutation(len(self._photos))
        chosen = order[within * recipe.batch : (within + 1) * recipe.batch]
        others = recipe.batch_neither if self._neither else 0
        views: list[Pixels] = []
        may_speak = np.ones((len(chosen) + others, side, side, 1), np.float32)
        for row, index in enumerate(chosen):
            photo = self._photos[index].pixels
            if recipe.compose and rng.random() < recipe.compose:
                view, region = self._composed(photo, size, rng)
            else:
                view, region = augment.fitted(self._part(photo, recipe.view, rng), size, recipe.fit)
            may_speak[row, ..., 0] = _cells(region, size, side)
            views.append(augment.jitter(view, recipe.light, rng))
        for row in range(len(chosen), len(may_speak)):
            view, _ = augment.fitted(self._other(self._neither, rng), size, recipe.fit)
            views.append(augment.jitter(view, recipe.light, rng))
            may_speak[row] = 0
        mirrored = [augment.flip(view, rng) for view in views]
        for row, (view, original) in enumerate(zip(mirrored, views, strict=True)):
            if view is not original:
                may_speak[row] = may_speak[row, :, ::-1].copy()

        x = np.stack(mirrored).astype(np.float32)
        score = np.zeros((len(x), self._targets.shape[1]), np.float32)
        score[: len(chosen)] = self._targets[chosen]
        counts = np.zeros(len(x), np.float32)
        counts[: len(chosen)] = self._counts[chosen]
        if self._mixes:
            part = slice(0, len(chosen))
            x[part], score[part] = self._layers(x[part], score[part], rng)
        return Batch(x, score, counts, may_speak)

    def _part(self, pixels: Pixels, area: tuple[float, float], rng: np.random.Generator) -> Pixels:
        return augment.random_part(pixels, area, self._recipe.view_ratio, self._recipe.view_of, rng)

    def _other(self, photos: list[Example], rng: np.random.Generator) -> Pixels:
        return self._part(photos[rng.integers(len(photos))].pixels, (0.3, 1.0), rng)

    def _composed(self, pixels: Pixels, size: int, rng: np.random.Generator) -> tuple[Pixels, augment.Region]:
        """A photo as a part of a photo of neither class, or now and then of one of the set."""
        recipe = self._recipe
        if recipe.compose_shape == "free":
            view = augment.resize(self._part(pixels, (0.7, 1.0), rng), size, size)
            canvas = augment.resize(self._other(self._neither, rng), size, size)
            return augment.place(view, canvas, recipe.compose_size, rng)
        crowd = not self._neither or rng.random() < recipe.crowd
        canvas = augment.resize(self._other(self._photos if crowd else self._neither, rng), size, size)
        ratio = float(np.exp(rng.uniform(*np.log(CANVAS_RATIO))))
        rows, columns = (round(side * rng.uniform(0.85, 1)) for side in pixels.shape[:2])
        y, x = rng.integers(pixels.shape[0] - rows + 1), rng.integers(pixels.shape[1] - columns + 1)
        part = pixels[y : y + rows, x : x + columns]
        composed, inner = augment.place_in_shape(part, canvas, ratio, recipe.compose_size, rng)
        square, outer = augment.fitted(composed, size, recipe.fit, ratio)
        return square, _within(inner, outer, size)


def _within(inner: augment.Region, outer: augment.Region, size: int) -> augment.Region:
    """Where a region of a square of this size lies once the square has been put into another region."""
    rows, columns = (
        slice(*(whole.start + round(end * (whole.stop - whole.start) / size) for end in (one.start, one.stop)))
        for one, whole in zip(inner, outer, strict=True)
    )
    return rows, columns


def _cells(region: augment.Region, size: int, side: int) -> Floats:
    """Which cells of the last map a region of the photo covers, if only in part: float32 (side, side) of 0 and 1."""
    cell = size / side
    covered = np.zeros((side, side), np.float32)
    rows, columns = (slice(int(one.start / cell), int(np.ceil(one.stop / cell))) for one in region)
    covered[rows, columns] = 1
    return covered
