"""What an input method asks of a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from explain.layers import LayerInfo
from explain.methods import Maps, find

if TYPE_CHECKING:
    from explain.network import Network  # which imports the methods, which import this

Floats = npt.NDArray[np.float32]
CHUNK = 8
"""Inputs that go through the network at a time: enough to keep it busy, few enough that gradients fit in memory."""


class Asked:
    """One photo, or a view of it, and the score that is to be explained.

    Args:
        network: the model.
        scale: from pixels (N, H, W, 3), float32 in 0..255, RGB, to the model's input.
        pixels: what the model sees, before that: uint8 (H, W, 3).
        weights: of the score's logits and probabilities, float32 (2, classes).
        layer: path of the layer, of methods that look at one.
        before_pass: called before each pass; what it raises ends the explanation.

    Attributes:
        pixels: as given.
        layer: as given.
        batch: the model's input, float32 (1, H, W, C).
    """

    def __init__(
        self,
        network: Network,
        scale: Callable[[Floats], Floats],
        pixels: npt.NDArray[np.uint8],
        weights: Floats,
        layer: str | None,
        before_pass: Callable[[], None] | None = None,
    ) -> None:
        self._network = network
        self._weights = weights
        self._scale = scale
        self._before_pass = before_pass or (lambda: None)
        self.pixels = pixels
        self.layer = layer
        self.batch = scale(pixels[None].astype(np.float32))

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """What there is to choose from, in running order."""
        return self._network.layers

    def prepare(self, pixels: Floats) -> Floats:
        """The model's input (N, H, W, C) from pixels (N, H, W, 3), float32 in 0..255, RGB."""
        return self._scale(pixels)

    def gradients(self, batch: Floats, rule: str | None = None) -> Floats:
        """dS/dx at each of some inputs (N, H, W, C), of the same shape.

        Args:
            batch: the inputs.
            rule: how gradients pass activation functions, see `explain.rules`.
        """
        network = self._network if rule is None else self._network.ruled(rule)
        run = network.input_gradients()
        return self._in_chunks(lambda part: run(part, *self._score())[0], batch)

    def generalised(self, rule: str) -> dict[str, Any]:
        """For the record: `generalised`, the activation functions other than ReLU that a rule acts on, if any."""
        names = self._network.ruled(rule).generalised
        return {"generalised": list(names)} if names else {}

    def scores(self, batch: Floats) -> Floats:
        """S at each of some inputs (N, H, W, C): (N,)."""
        run = self._network.forward()

        def score(part: tf.Tensor) -> Floats:
            logits, probabilities = run(part)
            values: Floats = np.asarray(logits) @ self._weights[0] + np.asarray(probabilities) @ self._weights[1]
            return values

        return self._in_chunks(score, batch)

    def decomposed(self, combine: Callable[[tf.Tensor, list[tf.Tensor]], list[tf.Tensor]]) -> list[Floats]:
        """What a function in TensorFlow operations makes of S and of the terms that it is the sum of: x dS/dx and the
        contributions of all implicit biases, see `explain.biases`."""
        self._before_pass()
        return [np.asarray(one) for one in self._network.decomposed(combine)(tf.constant(self.batch), *self._score())]

    def maps(self, method: str, paths: Sequence[str], **parameters: Any) -> list[Maps]:
        """What a layer method makes of this photo at some layers, as arrays without the axis N, from one pass."""
        found = find(method)
        values = found.check(parameters)
        del values["augment"]  # this photo is one view already
        self._before_pass()
        *_, maps = self._network.maps(found, values, paths)(tf.constant(self.batch), *self._score())
        return [Maps(np.asarray(one.values)[0], float(np.asarray(one.largest)[0]), facts(one, 0)) for one in maps]

    def _score(self) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.constant(self._weights), tf.zeros(len(self._weights))

    def _in_chunks(self, function: Callable[[tf.Tensor], Any], batch: Floats) -> Floats:
        def run(part: Floats) -> Floats:
            self._before_pass()
            return np.asarray(function(tf.constant(part)), np.float32)

        return np.concatenate([run(batch[start : start + CHUNK]) for start in range(0, len(batch), CHUNK)])


def facts(maps: Maps, number: int) -> dict[str, int | float]:
    """Those of one of the photos, as plain numbers."""
    return {name: np.asarray(values)[number].item() for name, values in maps.facts.items()}
