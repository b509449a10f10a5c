"""The convolutional networks that transfer models start from: one table, each cut where its features serve best.

Plain Keras: this module runs on every Keras backend.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras

from models.errors import ModelError


@dataclass(frozen=True)
class Backbone:
    """One network of Keras Applications and where it is cut.

    Attributes:
        build: the function of `keras.applications`.
        preprocessing: name of its input scaling, as `explain.Classifier` takes it.
        cut: name of the layer whose output the head reads.
        stages: prefixes of layer names, in running order, by which parts of the network are frozen.
        undo_stride: names of the layers whose stride is set to 1, so that the last map is twice as fine; weights
            do not depend on strides, so the pretrained ones still fit.
    """

    build: Callable[..., Any]
    preprocessing: str
    cut: str
    stages: tuple[str, ...]
    undo_stride: tuple[str, ...] = ()


BACKBONES = {
    # The last block of the fourth stage halves the map twice over: in its 3x3 convolution and in the max pooling of its
    # shortcut, which is the only unnamed layer of the network's body and so is found by what it is connected to.
    "resnet50v2-conv4": Backbone(
        build=keras.applications.ResNet50V2,
        preprocessing="resnet_v2",
        cut="conv5_block1_preact_relu",
        stages=("conv1", "conv2", "conv3", "conv4", "conv5"),
        undo_stride=("conv4_block6_2_conv", "shortcut of conv4_block6_out"),
    ),
    "mobilenetv2": Backbone(
        build=keras.applications.MobileNetV2,
        preprocessing="mobilenet_v2",
        cut="out_relu",
        stages=("Conv1", "bn_Conv1", "expanded_conv", *(f"block_{n}_" for n in range(1, 17)), "Conv_1"),
    ),
}


def backbone(name: str, size: int) -> Any:
    """The network cut and made finer as the table says, with fresh weights.

    Args:
        name: a key of `BACKBONES`.
        size: side of the square input in pixels.

    Returns:
        A functional `keras.Model`: (N, size, size, 3), preprocessed -> (N, rows, columns, channels).

    Raises:
        ModelError: the table has no such name.
    """
    if name not in BACKBONES:
        raise ModelError(f"There is no backbone {name!r}. Known: {', '.join(sorted(BACKBONES))}.")
    entry = BACKBONES[name]
    full = entry.build(weights=None, include_top=False, input_shape=(size, size, 3))
    body = keras.Model(full.input, full.get_layer(entry.cut).output, name=name)
    if not entry.undo_stride:
        return body
    finer = {_resolve(body, wanted) for wanted in entry.undo_stride}

    def clone(layer: Any) -> Any:
        config = layer.get_config()
        if layer.name in finer:
            config["strides"] = (1, 1)
            if "pool_size" in config:
                config["pool_size"] = (1, 1)  # a maximum over more would blur the shortcut that was only thinned out
        return layer.__class__.from_config(config)

    return keras.models.clone_model(body, clone_function=clone)


def scaling(preprocessing: str) -> Callable[[Any], Any]:
    """The input scaling of that name from Keras Applications, for float batches in 0..255; it may work in place."""
    return getattr(keras.applications, preprocessing).preprocess_input  # type: ignore[no-any-return]


def _resolve(body: Any, wanted: str) -> str:
    """The name of a layer, given as it is or as "shortcut of X": the pooling that X adds to its branch."""
    _, shortcut, target = wanted.rpartition("shortcut of ")
    if not shortcut:
        return wanted
    inputs = body.get_layer(target).input
    producers = [tensor._keras_history.operation for tensor in inputs]
    return next(str(layer.name) for layer in producers if isinstance(layer, keras.layers.MaxPooling2D))
