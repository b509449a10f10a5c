"""The convolutional networks that transfer models start from: one table, each can be cut after any of its stages.

Plain Keras: this module runs on every Keras backend.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from string import ascii_lowercase
from typing import Any

import keras

from models.errors import ModelError

_NUMBERED = re.compile(
    r"(activation|add|average_pooling2d|batch_normalization|concatenate|conv2d|layer_normalization|max_pooling2d|"
    r"normalization|re_lu|rescaling|variable|zero_padding2d)(?:_(\d+))?"
)


@dataclass(frozen=True)
class Stage:
    """A part of a network that it can be cut after.

    Attributes:
        name: what the stage is called.
        output: the layer, or the bare operation such as an addition, that a network cut after this stage ends with.
        layers: patterns of the names of its layers, as `fnmatch` takes them.
        strides: the layers that halve the map for the last time before that output, on each of their branches; none
            where this can't be undone without changing what the network computes.
        dilated: patterns of the layers from there to the output that look at neighbours. In a map twice as fine, these
            are two steps away.
    """

    name: str
    output: str
    layers: tuple[str, ...]
    strides: tuple[str, ...] = ()
    dilated: tuple[str, ...] = ()


@dataclass(frozen=True)
class Backbone:
    """One network of Keras Applications.

    Attributes:
        build: name of the function of `keras.applications`.
        preprocessing: name of its input scaling, as `explain.Classifier` takes it: "none" of its own for the networks
            that begin with layers that scale 0..255.
        stages: in running order.
    """

    build: str
    preprocessing: str
    stages: tuple[Stage, ...]

    def stage(self, name: str) -> Stage:
        """The stage of that name; the last one for an empty name.

        Raises:
            ModelError: there is none.
        """
        if not name:
            return self.stages[-1]
        for stage in self.stages:
            if stage.name == name:
                return stage
        known = ", ".join(stage.name for stage in self.stages)
        raise ModelError(f"{self.build} has no stage {name!r}. Its stages: {known}.")


def _nth(kind: str, number: int) -> str:
    """How Keras names the layer of a kind that was made after so many others of it."""
    return f"{kind}_{number}" if number else kind


def _resnet(build: str, blocks: tuple[int, int, int, int]) -> Backbone:
    """The first block of a stage halves the map on both of its branches (He et al. 2016, arXiv 1512.03385)."""
    stages = [
        Stage("conv1", "pool1_pool", ("conv1_*", "pool1_*")),
        Stage("conv2", f"conv2_block{blocks[0]}_out", ("conv2_*",)),
    ]
    for name, count in zip(("conv3", "conv4", "conv5"), blocks[1:], strict=True):
        strides = (f"{name}_block1_0_conv", f"{name}_block1_1_conv")
        stages.append(Stage(name, f"{name}_block{count}_out", (f"{name}_*",), strides, (f"{name}_block*_2_conv",)))
    return Backbone(build, "resnet", tuple(stages))


def _resnet_v2(build: str, blocks: tuple[int, int, int, int]) -> Backbone:
    """Its blocks begin with batch norm and ReLU, so a cut includes those of the next stage: they belong to the sum.

    The last block of a stage halves the map, and its shortcut by a pooling that has no name of its own; the last stage
    has none, so there it is the stage before (He et al. 2016, arXiv 1603.05027).
    """
    stages = [Stage("conv1", "pool1_pool", ("conv1_*", "pool1_*"))]
    for n, count in enumerate(blocks[:3], start=2):
        strides = (f"conv{n}_block{count}_2_conv", _nth("max_pooling2d", n - 2))
        stages.append(Stage(f"conv{n}", f"conv{n + 1}_block1_preact_relu", (f"conv{n}_*",), strides))
    dilated = ("conv5_block*_2_pad", "conv5_block*_2_conv")
    stages.append(Stage("conv5", "post_relu", ("conv5_*", "post_*"), stages[-1].strides, dilated))
    return Backbone(build, "resnet_v2", tuple(stages))


def _vgg(build: str) -> Backbone:
    """Simonyan & Zisserman 2015, arXiv 1409.1556."""
    names = [f"block{number}" for number in range(1, 6)]
    return Backbone(build, build.lower(), tuple(Stage(name, f"{name}_pool", (f"{name}_*",)) for name in names))


def _mobilenet(build: str, preprocessing: str, **stages: tuple[str, ...]) -> Backbone:
    """A stage for each resolution: its output, and its layers (Sandler et al. 2018, arXiv 1801.04381; Howard et al.
    2019, arXiv 1905.02244)."""
    numbered = enumerate(stages.items(), start=1)
    return Backbone(build, preprocessing, tuple(Stage(f"stage{n}", end, layers) for n, (end, layers) in numbered))


def _blocks(prefix: str, first: int, last: int) -> tuple[str, ...]:
    return tuple(f"{prefix}_{number}_*" for number in range(first, last + 1))


def _xception() -> Backbone:
    """Blocks 2, 3, 4 and 13 have a convolution on their shortcut, without a name (Chollet 2017, arXiv 1610.02357)."""
    stages = [Stage("block1", "block1_conv2_act", ("block1_*",))]
    shortcuts = {2: 0, 3: 1, 4: 2, 13: 3}
    for block in range(2, 14):
        own = [_nth(kind, shortcuts[block]) for kind in ("conv2d", "batch_normalization") if block in shortcuts]
        stages.append(Stage(f"block{block}", _nth("add", block - 2), (f"block{block}_*", *own)))
    return Backbone("Xception", "xception", (*stages, Stage("block14", "block14_sepconv2_act", ("block14_*",))))


def _inception_v3() -> Backbone:
    """A stage for each concatenation; the convolutions have numbers only (Szegedy et al. 2016, arXiv 1512.00567)."""
    stages, first = [], 0
    for number, count in enumerate((5, 7, 7, 7, 4, 10, 10, 10, 10, 6, 9, 9)):
        name, end = (f"mixed{number - 1}",) * 2 if number else ("stem", "max_pooling2d_1")
        inside = [(_nth("conv2d", n), _nth("batch_normalization", n)) for n in range(first, first + count)]
        stages.append(Stage(name, end, tuple(one for pair in inside for one in pair)))
        first += count
    return Backbone("InceptionV3", "inception_v3", tuple(stages))


def _densenet(build: str) -> Backbone:
    """A dense block's sum of features is normalised by the transition after it, so a cut includes that much of the
    transition (Huang et al. 2017, arXiv 1608.06993)."""
    stages = [Stage("conv1", "pool1", ("conv1_*",))]
    for n in range(2, 6):
        end, before = (f"pool{n}_" if n < 5 else ""), (f"pool{n - 1}_conv",) if n > 2 else ()
        stages.append(Stage(f"conv{n}", f"{end}relu", (*before, f"conv{n}_*", f"{end}bn", f"{end}relu")))
    return Backbone(build, "densenet", tuple(stages))


def _efficientnet_v2(build: str, blocks: tuple[int, ...]) -> Backbone:
    """Tan & Le 2021, arXiv 2104.00298. A block that changes the number of channels has no sum."""
    ends = [f"block{n}{ascii_lowercase[count - 1]}_add" for n, count in enumerate(blocks, start=1)]
    ends = ["stem_activation", "block1a_project_activation" if blocks[0] == 1 else ends[0], *ends[1:], "top_activation"]
    starts = ["stem_", *(f"block{n}" for n in range(1, 7)), "top_"]
    stages = (Stage(start.rstrip("_"), end, (f"{start}*",)) for start, end in zip(starts, ends, strict=True))
    return Backbone(build, "efficientnet_v2", tuple(stages))


def _convnext(build: str, name: str, blocks: tuple[int, ...]) -> Backbone:
    """Each block ends with a bare addition (Liu et al. 2022, arXiv 2201.03545)."""
    stages = []
    for n in range(4):
        before = f"{name}_downsampling_block_{n - 1}" if n else f"{name}_stem"
        end = _nth("add", sum(blocks[: n + 1]) - 1)
        stages.append(Stage(f"stage_{n}", end, (before, f"{name}_stage_{n}_*")))
    stages[-1] = replace(stages[-1], output="layer_normalization", layers=(*stages[-1].layers, "layer_normalization"))
    return Backbone(build, "convnext", tuple(stages))


_TABLE = (
    _resnet("ResNet50", (3, 4, 6, 3)),
    _resnet("ResNet101", (3, 4, 23, 3)),
    _resnet("ResNet152", (3, 8, 36, 3)),
    _resnet_v2("ResNet50V2", (3, 4, 6, 3)),
    _resnet_v2("ResNet101V2", (3, 4, 23, 3)),
    _resnet_v2("ResNet152V2", (3, 8, 36, 3)),
    _vgg("VGG16"),
    _vgg("VGG19"),
    _mobilenet(
        "MobileNetV2",
        "mobilenet_v2",
        # A block's own output is not activated, so a cut includes the expansion after it.
        block_1_expand_relu=("Conv1*", "bn_Conv1", "expanded_conv_*"),
        block_3_expand_relu=_blocks("block", 1, 2),
        block_6_expand_relu=_blocks("block", 3, 5),
        block_13_expand_relu=_blocks("block", 6, 12),
        out_relu=(*_blocks("block", 13, 16), "Conv_1*", "out_relu"),
    ),
    _mobilenet(
        "MobileNetV3Small",
        "mobilenet_v3",
        activation=("conv", "conv_bn"),
        expanded_conv_project_bn=("expanded_conv_[!0-9]*",),
        expanded_conv_2_add=_blocks("expanded_conv", 1, 2),
        expanded_conv_7_add=_blocks("expanded_conv", 3, 7),
        activation_17=(*_blocks("expanded_conv", 8, 10), "conv_1", "conv_1_bn"),
    ),
    _mobilenet(
        "MobileNetV3Large",
        "mobilenet_v3",
        expanded_conv_add=("conv", "conv_bn", "expanded_conv_[!0-9]*"),
        expanded_conv_2_add=_blocks("expanded_conv", 1, 2),
        expanded_conv_5_add=_blocks("expanded_conv", 3, 5),
        expanded_conv_11_add=_blocks("expanded_conv", 6, 11),
        activation_19=(*_blocks("expanded_conv", 12, 14), "conv_1", "conv_1_bn"),
    ),
    _xception(),
    _inception_v3(),
    _densenet("DenseNet121"),
    _efficientnet_v2("EfficientNetV2B0", (1, 2, 2, 3, 5, 8)),
    _efficientnet_v2("EfficientNetV2B1", (2, 3, 3, 4, 6, 9)),
    _efficientnet_v2("EfficientNetV2B2", (2, 3, 3, 4, 6, 10)),
    _efficientnet_v2("EfficientNetV2B3", (2, 3, 3, 5, 7, 12)),
    _efficientnet_v2("EfficientNetV2S", (2, 4, 4, 6, 9, 15)),
    _convnext("ConvNeXtTiny", "convnext_tiny", (3, 3, 9, 3)),
)
BACKBONES = {entry.build.lower(): entry for entry in _TABLE}


def find(name: str) -> Backbone:
    """The backbone of that name.

    Raises:
        ModelError: the table has no such name.
    """
    if name not in BACKBONES:
        raise ModelError(f"There is no backbone {name!r}. Known: {', '.join(sorted(BACKBONES))}.")
    return BACKBONES[name]


def backbone(name: str, size: int | None, cut: str = "", finer: bool = False) -> Any:
    """The network up to a stage, with fresh weights; its layers' names do not depend on what was built before.

    Args:
        name: a key of `BACKBONES`.
        size: side of the square input in pixels; None leaves it open.
        cut: name of the last stage that is kept; all are, if it is empty.
        finer: whether the last halving is undone, so that the last map is twice as fine, with the coarse one's values
            at its even rows and columns; weights do not depend on strides, so the pretrained ones still fit.

    Returns:
        A functional `keras.Model`: (N, size, size, 3), preprocessed -> (N, rows, columns, channels).

    Raises:
        ModelError: there is no such backbone or stage, or its last halving can't be undone, or the size is too small.
    """
    entry = find(name)
    stage = entry.stage(cut)
    if finer and not stage.strides:
        possible = {key: [one.name for one in other.stages if one.strides] for key, other in BACKBONES.items()}
        finest = "; ".join(f"{key} after {', '.join(stages)}" for key, stages in possible.items() if stages)
        raise ModelError(f"The last map of {name} cut after {stage.name} can't be made finer. Possible: {finest}.")
    try:
        full = getattr(keras.applications, entry.build)(weights=None, include_top=False, input_shape=(size, size, 3))
    except ValueError as error:
        raise ModelError(f"{entry.build} can't be built for photos of {size} × {size}: {error}") from error
    names = canonical(operation.name for operation in full.operations)
    output = next(one.output for one in full.operations if names.get(one.name, one.name) == stage.output)
    body = keras.Model(full.input, output, name=name)
    if not finer and not names:
        return body

    def clone(operation: Any) -> Any:
        config = operation.get_config()
        config["name"] = names.get(operation.name, operation.name)
        if finer and config["name"] in stage.strides:
            config["strides"] = (1, 1)
            if "pool_size" in config:
                config["pool_size"] = (1, 1)  # a maximum over more would blur the shortcut that was only thinned out
        if finer and any(fnmatchcase(config["name"], pattern) for pattern in stage.dilated):
            if "dilation_rate" in config:
                config["dilation_rate"] = (2, 2)
            else:  # the padding before such a convolution
                config["padding"] = [[2 * pixels for pixels in side] for side in config["padding"]]
        return operation.__class__.from_config(config)

    return keras.models.clone_model(body, clone_function=clone)


def canonical(names: Iterable[str]) -> dict[str, str]:
    """What the names that Keras gives by counting through a whole process are in one that makes this network first.

    Args:
        names: of all layers of a network; those that are no such name are left out of the answer.
    """
    kinds: dict[str, list[tuple[int, str]]] = {}
    for name in names:
        if match := _NUMBERED.fullmatch(name):
            kinds.setdefault(match[1], []).append((int(match[2] or 0), name))
    return {name: _nth(kind, n) for kind, found in kinds.items() for n, (_, name) in enumerate(sorted(found))}


def freeze(network: Any, name: str, patterns: tuple[str, ...]) -> None:
    """Keep layers of a network as they are while it learns.

    Args:
        network: has the backbone's layers by their names.
        name: of the backbone, a key of `BACKBONES`.
        patterns: "all" (of the backbone), names of its stages, and patterns of layers' names as `fnmatch` takes them.

    Raises:
        ModelError: a pattern matches no layer.
    """
    entry = find(name)
    for pattern in patterns:
        chosen = [stage for stage in entry.stages if pattern in ("all", stage.name)]
        matches = tuple(one for stage in chosen for one in stage.layers) or (pattern,)
        layers = [layer for layer in network.layers if any(fnmatchcase(layer.name, match) for match in matches)]
        if not layers:
            stages = ", ".join(stage.name for stage in entry.stages)
            raise ModelError(
                f"freeze: {pattern!r} names no layer and no stage. The stages of {name}: {stages}; or all."
            )
        for layer in layers:
            layer.trainable = False


def scaling(preprocessing: str) -> Callable[[Any], Any]:
    """The input scaling of that name from Keras Applications, for float batches in 0..255; it may work in place."""
    return getattr(keras.applications, preprocessing).preprocess_input  # type: ignore[no-any-return]
