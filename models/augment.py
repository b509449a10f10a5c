"""Random views of photos for training. Every function draws from the generator it is given and from nothing else.

What moves a photo works on one photo of any shape, before it becomes part of a batch; what mixes photos, and
RandAugment, are Keras' own layers and work on the batch. Plain Keras: this module runs on every Keras backend.
"""

from __future__ import annotations

from typing import Any

import cv2
import keras
import numpy as np
import numpy.typing as npt

from models.data import Pixels

Floats = npt.NDArray[np.float32]
Region = tuple[slice, slice]


def resize(pixels: Pixels, width: int, height: int) -> Pixels:
    """The whole photo at another size; shrinking averages, enlarging interpolates."""
    shrinks = width * height < pixels.shape[0] * pixels.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=how), np.uint8)


def fitted(pixels: Pixels, size: int, fit: str, ratio: float | None = None) -> tuple[Pixels, Region]:
    """A photo as the square input shows it.

    Args:
        pixels: the photo.
        size: side of the square in pixels.
        fit: "stretch", or "letterbox": whole, in its shape, between bars of grey (127).
        ratio: of width to height of what the pixels show, where that is not their own.

    Returns:
        The square, and the rows and columns of it that the photo takes.
    """
    if ratio is None:
        ratio = pixels.shape[1] / pixels.shape[0]
    w, h = (size, size) if fit == "stretch" else (round(size * min(1, side)) or 1 for side in (ratio, 1 / ratio))
    y, x = (size - h) // 2, (size - w) // 2
    region = slice(y, y + h), slice(x, x + w)
    square = np.full((size, size, 3), 127, np.uint8)
    square[region] = resize(pixels, w, h)
    return square, region


def random_part(
    pixels: Pixels,
    area: tuple[float, float],
    ratio: tuple[float, float],
    of: str,
    rng: np.random.Generator,
) -> Pixels:
    """A random part of the photo (Szegedy et al. 2015, arXiv 1409.4842).

    Args:
        pixels: the photo.
        area: least and greatest share of the photo's area.
        ratio: least and greatest ratio of the part's width to its height.
        of: "pixels" measures these in pixels, so that things keep about their shape; "sides" as shares of the photo's
            own, so that they look as they do in the whole photo stretched to a square.
        rng: source of all randomness.
    """
    rows, columns = pixels.shape[:2]
    whole = columns / rows if of == "sides" else 1.0
    for _ in range(10):
        share = rng.uniform(*area) * rows * columns
        shape = whole * np.exp(rng.uniform(np.log(ratio[0]), np.log(ratio[1])))
        w, h = round(np.sqrt(share * shape)), round(np.sqrt(share / shape))
        if 0 < w <= columns and 0 < h <= rows:
            x, y = rng.integers(columns - w + 1), rng.integers(rows - h + 1)
            return pixels[y : y + h, x : x + w]
    return pixels  # a strip of a photo: no part of it has such a shape


