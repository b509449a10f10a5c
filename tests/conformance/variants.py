"""One network written in every way that Keras allows; all of them must give the same maps."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import networks
import tensorflow as tf
from keras import layers

import explain

SIZE = 12, 10


@dataclass(frozen=True)
class Variant:
    """A way to write the network of `networks.pooled`.

    Attributes:
        build: makes the model with its weights.
        first: path of its first convolution.
        last: path of the layer that the pooling reads.
        how: more arguments of the Classifier.
        precise: whether it computes in float32.
    """

    build: Callable[[], Any]
    first: str = "first"
    last: str = "last"
    how: dict[str, Any] = field(default_factory=dict)
    precise: bool = True

    def explainer(self) -> explain.Explainer:
        return networks.explainer(self.build(), **self.how)


def plain() -> Any:
    return networks.pooled(size=SIZE)


def weights() -> dict[str, list[Any]]:
    return {layer.name: layer.get_weights() for layer in plain().layers if layer.weights}


def same(model: Any) -> Any:
    """The model with the weights of the plain one, wherever its layers are."""
    stored = weights()
    for layer in model._flatten_layers():
        if layer.name in stored and isinstance(layer, layers.Conv2D | layers.Dense):
            layer.set_weights(stored[layer.name])
    return model


def convolutions(dtype: Any = None) -> list[Any]:
    return [
        layers.Conv2D(4, 3, padding="same", activation="relu", name="first", dtype=dtype),
        layers.Conv2D(5, 3, padding="same", strides=2, activation="relu", name="last", dtype=dtype),
    ]


def chain(parts: list[Any], name: str | None = None) -> Any:
    """A functional model of layers in a row."""
    photo = x = keras.Input((*SIZE, 3))
    for part in parts:
        x = part(x)
    return keras.Model(photo, x, name=name)


def head(*after: Any, activation: str | None = None, dtype: Any = None) -> list[Any]:
    return [
        layers.GlobalAveragePooling2D(name="pool", dtype=dtype),
        layers.Dense(3, name="scores", activation=activation, dtype=dtype),
        *after,
    ]


def frozen() -> Any:
    model = plain()
    model.trainable = False
    return model


def shared() -> Any:
    """The plain network, whose layers run once more on the mirrored photo, to no effect."""
    body = chain(convolutions(), "body")
    photo = keras.Input((*SIZE, 3))
    x, other = body(photo), body(keras.ops.flip(photo, axis=2))
    x = layers.Add(name="sum")([x, layers.Rescaling(0.0)(other)])
    for part in head():
        x = part(x)
    return same(keras.Model(photo, x))


def reloaded(model: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.keras"
        model.save(file)
        return keras.models.load_model(file)


def sequential(*parts: Any) -> Any:
    return same(keras.Sequential([keras.Input((*SIZE, 3)), *parts]))


class Own(keras.Model):
    """A model with a `call` of its own and an operation outside all layers."""

    def __init__(self) -> None:
        super().__init__(name="own")
        self.body = convolutions()
        self.scores = layers.Dense(3, name="scores")

    def call(self, photo):
        for layer in self.body:
            photo = layer(photo)
        return self.scores(tf.reduce_mean(photo, axis=(1, 2)))


class Compiled(Own):
    """A model whose `call` is a compiled function itself, so that its tensors lie in a graph of their own."""

    @tf.function
    def call(self, photo):
        return super().call(photo)


class Block(layers.Layer):
    """A layer made of layers."""

    def __init__(self, **how) -> None:
        super().__init__(**how)
        self.inner = chain(convolutions(), "inner")

    def call(self, photo):
        return self.inner(photo)


def own(kind: type[Own]) -> Any:
    model = kind()
    model(tf.zeros((1, *SIZE, 3)))
    return same(model)


def with_weights_to_come(parts: list[Any]) -> list[Any]:
    """Layers that no photo has gone through, with the weights that they get with their first."""
    stored = weights()
    for part in parts:
        if part.name in stored:
            kernel, bias = stored[part.name]
            part.kernel_initializer = keras.initializers.Constant(kernel)
            part.bias_initializer = keras.initializers.Constant(bias)
    return parts


def unbuilt_own() -> Any:
    model = Own()
    with_weights_to_come([*model.body, model.scores])
    return keras.Sequential([model])


VARIANTS = {
    "plain": Variant(plain),
    "nested": Variant(lambda: same(chain([chain(convolutions(), "body"), *head()])), "body/first", "body/last"),
    "twice nested": Variant(
        lambda: same(chain([chain([chain(convolutions(), "inner")], "outer"), *head()])),
        "outer/inner/first",
        "outer/inner/last",
    ),
    "sequential": Variant(lambda: sequential(*convolutions(), *head())),
    "sequential of a body and a head": Variant(
        lambda: sequential(chain(convolutions(), "body"), *head()), "body/first", "body/last"
    ),
    "sequential, never called": Variant(
        lambda: keras.Sequential(with_weights_to_come([*convolutions(), *head()])), how={"size": SIZE}
    ),
    "sequential of an own call, never called": Variant(unbuilt_own, "own/first", "own/last", how={"size": SIZE}),
    "sequential, reloaded": Variant(lambda: reloaded(sequential(*convolutions(), *head()))),
    "nested, reloaded": Variant(
        lambda: reloaded(same(chain([chain(convolutions(), "body"), *head()]))), "body/first", "body/last"
    ),
    "a layer of layers": Variant(
        lambda: same(chain([Block(name="block"), *head()])), "block/inner/first", "block/inner/last"
    ),
    "own call": Variant(lambda: own(Own), how={"size": SIZE}),
    "own call, compiled": Variant(lambda: own(Compiled), how={"size": SIZE}),
    "frozen": Variant(frozen),
    "shared": Variant(shared, "body/first", "sum"),
    "dropout, batch norm and padding around": Variant(
        lambda: same(
            chain(
                [
                    layers.ZeroPadding2D(0),
                    *convolutions(),
                    layers.Dropout(0.5),
                    layers.Identity(),
                    head()[0],
                    layers.Dropout(0.5),
                    head()[1],
                ]
            )
        )
    ),
    "softmax inside": Variant(lambda: same(chain([*convolutions(), *head(activation="softmax")]))),
    "softmax layer": Variant(lambda: same(chain([*convolutions(), *head(layers.Softmax())]))),
    "softmax function": Variant(lambda: same(chain([*convolutions(), *head(keras.ops.softmax)]))),
    "log softmax": Variant(lambda: same(chain([*convolutions(), *head(layers.Activation("log_softmax"))]))),
    "sigmoid of each": Variant(lambda: same(chain([*convolutions(), *head(activation="sigmoid")]))),
    "multilabel logits": Variant(plain, how={"kind": "multilabel"}),
    "mixed precision": Variant(
        lambda: same(chain([*convolutions("mixed_float16"), *head(dtype="mixed_float16")])), precise=False
    ),
    "mixed precision, softmax in float32": Variant(
        lambda: same(
            chain([*convolutions("mixed_float16"), *head(layers.Softmax(dtype="float32"), dtype="mixed_float16")])
        ),
        precise=False,
    ),
    "pooling by an operation": Variant(
        lambda: same(chain([*convolutions(), lambda x: keras.ops.mean(x, axis=(1, 2)), head()[1]]))
    ),
}
