"""Where a model's heat lies: whether its evidence is on what it names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

import explain
from models.data import Example, read_mask, read_set

Map = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Focus:
    """Where heat lies, as means over photos.

    Attributes:
        share: of the heat, inside the mask of the object; a map without heat counts as 0.
        head: share of the photos whose hottest pixel lies in the box round the head.
    """

    share: float
    head: float


def focus(explainer: explain.Explainer, folder: Path, split: str = "judge", method: str = "grad-cam") -> Focus:
    """Where the heat of each photo's true class lies, at the default layer.

    Args:
        explainer: of the model to be judged.
        folder: a set with the columns `mask` and `head_x0` to `head_y1`, see `models.data`.
        split: of that set.
        method: a name of `explain.methods()`.
    """
    examples = read_set(folder, split)
    masks = read_mask(folder, split, [example.row for example in examples])
    heats = (
        explainer.explain(example.pixels, method=method, target=example.label).heat()
        for example in tqdm(examples, desc="focus", unit="photo")
    )
    scores = [_score(heat, mask == 1, example) for heat, mask, example in zip(heats, masks, examples, strict=True)]
    return Focus(*(float(value) for value in np.mean(scores, axis=0)))


def controls(folder: Path, split: str = "judge") -> dict[str, Focus]:
    """What maps reach that know nothing of the photo: the same everywhere, a blob in the centre, the best point."""
    examples = read_set(folder, split)
    masks = [mask == 1 for mask in read_mask(folder, split, [example.row for example in examples])]
    blobs = [_blob(example.pixels.shape[0], example.pixels.shape[1]) for example in examples]
    scores = [_score(blob, mask, example) for blob, mask, example in zip(blobs, masks, examples, strict=True)]
    blob = np.mean(scores, axis=0)
    points = [(x, y) for x in np.arange(0.02, 1, 0.02) for y in np.arange(0.02, 1, 0.02)]
    hits = [np.mean([_in_head(x * _width(e), y * _height(e), e) for e in examples]) for x, y in points]
    return {
        "uniform": Focus(float(np.mean([mask.mean() for mask in masks])), float("nan")),
        "centre blob": Focus(float(blob[0]), float(blob[1])),
        "best fixed point": Focus(float("nan"), float(max(hits))),
    }


def _score(heat: Map, mask: npt.NDArray[np.bool_], example: Example) -> tuple[float, float]:
    total = float(heat.sum())
    if total == 0:
        return 0.0, 0.0
    y, x = np.unravel_index(int(heat.argmax()), heat.shape)
    return float(heat[mask].sum()) / total, float(_in_head(x + 0.5, y + 0.5, example))


def _in_head(x: float, y: float, example: Example) -> bool:
    x0, y0, x1, y1 = (float(example.row[f"head_{side}"]) for side in ("x0", "y0", "x1", "y1"))
    return x0 <= x <= x1 and y0 <= y <= y1


def _blob(height: int, width: int, sigma: float = 0.15) -> Map:
    """A round hill in the photo's middle, its width a share of the photo's sides."""
    y = (np.arange(height) + 0.5) / height - 0.5
    x = (np.arange(width) + 0.5) / width - 0.5
    return np.exp(-(y[:, None] ** 2 + x[None] ** 2) / (2 * sigma**2)).astype(np.float32)


def _height(example: Example) -> int:
    return int(example.pixels.shape[0])


def _width(example: Example) -> int:
    return int(example.pixels.shape[1])
