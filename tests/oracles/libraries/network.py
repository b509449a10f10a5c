"""The network that all libraries explain, with stored weights, in Keras 2, Keras 3 and PyTorch.

    x (8, 8, 3) -> first (convolution, 4 channels) -> normalise -> relu -> second (convolution, 5) -> layer (ReLU)
    -> halve (max pooling) -> third (convolution, 6) -> last (ReLU) -> pool (mean over all places) -> scores (3)

Maps are made at `layer`, which is as large as the photo: no library's way of enlarging is in them. Behind it
gradients differ from place to place, so that no two methods have the same map. `last` is for CAM.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import stored

LAYER, LAST = "layer", "last"
CLASSES = ("cat", "dog", "bird")
TARGET = 1
SIDE = 8
"""Rows and columns of the photo."""
SCALE = 256
"""A photo's pixels are divided by it: exact in float32."""
EPSILON = 1e-3
"""Of the normalisation, in both frameworks."""
SMALLER = 256
"""The head's weights are divided by it where small gradients are of interest."""

SHAPES = {
    "first/kernel": (3, 3, 3, 4),
    "first/bias": (4,),
    "normalise/gamma": (4,),
    "normalise/beta": (4,),
    "normalise/mean": (4,),
    "normalise/variance": (4,),
    "second/kernel": (3, 3, 4, 5),
    "second/bias": (5,),
    "third/kernel": (3, 3, 5, 6),
    "third/bias": (6,),
    "scores/kernel": (6, 3),
    "scores/bias": (3,),
    "photo": (SIDE, SIDE, 3),
}


def numbers() -> dict[str, np.ndarray]:
    """The weights, in Keras' order of axes, and the photo, pixels in 0..255."""
    return stored.load("network")[1]


def with_head(numbers: dict[str, np.ndarray], factor: float) -> dict[str, np.ndarray]:
    """The same with the weights of the scores multiplied."""
    return numbers | {"scores/kernel": numbers["scores/kernel"] * np.float32(factor)}


def draw(seed: int) -> dict[str, np.ndarray]:
    """Weights in 64ths and a photo: what `network.json` was made of."""
    rng = np.random.default_rng(seed)
    drawn = {}
    for name, shape in SHAPES.items():
        if name == "photo":
            drawn[name] = rng.integers(0, 256, shape)
        elif name.endswith(("gamma", "variance")):
            drawn[name] = rng.integers(32, 97, shape) / 64
        elif name.endswith("kernel"):
            drawn[name] = np.round(64 * rng.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape)) / 64
        else:
            drawn[name] = rng.integers(-16, 17, shape) / 64
    return {name: values.astype(np.float32) + 0 for name, values in drawn.items()}  # + 0: no -0


def in_keras(keras: Any, weights: dict[str, np.ndarray], activation: str | None = None) -> Any:
    """The model in a Keras, with an activation behind the scores if one is named."""
    photo = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", name="first")(photo)
    x = keras.layers.BatchNormalization(epsilon=EPSILON, name="normalise")(x)
    x = keras.layers.ReLU(name="relu")(x)
    x = keras.layers.Conv2D(5, 3, padding="same", name="second")(x)
    x = keras.layers.ReLU(name=LAYER)(x)
    x = keras.layers.MaxPooling2D(name="halve")(x)
    x = keras.layers.Conv2D(6, 3, name="third")(x)
    x = keras.layers.ReLU(name=LAST)(x)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    x = keras.layers.Dense(3, name="scores")(x)
    model = keras.Model(photo, keras.layers.Activation(activation, name="probabilities")(x) if activation else x)
    for layer in ("first", "normalise", "second", "third", "scores"):
        own = [values for name, values in weights.items() if name.startswith(f"{layer}/")]
        model.get_layer(layer).set_weights(own)
    return model


def in_torch(torch: Any, weights: dict[str, np.ndarray]) -> Any:
    """The model in PyTorch, modules named as the layers are."""
    nn = torch.nn
    model = nn.Sequential()
    for name, module in {
        "first": nn.Conv2d(3, 4, 3, padding=1),
        "normalise": nn.BatchNorm2d(4, eps=EPSILON),
        "relu": nn.ReLU(),
        "second": nn.Conv2d(4, 5, 3, padding=1),
        LAYER: nn.ReLU(),
        "halve": nn.MaxPool2d(2),
        "third": nn.Conv2d(5, 6, 3),
        LAST: nn.ReLU(),
        "pool": nn.AdaptiveAvgPool2d(1),
        "flat": nn.Flatten(),
        "scores": nn.Linear(6, 3),
    }.items():
        model.add_module(name, module)
    names = {"kernel": "weight", "gamma": "weight", "beta": "bias", "mean": "running_mean", "variance": "running_var"}
    for key, values in weights.items():
        if key != "photo":
            layer, _, own = key.partition("/")
            ordered = values.transpose(
                (3, 2, 0, 1) if values.ndim == 4 else None
            )  # (out, in, rows, columns); (out, in)
            state = model.get_submodule(layer).state_dict()
            state[names.get(own, own)].copy_(torch.from_numpy(np.ascontiguousarray(ordered)))
    return model.eval()
