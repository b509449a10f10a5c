"""What ours finds on the network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import keras
import numpy as np

import explain

from . import network
from .comparisons import Comparison, Numbers


class Ours:
    """Our methods on the network of the fixtures."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._photo = numbers.network["photo"].astype(np.uint8)
        self._explainers: dict[float, explain.Explainer] = {}

    def found(self, comparison: Comparison) -> np.ndarray:
        """What is compared, before `adapted`: the map (rows, columns), or channels (8, 8, 3)."""
        with self._noise(comparison.noise):
            found = self._explainer(comparison.head).explain(
                self._photo,
                comparison.method,
                layer=comparison.layer,
                target=network.TARGET,
                **comparison.parameters,
            )
        return found.channels if comparison.channels else found.map

    def _explainer(self, head: float) -> explain.Explainer:
        if head not in self._explainers:
            model = network.in_keras(keras, network.with_head(self._numbers.network, head))
            classifier = explain.Classifier(model, network.CLASSES, lambda batch: batch / network.SCALE)
            # Nothing is kept: the same question is asked with the noise of one library, then with another's.
            self._explainers[head] = explain.Explainer(classifier, cache_bytes=0)
        return self._explainers[head]

    @contextmanager
    def _noise(self, fixture: str) -> Iterator[None]:
        """SmoothGrad draws what the library drew: stored noise is added to x, ours is in units of its deviation."""
        if not fixture:
            yield
            return
        x = self._photo / network.SCALE
        drawn = self._numbers.of[fixture]["noise"] / (0.15 * (x.max() - x.min()))
        with mock.patch("explain.methods.smooth_grad._noise", lambda _shape, _seed, sample: drawn[sample]):
            yield


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """The largest absolute difference, as a share of the largest absolute value of the second."""
    return float(np.abs(one - other).max() / np.abs(other).max())


def as_shown(values: np.ndarray) -> np.ndarray:
    """Divided by the largest absolute value: two maps that look alike are alike."""
    return values / max(float(np.abs(values).max()), 1e-30)
