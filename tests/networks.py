"""Small Keras networks with known weights, shared by the tests."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
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


@dataclass(frozen=True)
class Kind:
    """One way in which people build a network, and what is to be found on it.

    Attributes:
        build: makes the model.
        layers: what there is to choose from, in running order.
        default: the layer that the pooling reads, or the last one.
        output: "softmax", "sigmoid" or "multilabel".
        head: name of the linear head behind the pooling, or "" where the head is not that simple.
        shape: height, width and channels of its input.
    """

    build: Callable[[], keras.Model]
    layers: tuple[str, ...]
    default: str
    output: str = "softmax"
    head: str = "scores"
    shape: tuple[int, int, int] = (12, 12, 3)


SIZE = (12, 12)
BODY = ("conv_a", "relu_a", "conv_b")


def _body(x):
    """Whatever stands between two convolutions in real networks."""
    x = layers.ZeroPadding2D(1, name="pad")(x)
    x = layers.Conv2D(4, 3, name="conv_a")(x)
    x = layers.BatchNormalization(name="normalise")(x)
    x = layers.ReLU(name="relu_a")(x)
    x = layers.SpatialDropout2D(0.5, name="drop")(x)
    return layers.Conv2D(5, 3, strides=2, activation="relu", padding="same", name="conv_b")(x)


def _head(x, classes: int = 3, activation: str | None = None):
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dropout(0.5, name="dropout")(x)
    return layers.Dense(classes, activation=activation, name="scores")(x)


def _functional(classes: int = 3, activation: str | None = None, size=SIZE, after=None):
    photo = keras.Input((*size, 3))
    scores = _head(_body(photo), classes, activation)
    return randomise(keras.Model(photo, scores if after is None else after(scores)), 1)


def _backbone(name: str = "backbone"):
    photo = keras.Input((*SIZE, 3))
    return keras.Model(photo, _body(photo), name=name)


def _nested(deep: bool):
    backbone, photo = _backbone(), keras.Input((*SIZE, 3))
    if deep:
        inner = keras.Input((*SIZE, 3))
        backbone = keras.Model(inner, layers.Identity()(backbone(inner)), name="outer")
    return randomise(keras.Model(photo, _head(backbone(photo))), 2)


def _sequential():
    body = [
        keras.Input((*SIZE, 3)),
        layers.Conv2D(4, 3, activation="relu", name="conv_a"),
        layers.MaxPooling2D(name="halve"),
        layers.Conv2D(5, 3, activation="relu", name="conv_b"),
    ]
    head = [layers.GlobalAveragePooling2D(name="pool"), layers.Dense(3, name="scores")]
    return randomise(keras.Sequential([*body, *head]), 3)


def _reloaded():
    with tempfile.TemporaryDirectory() as folder:
        _sequential().save(f"{folder}/model.keras")
        return keras.models.load_model(f"{folder}/model.keras")


def _mixed():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        return _functional(activation="softmax")
    finally:
        keras.config.set_dtype_policy(before)


@keras.saving.register_keras_serializable("tests")
class Own(keras.Model):
    """A model with a `call` of its own."""

    def __init__(self, **how):
        super().__init__(**how)
        self.conv_a = layers.Conv2D(4, 3, activation="relu", name="conv_a")
        self.conv_b = layers.Conv2D(5, 3, activation="relu", name="conv_b")
        self.pool = layers.GlobalAveragePooling2D(name="pool")
        self.scores = layers.Dense(3, name="scores")

    def call(self, photo, training=None):
        return self.scores(self.pool(self.conv_b(self.conv_a(photo, training=training))))


class OwnCompiled(Own):
    """The same, whose `call` is compiled by its author."""

    @tf.function
    def call(self, photo, training=None):
        return super().call(photo, training=training)


class CompiledBody(keras.Model):
    """A backbone whose `call` is compiled by its author."""

    def __init__(self, **how):
        super().__init__(**how)
        self.conv_a = layers.Conv2D(4, 3, activation="relu", name="conv_a")
        self.conv_b = layers.Conv2D(5, 3, activation="relu", name="conv_b")

    @tf.function
    def call(self, photo, training=None):
        return self.conv_b(self.conv_a(photo, training=training))


def _called(model):
    model(np.zeros((1, *SIZE, 3), np.float32))
    return randomise(model, 4)


def _compiled_backbone():
    photo = keras.Input((*SIZE, 3))
    return randomise(keras.Model(photo, _head(_called(CompiledBody(name="body"))(photo))), 4)


def _grey():
    photo = keras.Input((*SIZE, 1))
    x = layers.Conv2D(4, 3, activation="silu", name="conv_a")(photo)
    return randomise(keras.Model(photo, _head(layers.Conv2D(5, 3, activation="silu", name="conv_b")(x))), 9)


def _frozen():
    model = _functional()
    model.trainable = False
    return model


def _shared():
    photo = keras.Input((*SIZE, 3))
    again = layers.Conv2D(4, 3, padding="same", activation="relu", name="again")
    x = again(again(layers.Conv2D(4, 3, name="conv_a")(photo)))
    return randomise(keras.Model(photo, _head(x)), 5)


def _residual():
    photo = keras.Input((*SIZE, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="stem")(photo)
    branch = layers.Conv2D(4, 3, padding="same", activation="relu", name="inner")(x)
    branch = layers.Conv2D(4, 3, padding="same", name="branch")(branch)
    return randomise(keras.Model(photo, _head(layers.ReLU(name="out")(layers.Add(name="sum")([x, branch])))), 6)


def _flattened():
    photo = keras.Input((*SIZE, 3))
    x = layers.Dense(6, activation="relu")(layers.Flatten()(_body(photo)))
    return randomise(keras.Model(photo, layers.Dense(3)(x)), 7)


def _by_maximum():
    photo = keras.Input((*SIZE, 3))
    x = layers.GlobalMaxPooling2D()(_body(layers.Rescaling(2.0)(photo)))
    return randomise(keras.Model(photo, layers.Dense(3)(x)), 8)


KINDS = {
    "functional": Kind(_functional, BODY, "conv_b"),
    "nested": Kind(lambda: _nested(deep=False), tuple(f"backbone/{name}" for name in BODY), "backbone/conv_b"),
    "twice nested": Kind(
        lambda: _nested(deep=True), tuple(f"outer/backbone/{name}" for name in BODY), "outer/backbone/conv_b"
    ),
    "sequential": Kind(_sequential, ("conv_a", "halve", "conv_b"), "conv_b"),
    "sequential, saved and loaded": Kind(_reloaded, ("conv_a", "halve", "conv_b"), "conv_b"),
    "softmax in the dense layer": Kind(lambda: _functional(activation="softmax"), BODY, "conv_b"),
    "softmax layer": Kind(lambda: _functional(after=layers.Softmax()), BODY, "conv_b"),
    "one unit": Kind(lambda: _functional(1), BODY, "conv_b", "sigmoid"),
    "one sigmoid unit": Kind(lambda: _functional(1, "sigmoid"), BODY, "conv_b", "sigmoid"),
    "several labels": Kind(lambda: _functional(3, "sigmoid"), BODY, "conv_b", "multilabel"),
    "mixed precision": Kind(_mixed, BODY, "conv_b"),
    "subclass": Kind(lambda: _called(Own()), ("conv_a", "conv_b"), "conv_b"),
    "compiled subclass": Kind(lambda: _called(OwnCompiled()), ("conv_a", "conv_b"), "conv_b"),
    "compiled subclass, wrapped": Kind(
        lambda: _called(keras.Sequential([_called(OwnCompiled(name="own"))])),
        ("own/conv_a", "own/conv_b"),
        "own/conv_b",
    ),
    "compiled backbone": Kind(_compiled_backbone, ("body/conv_a", "body/conv_b"), "body/conv_b"),
    "one channel, swish": Kind(_grey, ("conv_a", "conv_b"), "conv_b", shape=(*SIZE, 1)),
    "frozen": Kind(_frozen, BODY, "conv_b"),
    "not square": Kind(lambda: _functional(size=(10, 15)), BODY, "conv_b", shape=(10, 15, 3)),
    "shared layer": Kind(_shared, ("conv_a", "again", "again:2"), "again:2"),
    "residual": Kind(_residual, ("stem", "inner", "branch", "sum", "out"), "out"),
    "flattened": Kind(_flattened, BODY, "conv_b", head=""),
    "pooled by maximum": Kind(_by_maximum, BODY, "conv_b", head=""),
}
"""Every kind of network that must work with every method."""


def kind(name: str, model=None) -> explain.Classifier:
    """A Classifier of a network of one kind, built anew if none is given."""
    described = KINDS[name]
    classes = PETS[:2] if described.output == "sigmoid" else PETS
    size = SIZE if "subclass" in name else None  # the others know theirs
    channels = described.shape[-1]
    return explain.Classifier(model or described.build(), classes, lambda batch: batch[..., :channels] / 255, size=size)
