"""Soft labels from another network's features (Hinton, Vinyals, Dean 2015, arXiv 1503.02531), cross-fitted.

A teacher that has seen a photo's label repeats it; one that has not says how typical the photo is, and gives wrong
labels away. So each photo is labelled by a classifier that was fitted on the other folds only.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from models.augment import resize
from models.data import Example

Floats = npt.NDArray[np.float64]


def features(network: Any, examples: list[Example], size: int, scale: Any, batch: int = 32) -> Floats:
    """Pooled features, averaged over each photo and its mirror image: float64, (photos, channels)."""
    pooled = keras.Model(network.input, keras.layers.GlobalAveragePooling2D()(network.output))
    rows = []
    for start in tqdm(range(0, len(examples), batch), desc="teacher", unit="batch"):
        photos = [resize(example.pixels, size, size) for example in examples[start : start + batch]]
        views = np.stack(photos + [photo[:, ::-1] for photo in photos]).astype(np.float32)
        rows.append(np.asarray(pooled.predict_on_batch(scale(views)), np.float64).reshape(2, len(photos), -1).mean(0))
    return np.concatenate(rows)


def soft_labels(x: Floats, labels: npt.NDArray[np.int64], folds: int = 5, ridge: float = 10.0, seed: int = 0) -> Floats:
    """For each photo the probability of class 1 by a logistic regression fitted on the other folds.

    Args:
        x: (photos, channels).
        labels: 0 or 1, (photos,).
        folds: into how many parts the photos are split.
        ridge: weight of half the squared norm of the standardised coefficients.
        seed: of the split.
    """
    x = (x - x.mean(0)) / (x.std(0) + 1e-6)
    x = np.concatenate([x, np.ones((len(x), 1))], 1)
    fold = np.random.default_rng(seed).permutation(len(x)) % folds
    out = np.empty(len(x))
    for part in range(folds):
        seen = fold != part
        out[~seen] = _sigmoid(x[~seen] @ _logistic_regression(x[seen], labels[seen], ridge))
    return out


def _logistic_regression(x: Floats, labels: npt.NDArray[np.int64], ridge: float, steps: int = 8) -> Floats:
    """Newton's method (iteratively reweighted least squares)."""
    weights = np.zeros(x.shape[1])
    for _ in range(steps):
        p = _sigmoid(x @ weights)
        hessian = (x.T * (p * (1 - p))) @ x + ridge * np.eye(x.shape[1])
        weights -= np.linalg.solve(hessian, x.T @ (p - labels) + ridge * weights)
    return weights


def _sigmoid(z: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -60, 60))))
