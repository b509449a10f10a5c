"""Whether a model's probabilities mean what they say, and the temperature that mends them.

After Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017. Throughout, `logits` are
(N, C) as `explain.Prediction` has them ((-z, z) for the two classes of one sigmoid unit), `labels` (N,) indices of
classes, and `kind` is that of the output, see `explain.Classifier`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.measures import Floats, Indices, Numbers

BINS = 15
"""As in the paper's tables."""
LOWEST, HIGHEST = 0.05, 20.0
"""Between which a temperature is looked for."""


@dataclass(frozen=True, eq=False)
class Bins:
    """Photos by their confidence, in bins of equal width ((m - 1)/M, m/M].

    Attributes:
        count: photos in each bin, (M,).
        confidence: their mean confidence; nan where there are none.
        accuracy: the share of them that is right; nan where there are none.
    """

    count: npt.NDArray[np.int64]
    confidence: Numbers
    accuracy: Numbers

    @property
    def error(self) -> float:
        """Expected calibration error, the paper's eq. 3: the mean over photos of |accuracy - confidence| of their bin;
        nan without photos. With few photos in a bin it is too high, by chance alone."""
        filled = self.count > 0
        gaps = np.abs(self.accuracy - self.confidence)[filled]
        return float(self.count[filled] @ gaps / self.count.sum()) if filled.any() else math.nan


@dataclass(frozen=True, eq=False)
class Scaled:
    """Temperature scaling, judged on photos that it was not fitted on.

    Attributes:
        temperature: fitted on all photos: the one to use.
        halves: those fitted on one half and on the other, see `half`.
        probabilities: (N, C), each photo's with the temperature that the other half gave.
    """

    temperature: float
    halves: tuple[float, float]
    probabilities: Numbers


def probabilities(logits: Floats, kind: str, temperature: float = 1.0) -> Numbers:
    """softmax(logits / T), or sigmoid(logits / T) for the kinds "sigmoid" and "multilabel": (N, C), float64."""
    return np.exp(_log_probabilities(np.asarray(logits, np.float64) / temperature, kind))


def _log_probabilities(logits: Numbers, kind: str) -> Numbers:
    if kind == "softmax":
        shifted = logits - logits.max(1, keepdims=True)
        return np.asarray(shifted - np.log(np.exp(shifted).sum(1, keepdims=True)))
    return np.asarray(-np.logaddexp(0, -logits))


def negative_log_likelihood(logits: Floats, labels: Indices, kind: str, temperature: float = 1.0) -> float:
    """The mean over photos of -log p of the label (the paper's eq. 4), in nats; nan without photos.

    For "multilabel", with one label a photo, also that of 1 - p of all other classes.
    """
    if not len(labels):
        return math.nan
    scaled = np.asarray(logits, np.float64) / temperature
    if kind == "multilabel":
        signs = np.where(np.arange(scaled.shape[1]) == labels[:, None], 1, -1)
        return float(np.logaddexp(0, -signs * scaled).sum(1).mean())
    return float(-_log_probabilities(scaled, kind)[np.arange(len(labels)), labels].mean())


def bins(probabilities: Floats, labels: Indices, predicted: Indices, count: int = BINS) -> Bins:
    """Photos by the probability of what is predicted.

    Args:
        probabilities: (N, C).
        labels: (N,).
        predicted: (N,); given, because the highest probabilities may be equal where logits are not.
        count: of bins.
    """
    confidence = np.asarray(probabilities, np.float64)[np.arange(len(labels)), predicted]
    place = np.searchsorted(np.arange(1, count) / count, confidence, side="left")
    photos = np.bincount(place, minlength=count)
    filled = np.where(photos, photos, np.nan)
    return Bins(
        photos,
        np.bincount(place, confidence, minlength=count) / filled,
        np.bincount(place, labels == predicted, minlength=count) / filled,
    )


def fit(logits: Floats, labels: Indices, kind: str) -> float:
    """The temperature that minimises the negative log likelihood (the paper's section 4.2).

    In 1/T that is a convex function, whose slope is the mean of sum_c (p_c - [c is the label]) logit_c: the zero of the
    slope is found by halving an interval. Where there is none between `LOWEST` and `HIGHEST` the photos can't say how
    sure the model should be (all are right, so that it could never be too sure; or there are none): 1.
    """
    values = np.asarray(logits, np.float64)
    truth = np.zeros(values.shape)
    truth[np.arange(len(labels)), labels] = 1

    def slope(temperature: float) -> float:
        return float(((probabilities(values, kind, temperature) - truth) * values).sum())

    low, high = math.log(LOWEST), math.log(HIGHEST)
    if not slope(LOWEST) > 0 > slope(HIGHEST):  # by 1/T: it falls where T is high and rises where T is low
        return 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(math.exp(middle)) > 0 else (low, middle)
    return math.exp(low)


def half(file: str) -> int:
    """Which half of a set a photo belongs to, 0 or 1: by the first byte of the sha256 of its name, odd or even."""
    return hashlib.sha256(file.encode()).digest()[0] % 2


def scale(logits: Floats, labels: Indices, files: Sequence[str], kind: str) -> Scaled:
    """Fit a temperature on each half of the photos and use it on the other; the final one is fitted on all.

    So the calibration that is reported is that of photos that the temperature has not seen, while the one to be stored
    has seen as many as there are.
    """
    halves = np.array([half(file) for file in files], np.int64)
    found = tuple(fit(logits[halves == one], labels[halves == one], kind) for one in (0, 1))
    temperatures = np.array(found)[1 - halves][:, None]
    scaled = probabilities(np.asarray(logits, np.float64) / temperatures, kind)
    return Scaled(fit(logits, labels, kind), (found[0], found[1]), scaled)
