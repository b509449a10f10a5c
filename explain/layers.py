"""Which layers there are to choose from, and the stage of the network that each belongs to."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import keras

from explain.errors import ExplainError, unknown

_STAGE = re.compile(r"conv_?\d+(?=_|$)|(?:block|stage)_?\d+(?=[a-z]?(?:_|$))", re.IGNORECASE)
_NOBODY_CHOOSES = (
    keras.layers.BatchNormalization,
    keras.layers.Cropping2D,
    keras.layers.Dropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.Identity,
    keras.layers.InputLayer,
    keras.layers.LayerNormalization,
    keras.layers.Normalization,
    keras.layers.Rescaling,
    keras.layers.SpatialDropout2D,
    keras.layers.ZeroPadding2D,
)


@dataclass(frozen=True)
class LayerInfo:
    """One layer that can be explained.

    Attributes:
        name: its path, such as "backbone/conv4_block6_out".
        stage: the group of layers that it belongs to.
        kind: its Keras class.
        shape: rows, columns and channels of its output.
    """

    name: str
    stage: str
    kind: str
    shape: tuple[int, int, int]


def children(layer: Any) -> list[Any]:
    """The layers that a layer is made of, each once, and the operations between them such as an addition written +."""
    if not isinstance(layer, keras.Layer):
        return []
    between = [step for step in getattr(layer, "operations", ()) if not isinstance(step, keras.Layer)]
    return [*layer._flatten_layers(include_self=False, recursive=False), *between]


def worth_choosing(layer: Any) -> bool:
    """Whether somebody would look at this layer: not padding, normalisation, dropout, a bare operation and the like."""
    return isinstance(layer, keras.Layer) and not isinstance(layer, _NOBODY_CHOOSES)


def find(name: Any, maps: Collection[str], every: Collection[str]) -> str:
    """The path of a layer, from its path or its short name if it is unique.

    Args:
        name: which is looked for.
        maps: the paths of layers with a map.
        every: those of all layers.

    Raises:
        ExplainError: there is none, or several, or it has no map.
    """
    if not isinstance(name, str):
        raise ExplainError(f"A layer is given by its name; received {name!r}.")
    if name in maps:
        return name
    short = [path for path in maps if path.endswith(f"/{name}")]
    if len(short) == 1:
        return short[0]
    if short:
        raise ExplainError(f"There are {len(short)} layers {name!r}: {', '.join(short)}. Name one of these.")
    if name in every or any(path.endswith(f"/{name}") for path in every):
        raise ExplainError(
            f"The layer {name!r} has no map: its output is not (N, rows, columns, channels) with several places."
        )
    raise unknown("layer", name, maps)


def stages(layers: list[LayerInfo]) -> list[str]:
    """The stage of each layer, in running order.

    A name such as "conv4_block6_out", "block2a_expand" or "stage_1_block_0" tells its stage; a layer without one
    belongs to the one before. What comes before the first such name is the stem, what comes after the last the head.
    Where no name tells anything, or one comes up again later, a stage is everything of one resolution.
    """
    told = [_STAGE.search(layer.name.rpartition("/")[2]) for layer in layers]
    named = [number for number, match in enumerate(told) if match]
    runs = [stage for stage, _ in groupby(match[0].lower() for match in told if match)]
    if not named or len(set(runs)) < len(runs):
        return [f"{layer.shape[0]} × {layer.shape[1]}" for layer in layers]
    found: list[str] = []
    for number, match in enumerate(told):
        if match:
            found.append(match[0].lower())
        elif number < named[0]:
            found.append("stem")
        else:
            found.append("head" if number > named[-1] else found[-1])
    return _with_convolutions(found, layers)


def _with_convolutions(found: list[str], layers: list[LayerInfo]) -> list[str]:
    """A stage computes something: one without a convolution, such as the activation that ends a network and is named
    after a stage cut off behind it, joins the stage after it, or the one before if it is the last."""
    runs = [
        (stage, [number for number, _ in run]) for stage, run in groupby(enumerate(found), key=lambda pair: pair[1])
    ]
    convolves = [any("Conv" in layers[number].kind for number in numbers) for _, numbers in runs]
    if not any(convolves):
        return found
    names = [stage for stage, _ in runs]
    for place in reversed(range(len(runs) - 1)):
        if not convolves[place]:
            names[place] = names[place + 1]
    if not convolves[-1]:
        last = max(place for place, does in enumerate(convolves) if does)
        names[last + 1 :] = [names[last]] * (len(names) - last - 1)
    return [name for name, (_, numbers) in zip(names, runs, strict=True) for _ in numbers]
