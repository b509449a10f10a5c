"""How right a model is, from its scores and the truth: plain numbers on plain arrays.

Throughout, `logits` are (N, C), `labels` and `predicted` are (N,) indices of classes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.errors import ModelError

Floats = npt.NDArray[np.floating]
Numbers = npt.NDArray[np.float64]
Indices = npt.NDArray[np.integer]

Z = 1.959963984540054
"""Of the normal distribution: 95 % of it lies within so many standard deviations."""


@dataclass(frozen=True, eq=False)
class Classwise:
    """One number for each class; nan where it is not defined.

    Attributes:
        support: photos of the class.
        predicted: photos that are said to be of it.
        precision: share of those said to be of it that are; nan if it is never said.
        recall: share of its photos that are found; nan if it has none.
        f1: harmonic mean of both, 2 TP / (support + predicted); 0 if it is never said, nan if it has no photos either.
    """

    support: npt.NDArray[np.int64]
    predicted: npt.NDArray[np.int64]
    precision: Numbers
    recall: Numbers
    f1: Numbers


def top(logits: Floats, labels: Indices, k: int = 1) -> npt.NDArray[np.bool_]:
    """Whether each label is among the k classes with the highest scores: (N,).

    Of equal scores the first class counts as the higher one, as in `explain.Prediction.top`; so k = 1 is the prediction
    itself.

    Raises:
        ModelError: k is not at least 1.
    """
    if k < 1:
        raise ModelError(f"k counts classes, at least 1; received {k}.")
    own = logits[np.arange(len(labels)), labels][:, None]
    before = np.arange(logits.shape[1]) < labels[:, None]
    above = (logits > own) | ((logits == own) & before)
    return np.asarray(above.sum(1) < k)


def accuracy(logits: Floats, labels: Indices, k: int = 1) -> float:
    """Share of the photos whose label is among the k highest scores; nan without photos."""
    return float(top(logits, labels, k).mean()) if len(labels) else math.nan


def wilson(right: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share, after `right` of `count` (Wilson 1927); (0, 1) where nothing was counted."""
    if count == 0:
        return 0.0, 1.0
    share, z = right / count, Z**2 / count
    middle = (share + z / 2) / (1 + z)
    half = math.sqrt(z * (share * (1 - share) + z / 4)) / (1 + z)
    return max(0.0, middle - half), min(1.0, middle + half)


def confusion(labels: Indices, predicted: Indices, classes: int) -> npt.NDArray[np.int64]:
    """How many photos of each class (rows) are said to be of each class (columns): (classes, classes)."""
    return np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)


def classwise(matrix: npt.NDArray[np.int64]) -> Classwise:
    """Precision, recall and F1 of each class, from a confusion matrix."""
    hits, support, predicted = matrix.diagonal(), matrix.sum(1), matrix.sum(0)
    return Classwise(
        support,
        predicted,
        precision=_share(hits, predicted),
        recall=_share(hits, support),
        f1=_share(2 * hits, support + predicted),
    )


def confused(matrix: npt.NDArray[np.int64], count: int) -> list[tuple[int, int, int]]:
    """The most frequent mistakes as (label, predicted, photos), at most `count` of them, the most frequent first."""
    wrong = matrix - np.diag(matrix.diagonal())
    order = np.argsort(-wrong, axis=None, kind="stable")[:count]
    pairs = [divmod(int(place), len(matrix)) for place in order]
    return [(label, said, int(wrong[label, said])) for label, said in pairs if wrong[label, said] > 0]


def roc(scores: Floats, positive: npt.NDArray[np.bool_]) -> tuple[Numbers, Numbers, Numbers]:
    """The receiver operating characteristic: what is found and what is falsely found as the threshold falls.

    Args:
        scores: (N,), high for what should be found.
        positive: (N,), what should be found.

    Returns:
        False positive rate, true positive rate and threshold of each point: from (0, 0, inf) to (1, 1, lowest score).
        Equal scores are one point. A rate is nan if there are no photos to count.
    """
    thresholds, place = np.unique(-scores, return_inverse=True)

    def rate(which: npt.NDArray[np.bool_]) -> Numbers:
        hits = np.cumsum(np.bincount(place[which], minlength=len(thresholds)))
        return _share(np.insert(hits, 0, 0), np.asarray(which.sum()))

    return rate(~positive), rate(positive), np.insert(-thresholds.astype(np.float64), 0, np.inf)


def auc(scores: Floats, positive: npt.NDArray[np.bool_]) -> float:
    """The share of pairs of a positive and a negative photo in which the positive scores higher, equal ones half.

    This is the area under `roc`: the statistic of Mann and Whitney (1947) over the number of pairs, from ranks, equal
    scores sharing their mean rank. nan if there is no such pair.
    """
    ups, downs = int(positive.sum()), int((~positive).sum())
    if not ups * downs:
        return math.nan
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2  # counted from 1
    return float((ranks[place[positive]].sum() - ups * (ups + 1) / 2) / (ups * downs))


def _share(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64]) -> Numbers:
    """part / whole, and nan where the whole is nothing."""
    out = np.full(np.broadcast(part, whole).shape, np.nan)
    return np.asarray(np.divide(part, whole, out=out, where=whole > 0))
