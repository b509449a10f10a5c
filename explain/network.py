"""A model as one graph: traced once, and cut into compiled functions as they are needed.

Since every layer's tensor is known, and all lie in one graph, a function may start anywhere and end anywhere: from the
input to all layers' maps, or from one layer's cached activation to its map for another class.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from explain import biases, layers, outputs, probe, pruning, rules
from explain.errors import ExplainError, plain
from explain.layers import LayerInfo
from explain.methods import Maps, Method
from explain.target import SPACES

for _gpu in tf.config.list_physical_devices("GPU"):
    with contextlib.suppress(RuntimeError):  # TensorFlow is in use already, with whatever was chosen then
        tf.config.experimental.set_memory_growth(_gpu, True)  # leave the rest of its memory to others

Compiled = Callable[..., list[tf.Tensor]]


class Network:
    """The traced model.

    The score that is explained is sum_c w_c logit_c + u_c p_c; (w, u) is an input of the compiled functions, so that
    no target needs a new trace.

    Args:
        model: the Keras model; it is left as it was.
        shape: height, width and channels of its input.
        classes: labels of its scores.
        kind: of its output, see `Classifier`.
        temperature: what the logits are divided by before they become probabilities.
        rule: how gradients pass activation functions, see `explain.rules`; None as they do.

    Attributes:
        kind: of its output: "softmax", "sigmoid" or "multilabel".
        layers: what there is to choose from.
        default: path of the layer that the global pooling reads, or of the last one where nothing pools.
        generalised: names of the activation functions other than ReLU that the rule acts on.

    Raises:
        ExplainError: the model can't be run, or its outputs do not go with the classes and the kind.
    """

    def __init__(
        self,
        model: Any,
        shape: tuple[int, int, int],
        classes: Sequence[str],
        kind: str | None,
        temperature: float = 1.0,
        rule: str | None = None,
    ) -> None:
        self._remake: Callable[[str], Network] = lambda other: Network(model, shape, classes, kind, temperature, other)
        self._lock = threading.RLock()
        self._compiled: dict[Hashable, Any] = {}
        if keras.backend.backend() != "tensorflow":
            raise ExplainError(
                f"Keras runs on {keras.backend.backend()}; set KERAS_BACKEND=tensorflow before it is imported."
            )
        with probe.tracing:
            try:
                if not model.built:
                    model(np.zeros((1, *shape), np.float32), training=False)
                self._function = tf.compat.v1.wrap_function(
                    lambda batch: self._trace(model, batch, classes, kind, rule),
                    [tf.TensorSpec((None, *shape), tf.float32)],
                )
            except ExplainError:
                raise
            except Exception as error:
                size = " × ".join(map(str, shape))
                raise ExplainError(f"The model can't be run on an input of {size}: {plain(error)}") from error
        with self._function.graph.as_default():
            self._add_score(len(classes), temperature)
        self._cuts = {tensor.ref() for tensor in probe.cuts(self._batch, self._logits)}
        self.default, self.layers = self._listed()

    def _trace(
        self, model: Any, batch: tf.Tensor, classes: Sequence[str], kind: str | None, rule: str | None
    ) -> tf.Tensor:
        self._batch = batch
        with rules.overriding(model, rule) as gates:
            output, seen = probe.run_model(model, batch)
        raw, activation = outputs.logits(output)
        self.generalised = rules.generalised(rule, gates, batch, raw)
        self.kind = outputs.kind_of(kind, classes, int(raw.shape[-1]), activation)
        raw = tf.cast(raw, tf.float32)
        self._logits = tf.concat([-raw, raw], -1) if self.kind == "sigmoid" else raw
        self._seen = {one.path: one for one in seen}
        self._tensors = {one.path: one.tensor for one in seen if probe.spatial(one.tensor)}
        return self._logits

    def _add_score(self, classes: int, temperature: float) -> None:
        cooled = self._logits / temperature
        self._probabilities = tf.nn.softmax(cooled) if self.kind == "softmax" else tf.nn.sigmoid(cooled)
        self._weights = tf.compat.v1.placeholder(tf.float32, (len(SPACES), classes))
        # How much of the predicted class is explained: with it one pass is enough where that class is not known yet.
        self._predicted = tf.compat.v1.placeholder(tf.float32, (len(SPACES),))
        predicted = tf.one_hot(tf.argmax(self._logits, -1), classes)
        weights = self._weights[:, None] + self._predicted[:, None, None] * predicted  # (2, N, classes)
        self._terms = list(zip(tf.unstack(weights), (self._logits, self._probabilities), strict=True))
        self._score = tf.add_n([tf.reduce_sum(weight * score) for weight, score in self._terms])

    def _listed(self) -> tuple[str, tuple[LayerInfo, ...]]:
        useful = probe.ancestors(self._logits)
        read = probe.pooled(self._logits)
        default, listed, tensors = "", [], {self._batch.ref()}
        # A container ends with the tensor of its last layer, and runs after it: the inner one has the name to show.
        for path, tensor in self._tensors.items():
            layer = self._seen[path].layer
            if tensor.ref() in tensors or tensor.ref() not in useful:
                continue
            if tensor is read:
                default = path
            elif not layers.worth_choosing(layer):
                continue
            tensors.add(tensor.ref())
            listed.append(LayerInfo(path, "", type(layer).__name__, tuple(tensor.shape[1:])))
        if not listed:
            raise ExplainError("The model has no layer with a map: none has an output (N, rows, columns, channels).")
        named = zip(listed, layers.stages(listed), strict=True)
        return default or listed[-1].name, tuple(dataclasses.replace(layer, stage=stage) for layer, stage in named)

    def find(self, name: str | None) -> str:
        """The path of a layer, from its path, its short name if it is unique, or None for the default.

        Raises:
            ExplainError: there is none, or several, or the scores do not depend on it.
        """
        return self.default if name is None else layers.find(name, self._tensors, self._seen)

    def start(self, path: str) -> str | None:
        """The layer whose activation is enough to compute a layer and everything after it: itself, if all paths to the
        output lead through it, else the nearest such layer before it; None where there is only the input."""
        return self._memo(("start", path), lambda: self._start(path))  # type: ignore[no-any-return]

    def _start(self, path: str) -> str | None:
        paths = list(self._tensors)
        before = probe.ancestors(self._tensors[path])
        for candidate in reversed(paths[: paths.index(path) + 1]):
            reference = self._tensors[candidate].ref()
            if reference in self._cuts and reference in before:
                return candidate
        return None

    def forward(self) -> Compiled:
        """From the input to [logits (N, classes), probabilities (N, classes)]."""
        return self._compile("forward", [self._batch], lambda: [self._logits, self._probabilities])

    def activation(self, path: str, start: str | None = None) -> Compiled:
        """From the input, or from the output of `start`, to the output of a layer: [(N, rows, columns, K)]."""
        feed = self._batch if start is None else self._tensors[start]
        return self._compile(("activation", path, start), [feed], lambda: [self._tensors[path]])

    def features(self, path: str) -> Compiled:
        """From the input to [logits, probabilities, mean over all places of a layer's output (N, K)]."""
        return self._compile(
            ("features", path),
            [self._batch],
            lambda: [self._logits, self._probabilities, tf.reduce_mean(self._activation(path), (1, 2))],
        )

    def maps(
        self, method: Method, parameters: dict[str, Any], paths: Sequence[str], keep: Sequence[str] = ()
    ) -> Compiled:
        """From the input, (w, u) and the share of the predicted class to logits, probabilities, a list of the
        activations of `keep` and a list of `Maps`, one for each path.

        Raises:
            ExplainError: the method can't explain one of the layers with these parameters.
        """
        fixed, numbers = self._told_apart(method, parameters, paths)
        return self._compile(
            ("maps", method.name, *fixed.items(), tuple(paths), tuple(keep)),
            [self._batch, self._weights, self._predicted],
            lambda **inputs: [
                self._logits,
                self._probabilities,
                [self._tensors[path] for path in keep],
                self._explained(method, fixed | inputs, paths),
            ],
            numbers,
        )

    def tail(self, method: Method, parameters: dict[str, Any], path: str, start: str) -> Compiled:
        """From the activation of `start`, (w, u) and the share of the predicted class to the `Maps` of a path, in a
        list; raises as `maps` does."""
        fixed, numbers = self._told_apart(method, parameters, [path])
        return self._compile(
            ("tail", method.name, *fixed.items(), path, start),
            [self._tensors[start], self._weights, self._predicted],
            lambda **inputs: self._explained(method, fixed | inputs, [path]),
            numbers,
        )

    def input_gradients(self) -> Compiled:
        """From the input, (w, u) and the share of the predicted class to [dS of the input, of its shape].

        Raises:
            ExplainError: the score does not depend on the input in a way that can be differentiated.
        """
        return self._compile("input", [self._batch, self._weights, self._predicted], lambda: [self._input_gradient()])

    def decomposed(self, combine: Callable[[tf.Tensor, list[tf.Tensor]], list[tf.Tensor]]) -> Compiled:
        """From the input of one photo, (w, u) and the share of the predicted class to what a function makes of the
        score and of the terms that it is the sum of, see `explain.biases`.

        Raises:
            ExplainError: as `biases.terms` does.
        """
        return self._compile(
            ("decomposed", combine),
            [self._batch, self._weights, self._predicted],
            lambda: combine(self._score, biases.terms(self._batch, self._score, self._seen.values())),
        )

    def ruled(self, rule: str) -> Network:
        """The same model, whose gradients pass activation functions by another rule.

        Raises:
            ExplainError: the rule has nothing to act on in this model.
        """
        return self._memo(("rule", rule), lambda: self._remake(rule))  # type: ignore[no-any-return]

    def possible(self, method: Method, parameters: dict[str, Any], path: str) -> bool:
        """Whether a layer method with these parameters can explain a layer."""
        wide_enough = method.channel(parameters) < self._tensors[path].shape[-1]
        return wide_enough and ("head" not in method.needs or self._pooled(path) is not None)

    def _told_apart(
        self, method: Method, parameters: dict[str, Any], paths: Sequence[str]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Parameters that need a compiled function for each value, and those that are inputs of it: the numbers."""
        channel = method.channel(parameters)
        for path in paths:
            width = self._tensors[path].shape[-1]
            if channel >= width:
                raise ExplainError(f"The layer {path!r} has {width} channels, counted from 0; received {channel}.")
        numbers = {name: value for name, value in parameters.items() if not isinstance(value, bool | str)}
        return {name: value for name, value in parameters.items() if name not in numbers}, numbers

    def _explained(self, method: Method, parameters: dict[str, Any], paths: Sequence[str]) -> list[Maps]:
        needed = {"activations": self._activation, "gradients": self._gradient, "head": self._head}
        return [method.function(*(needed[need](path) for need in method.needs), **parameters) for path in paths]

    def _gradients(self, tensors: list[tf.Tensor]) -> list[tf.Tensor | None]:
        """dS of each: from the scores on, because S is linear in them, which spares every function a few steps."""
        weights, scores = zip(*self._terms, strict=True)
        return tf.gradients(scores, tensors, weights)  # type: ignore[no-any-return]

    def _activation(self, path: str) -> tf.Tensor:
        return tf.cast(self._tensors[path], tf.float32)

    def _gradient(self, path: str) -> tf.Tensor:
        """dS/dA of a layer; those of all layers are added to the graph at once, where each is a step to the next."""
        paths = list(self._tensors)
        gradients = self._memo("gradients", lambda: self._gradients(list(self._tensors.values())))
        gradient = gradients[paths.index(path)]
        if gradient is None:
            raise ExplainError(f"The scores do not depend on the layer {path!r}: it lies off the way to them.")
        return tf.cast(gradient, tf.float32)

    def _input_gradient(self) -> tf.Tensor:
        (gradient,) = self._gradients([self._batch])
        if gradient is None:
            raise ExplainError(biases.NO_GRADIENT)
        return gradient

    def _head(self, path: str) -> tf.Tensor:
        """dS of the mean over all places of a layer's output, (N, K)."""
        pooled = self._pooled(path)
        if pooled is None:
            possible = [name for name in self._tensors if self._pooled(name) is not None]
            advice = f"Of this model's layers that is {possible[-1]!r}." if possible else "This model has none."
            raise ExplainError(
                "CAM needs a layer that a global average pooling reads, with nothing but a linear layer between the "
                f"pooling and the scores; {path!r} is none. {advice}"
            )
        (gradient,) = self._gradients([pooled])
        return tf.cast(tf.reshape(gradient, (-1, self._tensors[path].shape[-1])), tf.float32)

    def _pooled(self, path: str) -> tf.Tensor | None:
        return self._memo(("pooled", path), lambda: probe.mean_before_linear(self._tensors[path], self._logits))

    def _compile(
        self,
        key: Hashable,
        feeds: list[tf.Tensor],
        fetches: Callable[..., list[Any]],
        numbers: dict[str, Any] | None = None,
    ) -> Compiled:
        """A function from some tensors to others. Numbers, which `fetches` takes as tensors by their names, are inputs
        of it too, so that it serves all values of them."""
        values = {name: tf.constant(value) for name, value in (numbers or {}).items()}

        def build() -> Compiled:
            with self._function.graph.as_default():
                inputs = {name: tf.compat.v1.placeholder(one.dtype, ()) for name, one in values.items()}
                fed = [*feeds, *inputs.values()]
                return pruning.part(self._function, fed, fetches(**inputs))

        run: Compiled = self._memo(key, build)
        return (lambda *given: run(*given, *values.values())) if values else run

    def _memo(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What is there already needs no lock: who uses it does not wait for whoever compiles something else."""
        if key not in self._compiled:
            with self._lock:
                if key not in self._compiled:
                    self._compiled[key] = make()
        return self._compiled[key]
