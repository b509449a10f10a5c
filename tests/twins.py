"""A small network with nothing linear about it, and the same again in NumPy: oracles for what depends on gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import networks
import numpy as np
from keras import layers

import explain

SIZE = (3, 4)
PHOTO = networks.noise(*SIZE, seed=7)
X = PHOTO / 127.5 - 1
"""The network's input."""


def build(activation: str | None = "relu", scale: float = 1.0, shift: float = 0.0) -> keras.Model:
    """A 1×1 convolution "channels", a fully connected layer and three scores, of photos of 3×4 pixels in -1..1.

    Each class has evidence for and against it in PHOTO, and the first is predicted.

    Args:
        activation: of the convolution and of the hidden layer.
        scale: of the scores.
        shift: what is added to them.
    """
    photo = keras.Input((*SIZE, 3))
    x = layers.Conv2D(4, 1, activation=activation, name="channels")(photo)
    x = layers.Dense(6, activation=activation, name="hidden")(layers.Flatten()(x))
    model = networks.randomise(keras.Model(photo, layers.Dense(3, name="scores")(x)), 201)
    kernel, bias = model.get_layer("scores").get_weights()
    model.get_layer("scores").set_weights([kernel * scale, bias * scale + shift])
    return model


def explainer(model: keras.Model | None = None, **how: Any) -> explain.Explainer:
    """An Explainer of the network, or of another that is given."""
    return networks.explainer(model or build(), preprocessing=lambda batch: batch / 127.5 - 1, **how)


class Twin:
    """The network of `build` with relu, in float64."""

    def __init__(self, model: keras.Model) -> None:
        named = {layer.name: layer.get_weights() for layer in model.layers}
        self._weights = {name: [one.astype(np.float64) for one in weights] for name, weights in named.items()}

    def channels(self, x: np.ndarray) -> np.ndarray:
        """What the convolution makes of an input (rows, columns, 3): (rows, columns, 4)."""
        kernel, bias = self._weights["channels"]
        return np.maximum(x @ kernel[0, 0] + bias, 0)

    def scores_of(self, channels: np.ndarray) -> np.ndarray:
        """The three scores, from what the convolution makes."""
        (kernel, bias), (head, head_bias) = self._weights["hidden"], self._weights["scores"]
        return np.maximum(channels.reshape(-1) @ kernel + bias, 0) @ head + head_bias

    def scores(self, x: np.ndarray) -> np.ndarray:
        """The three scores of an input."""
        return self.scores_of(self.channels(x))


def slope(function: Callable[[np.ndarray], float], at: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """The gradient of a function of an array, by central differences: of its shape."""
    found = np.zeros(at.shape)
    for position in np.ndindex(*at.shape):
        up, down = at.copy(), at.copy()
        up[position] += step
        down[position] -= step
        found[position] = (function(up) - function(down)) / (2 * step)
    return found
