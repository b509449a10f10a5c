"""A classifier's model as one graph: traced once, and cut into compiled functions as they are needed.

Since every layer's tensor is known, and all lie in one graph, a function may start anywhere and end anywhere: from the
input to all layers' maps, or from one layer's cached activation to its map for another class.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from explain import probe
from explain.classifier import Classifier
from explain.errors import ExplainError, unknown
from explain.methods import Method

for _gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(_gpu, True)  # leave the rest of its memory to others

_STAGE = re.compile(r"conv_?\d+(?=_|$)|(?:block|stage)_?\d+(?=[a-z]?(?:_|$))")
_NOBODY_CHOOSES = (
    keras.layers.BatchNormalization,
    keras.layers.Cropping2D,
    keras.layers.ZeroPadding2D,
    keras.layers.Rescaling,
    keras.layers.Normalization,
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


class Network:
    """The traced model.

    Args:
        classifier: whose model is traced; the model is left as it was.

    Raises:
        ExplainError: the model can't be run, or its outputs do not go with the classes and the kind.
    """

    def __init__(self, classifier: Classifier) -> None:
        self._classes = classifier.classes
        self._lock = threading.RLock()
        self._compiled: dict[Hashable, Any] = {}
        inputs = (
            tf.TensorSpec((None, *classifier.size, 3), tf.float32),
            tf.TensorSpec((len(classifier.classes),), tf.float32),
        )
        with probe.tracing:
            try:
                if not classifier.model.built:
                    classifier.model(np.zeros((1, *classifier.size, 3), np.float32), training=False)
                self._function = tf.compat.v1.wrap_function(
                    lambda batch, weights: self._trace(classifier, batch, weights), inputs
                )
            except ExplainError:
                raise
            except Exception as error:
                size = " × ".join(map(str, classifier.size))
                raise ExplainError(f"The model can't be run on a photo of {size} pixels: {error}") from error
        self._on_path = self._ancestors()
        self.default = self._default()
        self.layers = self._listed()

    def _trace(self, classifier: Classifier, batch: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        self._batch, self._weights = batch, weights
        output, seen = probe.run_model(classifier.model, batch)
        raw, activation = probe.logits(output)
        self._end = raw
        self.kind = _kind(classifier, int(raw.shape[-1]), activation)
        raw = tf.cast(raw, tf.float32)
        self._logits = tf.concat([-raw, raw], -1) if self.kind == "sigmoid" else raw
        # No weights at all stand for the predicted class: so one pass is enough where it is not known yet.
        predicted = tf.one_hot(tf.argmax(self._logits, -1), len(self._classes))
        chosen = tf.where(tf.reduce_any(weights != 0), weights[None], predicted)
        self._score = tf.reduce_sum(self._logits * tf.stop_gradient(chosen))
        self._tensors = {one.path: one.tensor for one in seen if _spatial(one.tensor)}
        self._layers = {one.path: one.layer for one in seen}
        return self._logits

    def _ancestors(self) -> set[Any]:
        todo, done = [self._end], set()
        while todo:
            tensor = todo.pop()
            if tensor.ref() not in done:
                done.add(tensor.ref())
                todo.extend(tensor.op.inputs)
        return done

    def _default(self) -> str:
        read = probe.pooled(self._end)
        paths = [path for path, tensor in self._tensors.items() if tensor is read]
        if paths:
            return paths[0] if len(paths) == 1 else min(paths, key=lambda path: _has_children(self._layers[path]))
        return ""

    def _listed(self) -> tuple[LayerInfo, ...]:
        listed: list[LayerInfo] = []
        tensors: set[Any] = set()
        named = any(_STAGE.search(path.rpartition("/")[2]) for path in self._tensors)
        stage = ""
        for path, tensor in self._tensors.items():
            layer = self._layers[path]
            found = _STAGE.search(path.rpartition("/")[2])
            rows, columns, channels = tensor.shape[1:]
            # Layers without a stage in their name belong to the one before; without any names, stages are sizes.
            stage = (found[0] if found else stage) if named else f"{rows} × {columns}"
            if path != self.default and (
                _has_children(layer)
                or isinstance(layer, _NOBODY_CHOOSES)
                or tensor.ref() in tensors  # it only hands on what it was given, as dropout does
                or tensor is self._batch
                or tensor.ref() not in self._on_path
            ):
                continue
            tensors.add(tensor.ref())
            listed.append(LayerInfo(path, stage or "input", type(layer).__name__, (rows, columns, channels)))
        if not listed:
            raise ExplainError("The model has no layer with a map: none has an output (N, rows, columns, channels).")
        if not self.default:
            self.default = listed[-1].name
        return tuple(listed)

    def find(self, name: str | None) -> str:
        """The path of a layer, from its path, its short name if it is unique, or None for the default.

        Raises:
            ExplainError: there is none, or several.
        """
        if name is None:
            return self.default
        if name in self._tensors:
            return name
        if name in self._layers:
            raise ExplainError(f"The layer {name!r} has no map: its output is not (N, rows, columns, channels).")
        short = [path for path in self._tensors if path.endswith(f"/{name}")]
        if len(short) > 1:
            raise ExplainError(f"There are {len(short)} layers {name!r}: {', '.join(short)}. Name one of these.")
        if not short:
            raise unknown("layer", name, self._tensors)
        return short[0]

    def start(self, path: str) -> str | None:
        """The layer whose activation is enough to compute everything after: the layer itself, if all paths to the
        output lead through it, else the nearest such layer before it; None where there is only the input."""
        with self._lock:
            return self._memo(("start", path), lambda: self._start(path))  # type: ignore[no-any-return]

    def _start(self, path: str) -> str | None:
        paths = list(self._tensors)
        for candidate in reversed(paths[: paths.index(path) + 1]):
            tensor = self._tensors[candidate]
            if probe.reaches(self._batch, self._end, without=tensor) or tensor.ref() not in self._on_path:
                continue
            if candidate == path or not probe.reaches(self._batch, self._tensors[path], without=tensor):
                return candidate
        return None

    def forward(self) -> Callable[..., list[tf.Tensor]]:
        """From the input to the logits: [logits (N, classes)]."""
        return self._compile("forward", [self._batch], lambda: [self._logits])

    def activation(self, path: str) -> Callable[..., list[tf.Tensor]]:
        """From the input to the output of a layer: [(N, rows, columns, K)]."""
        return self._compile(("activation", path), [self._batch], lambda: [self._tensors[path]])

    def maps(
        self, method: Method, parameters: dict[str, Any], paths: Sequence[str], keep: Sequence[str] = ()
    ) -> Callable[..., list[tf.Tensor]]:
        """From the input and the target's weights (classes,) to [logits, activations of `keep`, then map and largest
        term of each path]."""
        return self._compile(
            ("maps", method.name, *parameters.items(), tuple(paths), tuple(keep)),
            [self._batch, self._weights],
            lambda: [
                self._logits,
                *(self._tensors[path] for path in keep),
                *self._explained(method, parameters, paths),
            ],
        )

    def tail(self, method: Method, parameters: dict[str, Any], path: str, start: str) -> Callable[..., list[tf.Tensor]]:
        """From the activation of `start` and the target's weights to [map, largest term] of a path."""
        return self._compile(
            ("tail", method.name, *parameters.items(), path, start),
            [self._tensors[start], self._weights],
            lambda: self._explained(method, parameters, [path]),
        )

    def _explained(self, method: Method, parameters: dict[str, Any], paths: Sequence[str]) -> list[tf.Tensor]:
        tensors = [self._tensors[path] for path in paths]
        arguments = [[tf.cast(tensor, tf.float32)] for tensor in tensors]
        if method.gradients:
            gradients = tf.gradients(self._score, tensors)
            for path, argument, gradient in zip(paths, arguments, gradients, strict=True):
                if gradient is None:
                    raise ExplainError(f"The score does not depend on the layer {path!r}: it lies off the way to it.")
                argument.append(tf.cast(gradient, tf.float32))
        return [tensor for argument in arguments for tensor in method.function(*argument, **parameters)]

    def _compile(
        self, key: Hashable, feeds: list[tf.Tensor], fetches: Callable[[], list[tf.Tensor]]
    ) -> Callable[..., list[tf.Tensor]]:
        def build() -> Callable[..., list[tf.Tensor]]:
            with self._function.graph.as_default():
                pruned = self._function.prune(feeds, fetches())
            # Called directly, a pruned function first tries its arguments as if they had names, at several ms a call.
            signature = [tf.TensorSpec(feed.shape, feed.dtype) for feed in feeds]
            whole = tf.function(lambda *values: pruned(*values), input_signature=signature)
            return whole.get_concrete_function()  # type: ignore[no-any-return]

        with self._lock:
            return self._memo(key, build)  # type: ignore[no-any-return]

    def _memo(self, key: Hashable, make: Callable[[], Any]) -> Any:
        if key not in self._compiled:
            self._compiled[key] = make()
        return self._compiled[key]


