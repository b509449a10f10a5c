"""Small Keras networks with known weights, shared by the tests."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

import explain

PETS = ("cat", "dog", "bird")


def as_it_is(batch):
    """Preprocessing that leaves the pixels alone."""
    return batch


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A photo without meaning: uint8 (height, width, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def randomise(model, seed: int = 0):
    """Give every weight a reproducible value of a sensible size; the model itself is returned."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        fan_in = max(1, int(np.prod(weight.shape[:-1])))
        values = rng.normal(0, fan_in**-0.5, weight.shape)
        weight.assign(np.abs(values) + 0.5 if "variance" in weight.path else values)
    return model


def by_hand(head_weights, bias: float | None = 2.0, activations=None):
    """A network whose channels are the photo's red and green, with a Flatten + Dense head of the given gradients.

    Args:
        head_weights: (rows, columns, 2, classes), the gradient of each score with respect to the channels.
        bias: of every class; None for a head without.
        activations: "softmax" or None, of the head.
    """
    head_weights = np.asarray(head_weights, np.float32)
    rows, columns, _, classes = head_weights.shape
    photo = keras.Input((rows, columns, 3))
    channels = layers.Conv2D(2, 1, use_bias=False, name="channels")(photo)
    scores = layers.Dense(classes, use_bias=bias is not None, activation=activations, name="scores")(
        layers.Flatten()(channels)
    )
    model = keras.Model(photo, scores)
    model.get_layer("channels").set_weights([np.eye(3, 2, dtype=np.float32)[None, None]])
    head = [head_weights.reshape(-1, classes)]
    model.get_layer("scores").set_weights(head if bias is None else [*head, np.full(classes, bias, np.float32)])
    return model


def channels_photo(*channels) -> np.ndarray:
    """The photo whose red (and green) are the given channels."""
    photo = np.zeros((*np.shape(channels[0]), 3), np.uint8)
    for index, channel in enumerate(channels):
        photo[..., index] = channel
    return photo


def pooled(classes: int = 3, activation: str | None = None, size=(8, 8), seed: int = 233, name: str = "pooled"):
    """Two convolutions, global average pooling and a linear head (with an activation in the Dense, if one is named).

    With seed 233 each of the three classes has evidence for and against it in `noise(8, 8)`.
    """
    photo = keras.Input((*size, 3))
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(photo)
    x = layers.Conv2D(5, 3, padding="same", strides=2, activation="relu", name="last")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    scores = layers.Dense(classes, activation=activation, name="scores")(x)
    return randomise(keras.Model(photo, scores, name=name), seed)


def explainer(model, classes=PETS, preprocessing=lambda batch: batch / 255, **how) -> explain.Explainer:
    """An Explainer of a model that sees pixels in 0..1 unless said otherwise."""
    return explain.Explainer(explain.Classifier(model, classes, preprocessing, **how))