def flip(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """The photo or its mirror image, one as likely as the other."""
    return pixels[:, ::-1] if rng.random() < 0.5 else pixels


def jitter(pixels: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Brightness, contrast and saturation, each multiplied by a random factor in 1 - strength to 1 + strength."""
    brightness, contrast, saturation = rng.uniform(1 - strength, 1 + strength, 3)
    values = pixels.astype(np.float32) * brightness
    values = (values - values.mean()) * contrast + values.mean()
    grey = values @ np.array([0.299, 0.587, 0.114], np.float32)
    values = (values - grey[..., None]) * saturation + grey[..., None]
    return np.asarray(np.clip(values, 0, 255).round(), np.uint8)


def place(
    pixels: Pixels, canvas: Pixels, share: tuple[float, float], rng: np.random.Generator
) -> tuple[Pixels, Region]:
    """A photo set at a random place into another one, each of its sides a random share of the other's.

    Args:
        pixels: any photo.
        canvas: the one that surrounds it.
        share: least and greatest side of the inner photo as a share of the canvas' sides.
        rng: source of all randomness.

    Returns:
        The composed photo, of the canvas' size, and the rows and columns that the inner photo takes.
    """
    height, width = canvas.shape[:2]
    h, w = (round(side * rng.uniform(*share)) for side in (height, width))
    return _set_into(pixels, canvas, w, h, rng)


def place_in_shape(
    pixels: Pixels, canvas: Pixels, ratio: float, share: tuple[float, float], rng: np.random.Generator
) -> tuple[Pixels, Region]:
    """A photo set at a random place into another one that was stretched to a square, in its true shape.

    Args:
        pixels: any photo.
        canvas: a square view of the one that surrounds it.
        ratio: of width to height of what the canvas shows, before it was stretched.
        share: least and greatest size, as a share of the largest that fits.
        rng: source of all randomness.

    Returns:
        As `place`.
    """
    size = canvas.shape[0]
    stretched = pixels.shape[1] / pixels.shape[0] / ratio
    part = rng.uniform(*share) * size
    w, h = max(1, round(part * min(1, stretched))), max(1, round(part * min(1, 1 / stretched)))
    return _set_into(pixels, canvas, w, h, rng)


def _set_into(
    pixels: Pixels, canvas: Pixels, width: int, height: int, rng: np.random.Generator
) -> tuple[Pixels, Region]:
    y, x = rng.integers(canvas.shape[0] - height + 1), rng.integers(canvas.shape[1] - width + 1)
    composed = canvas.copy()
    region = slice(y, y + height), slice(x, x + width)
    composed[region] = resize(pixels, width, height)
    return composed, region


class BatchLayers:
    """Keras' own layers for whole batches: RandAugment, random erasing, MixUp and CutMix, in this order.

    Args:
        rand_augment: magnitude in 0..1; 0 leaves the layer out, here and below.
        erasing: largest share of a photo's area that is erased.
        mixup: alpha.
        cutmix: alpha.
    """

    def __init__(self, rand_augment: float, erasing: float, mixup: float, cutmix: float) -> None:
        kinds = keras.layers
        # In float32 whatever precision the network learns in: these work on 0..255.
        self._layers: list[Any] = []
        if rand_augment:
            self._layers.append(_rand_augment(rand_augment))
        if erasing:
            self._layers.append(
                kinds.RandomErasing(scale=(min(0.02, erasing), erasing), value_range=(0, 255), seed=0, dtype="float32")
            )
        if mixup:
            self._layers.append(kinds.MixUp(mixup, seed=0, dtype="float32"))
        if cutmix:
            self._layers.append(kinds.CutMix(cutmix, seed=0, dtype="float32"))

    def __call__(self, x: Floats, labels: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """A batch (N, size, size, 3) in 0..255 and its targets (N, units), changed at random."""
        data: dict[str, Any] = {"images": x, "labels": labels}
        for layer in self._layers:
            # The layers draw from a state of their own. Set anew for each batch, it depends on nothing before.
            layer.generator.state.assign(rng.integers(0, 1 << 31, 2).astype(np.uint32))
            data = layer(data, training=True)
        images, targets = (keras.ops.convert_to_numpy(data[key]) for key in ("images", "labels"))
        return np.clip(images, 0, 255).astype(np.float32), targets.astype(np.float32)


def _rand_augment(magnitude: float) -> Any:
    """Keras' layer, with two of its eleven operations as strong as the others.

    In Keras 3.15 both work the other way round: at 0.1, posterising leaves one bit of eight, and solarising inverts
    nearly every pixel. Here, from magnitude 0 to 1, the bits go from eight to four, as in AutoAugment (Cubuk et al.
    2018, arXiv 1805.09501, table 6), and the level from which pixels are inverted is drawn from 255 * (1 - magnitude)
    upwards.
    """
    layer = keras.layers.RandAugment((0, 255), factor=magnitude, seed=0, dtype="float32")
    bits = 8 - round(4 * magnitude)
    layer.random_posterization = keras.layers.RandomPosterization((bits, bits), (0, 255), seed=0, dtype="float32")
    # Keras draws levels from the first of these to 255 times the second.
    layer.solarization.threshold_factor = (255 * (1 - magnitude), 1.0)
    layer.solarization.addition_factor = (0.0, 0.0)
    return layer