def _kind(classifier: Classifier, outputs: int, activation: str | None) -> str:
    found = {"softmax": "softmax", "sigmoid": "sigmoid" if outputs == 1 else "multilabel"}.get(activation or "")
    kind = classifier.kind or found or ("sigmoid" if outputs == 1 else "softmax")
    if found and kind != found and not (kind == "multilabel" and found == "sigmoid"):
        raise ExplainError(
            f"kind={kind!r} does not go with the model: its output is a {activation}, which is {found!r}."
        )
    if (kind == "sigmoid") != (outputs == 1 and kind != "multilabel"):
        raise ExplainError(f"kind={kind!r} does not go with the model: it has {outputs} outputs.")
    wanted = 2 if kind == "sigmoid" else outputs
    if len(classifier.classes) != wanted:
        raise ExplainError(
            f"The model has {outputs} output{'s' if outputs > 1 else ''}, so there must be {wanted} classes; received "
            f"{len(classifier.classes)}: {', '.join(classifier.classes[:5])}{', ...' if wanted > 5 else ''}."
        )
    return kind


def _spatial(tensor: tf.Tensor) -> bool:
    shape = tensor.shape
    if shape.rank != 4 or None in shape[1:] or not tensor.dtype.is_floating:
        return False
    return bool(shape[1] * shape[2] > 1)


def _has_children(layer: Any) -> bool:
    return bool(getattr(layer, "_layers", ()))
