"""What turns a backbone's feature map into class scores: one table.

Plain Keras: this module runs on every Keras backend.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras

from models.errors import ModelError

EVIDENCE = "evidence"
LOGITS = "logits"


@dataclass(frozen=True)
class Head:
    """One kind of head.

    Attributes:
        build: from the backbone's output (N, rows, columns, K), the width, the dropout and the number of outputs to the
            logits (N, outputs).
        first: name of the layer that reads the backbone's output.
        local: whether the score is the mean of the scores of single places, which `places` gives.
    """

    build: Callable[[Any, int, float, int], Any]
    first: str
    local: bool


def _pooled(features: Any, _: int, dropout: float, units: int) -> Any:
    """Global average pooling and one dense layer: the head that CAM was made for. It has no width."""
    pooled = keras.layers.GlobalAveragePooling2D(name="pooling")(features)
    return _logits(pooled, dropout, units, bias=False)


def _conv(features: Any, channels: int, dropout: float, units: int) -> Any:
    """A 1x1 convolution with ReLU, global average pooling and one dense layer.

    The convolution lets the classes choose their features before these are averaged: with it the maps of Grad-CAM
    cover the object far better than with pooling alone.
    """
    evidence = keras.layers.Conv2D(channels, 1, activation="relu", name=EVIDENCE)(features)
    return _pooled(evidence, channels, dropout, units)


def _conv_norm(features: Any, channels: int, dropout: float, units: int) -> Any:
    """The same with batch norm between convolution and ReLU, for networks that learn as a whole at a high rate."""
    x = keras.layers.Conv2D(channels, 1, use_bias=False, name=f"{EVIDENCE}_conv")(features)
    x = keras.layers.BatchNormalization(name=f"{EVIDENCE}_norm")(x)
    return _pooled(keras.layers.ReLU(name=EVIDENCE)(x), channels, dropout, units)


def _dense(features: Any, channels: int, dropout: float, units: int) -> Any:
    """Two fully connected layers with dropout on the whole map, as in VGG: it knows places apart, so the input's size
    is fixed."""
    x = keras.layers.Flatten(name="flatten")(features)
    for name in ("fc1", "fc2"):
        x = keras.layers.Dense(channels, activation="relu", name=name)(x)
        x = keras.layers.Dropout(dropout, name=f"{name}_dropout")(x) if dropout else x
    return _logits(x, 0, units, bias=True)


def _logits(x: Any, dropout: float, units: int, bias: bool) -> Any:
    x = keras.layers.Dropout(dropout, name="dropout")(x) if dropout else x
    # Where places are averaged there is no bias: a score is the mean of what each place says, and nothing else.
    # Scores leave in float32 whatever precision the rest computes in: half precision would quantise them.
    return keras.layers.Dense(units, use_bias=bias, name=LOGITS, dtype="float32")(x)


HEADS = {
    "pool": Head(_pooled, "pooling", local=True),
    "conv": Head(_conv, EVIDENCE, local=True),
    "conv-norm": Head(_conv_norm, f"{EVIDENCE}_conv", local=True),
    "dense": Head(_dense, "flatten", local=False),
}


def find(name: str) -> Head:
    """The head of that name.

    Raises:
        ModelError: the table has no such name.
    """
    if name not in HEADS:
        raise ModelError(f"There is no head {name!r}. Known: {', '.join(HEADS)}.")
    return HEADS[name]


def head(name: str, features: Any, channels: int, dropout: float, units: int) -> Any:
    """The logits, (N, units).

    Args:
        name: a key of `HEADS`.
        features: the backbone's output, (N, rows, columns, K).
        channels: width of the convolution, or of the dense layers.
        dropout: share of the values before a dense layer that is left out while learning.
        units: outputs; 1 for two classes.

    Raises:
        ModelError: the table has no such name.
    """
    return find(name).build(features, channels, dropout, units)


def with_places(network: Any) -> Any:
    """The same network, which also gives the score of each place: a local head's dense layer before the averaging.

    Returns:
        A functional `keras.Model` with the outputs `score`, (N, units), and `places`, (N, rows, columns, units).
    """
    evidence, dense = network.get_layer("pooling").input, network.get_layer(LOGITS)
    return keras.Model(network.input, {"score": network.output, "places": dense(evidence)})
