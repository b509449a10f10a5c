"""Random views of photos for training. Every function draws from the generator it is given and from nothing else."""

from __future__ import annotations

import cv2
import numpy as np

from models.data import Pixels


def resize(pixels: Pixels, width: int, height: int) -> Pixels:
    """The whole photo at another size; shrinking averages, enlarging interpolates."""
    shrinks = width * height < pixels.shape[0] * pixels.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=how), np.uint8)


def random_resized_crop(
    pixels: Pixels, width: int, height: int, area: tuple[float, float], rng: np.random.Generator
) -> Pixels:
    """A random part of the photo, of a random share of its area and a random ratio (2/3 to 3/2 of the asked one)."""
    rows, columns = pixels.shape[:2]
    for _ in range(10):
        share = rng.uniform(*area) * rows * columns
        ratio = width / height * np.exp(rng.uniform(np.log(2 / 3), np.log(3 / 2)))
        w, h = round(np.sqrt(share * ratio)), round(np.sqrt(share / ratio))
        if 0 < w <= columns and 0 < h <= rows:
            x, y = rng.integers(columns - w + 1), rng.integers(rows - h + 1)
            return resize(pixels[y : y + h, x : x + w], width, height)
    return resize(pixels, width, height)  # a strip of a photo: no part of it has such a shape


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
) -> tuple[Pixels, tuple[slice, slice]]:
    """A photo set at a random place into another one.

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
    y, x = rng.integers(height - h + 1), rng.integers(width - w + 1)
    composed = canvas.copy()
    region = slice(y, y + h), slice(x, x + w)
    composed[region] = resize(pixels, w, h)
    return composed, region
