"""Which tensors a Keras model computes, layer by layer, however it is nested.

While TensorFlow traces the model, every layer's `call` is wrapped on the instance and its output tensor written down
with its path. All tensors lie in one graph, so gradients reach any of them, and any of them can be fed as well as
fetched; after tracing nothing stays wrapped.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from explain.errors import ExplainError
from explain.layers import children

tracing = threading.RLock()
"""Held while a model is wrapped: two traces of models that share layers must not see each other."""


@dataclass(frozen=True)
class Seen:
    """One run of one layer.

    Attributes:
        path: names of the models around it and its own, joined by "/"; with ":2" for its second run, and so on.
        layer: the Keras layer.
        tensor: its symbolic output.
    """

    path: str
    layer: Any
    tensor: tf.Tensor


def _walk(model: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every layer below a model with its path, outer ones first."""
    for layer in children(model):
        path = f"{prefix}{layer.name}"
        yield path, layer
        yield from _walk(layer, f"{path}/")


@contextlib.contextmanager
def recording(model: Any) -> Iterator[list[Seen]]:
    """Fill a list with what each layer returns while the block runs, in this graph alone: other threads that use the
    model meanwhile compute in others, or in none."""
    graph = tf.compat.v1.get_default_graph()
    seen: list[Seen] = []
    runs: dict[str, int] = {}

    def wrap(path: str, layer: Any) -> None:
        original = layer.call

        def call(*args: Any, **kwargs: Any) -> Any:
            output = original(*args, **kwargs)
            if tf.is_tensor(output) and getattr(output, "graph", None) is graph:
                runs[path] = run = runs.get(path, 0) + 1
                seen.append(Seen(path if run == 1 else f"{path}:{run}", layer, output))
            return output

        object.__setattr__(layer, "call", call)  # past Keras' own bookkeeping of attributes

    with tracing:
        wrapped: dict[int, tuple[Any, Any]] = {}
        try:
            for path, layer in _walk(model):
                if id(layer) not in wrapped:
                    wrapped[id(layer)] = layer, vars(layer).get("call")
                    wrap(path, layer)
            yield seen
        finally:
            for layer, own in wrapped.values():
                if own is None:
                    object.__delattr__(layer, "call")
                else:
                    object.__setattr__(layer, "call", own)


def source(tensor: tf.Tensor) -> tf.Tensor:
    """The tensor that this one is a copy of, perhaps in another precision."""
    while tensor.op.type in ("Identity", "Cast", "StopGradient"):
        tensor = tensor.op.inputs[0]
    return tensor


def spatial(tensor: tf.Tensor) -> bool:
    """Whether a tensor is a map: (N, rows, columns, K) with more than one place."""
    shape = tensor.shape
    if shape.rank != 4 or None in shape[1:] or not tensor.dtype.is_floating:
        return False
    return bool(shape[1] * shape[2] > 1)


def ancestors(end: tf.Tensor, stop: Callable[[tf.Tensor], bool] = lambda _: False) -> dict[Any, tf.Tensor]:
    """All tensors that one is computed from, itself included, by reference; those before a `stop` are left out."""
    todo, found = [end], {}
    while todo:
        tensor = todo.pop()
        if tensor.ref() not in found:
            found[tensor.ref()] = tensor
            if not stop(tensor):
                todo.extend(tensor.op.inputs)
    return found


Flows = Sequence[bool]
"""Which of an operation's inputs depend on some tensor."""


def between(
    start: tf.Tensor, end: tf.Tensor, count: Callable[[Any, Flows], Flows] = lambda _, flows: flows
) -> list[tuple[Any, Flows]]:
    """The operations on the ways from one tensor to another, in running order, each with which of its inputs depend on
    the first.

    Args:
        start: the first.
        end: the other.
        count: from an operation and which of its inputs depend on `start` to those of them that count; where none does,
            the way ends.
    """
    before, reached = ancestors(end), {start.ref()}
    found: list[tuple[Any, Flows]] = []
    for op in end.graph.get_operations():
        depend = [tensor.ref() in reached for tensor in op.inputs]
        if not any(depend) or not any(tensor.ref() in before for tensor in op.outputs):
            continue
        flows = count(op, depend)
        if any(flows):
            reached.update(tensor.ref() for tensor in op.outputs)
            found.append((op, flows))
    return found


def cuts(start: tf.Tensor, end: tf.Tensor) -> list[tf.Tensor]:
    """The tensors that every path from one tensor to another leads through, in running order, both ends included.

    With the operations on those paths in running order, one is a cut when nothing computed before it is read after it.
    """
    readers: dict[Any, list[Any]] = {start.op: []}  # of the operations on those paths, in running order
    for op, flows in between(start, end):
        readers[op] = []
        for one in itertools.compress(op.inputs, flows):
            readers[one.op].append(op)
    place = {op: number for number, op in enumerate(readers)}
    found, farthest = [], 0
    for op, number in place.items():
        if farthest <= number and len(op.outputs) == 1:
            found.append(op.outputs[0])
        farthest = max([farthest, *(place[reader] for reader in readers[op])])
    return found


def pooled(end: tf.Tensor) -> tf.Tensor | None:
    """The map that the global pooling reads: the last one before a tensor, if it is reduced over both spatial axes."""
    for tensor in ancestors(end, stop=spatial).values():
        op = tensor.op
        if spatial(tensor) or not op.inputs or not spatial(op.inputs[0]):
            continue
        if op.type in ("AvgPool", "MaxPool") or (op.type in ("Mean", "Max", "Sum") and _reduces_places(op)):
            return source(op.inputs[0])
    return None


_LINEAR = {"Identity", "Cast", "Reshape", "Squeeze", "ExpandDims", "BiasAdd", "Add", "AddV2", "Sub", "Neg", "ConcatV2"}
_LINEAR_IN_FIRST = {"MatMul", "BatchMatMulV2", "Conv2D", "RealDiv", "FusedBatchNormV3"}  # if the rest is constant


def mean_before_linear(tensor: tf.Tensor, end: tf.Tensor) -> tf.Tensor | None:
    """The mean over all places of a map (N, rows, columns, K), if it alone is what a tensor depends on of the map, in a
    linear way; None otherwise."""
    start = source(tensor)
    for mean in cuts(start, end):
        op = mean.op
        if op.type in ("Mean", "AvgPool") and source(op.inputs[0]) is start and _over_all_places(op):
            return mean if _linear(mean, end) else None
    return None


def _over_all_places(op: Any) -> bool:
    if op.type == "AvgPool":
        return tuple(op.outputs[0].shape[1:3]) == (1, 1) and op.get_attr("padding") == b"VALID"
    return _reduces_places(op)


def _reduces_places(op: Any) -> bool:
    """Whether an operation with axes, such as a mean, reduces both spatial ones and no other."""
    axes = tf.get_static_value(op.inputs[1])
    return axes is not None and {int(axis) % 4 for axis in axes.reshape(-1)} == {1, 2}


def _linear(start: tf.Tensor, end: tf.Tensor) -> bool:
    """Whether a tensor is a linear function, up to a constant, of another."""

    def linear(op: Any, flows: Flows) -> bool:
        first_alone = flows[0] and sum(flows) == 1
        product = op.type == "Mul" and sum(flows) == 1
        return op.type in _LINEAR or product or (op.type in _LINEAR_IN_FIRST and first_alone)

    # A Shape tells sizes, not values.
    way = between(start, end, lambda op, flows: [flow and op.type != "Shape" for flow in flows])
    return start is end or (bool(way) and all(linear(op, flows) for op, flows in way))


def run_model(model: Any, batch: tf.Tensor) -> tuple[tf.Tensor, list[Seen]]:
    """Call a model in inference mode while a graph is built; its output and what its layers returned.

    Raises:
        ExplainError: no layer can be seen, or it does not return one tensor of scores.
    """
    with recording(model) as seen:
        output = model(batch, training=False)
    if not seen:
        output, seen = _run_eagerly(model, batch)
    elif _hidden(seen):
        with contextlib.suppress(Exception):  # what can't do without its own graph stays hidden
            output, seen = _run_eagerly(model, batch)
    if not tf.is_tensor(output) or output.shape.rank != 2 or output.shape[-1] is None:
        shape = output.shape if tf.is_tensor(output) else type(output).__name__
        raise ExplainError(f"The model must return one batch of scores (N, outputs); it returns {shape}.")
    if not seen:
        raise ExplainError("No layer of the model could be seen at work: its `call` hides them.")
    return output, seen


def _hidden(seen: list[Seen]) -> bool:
    """Whether a layer is made of layers of which none was seen, at any depth."""
    known = {id(one.layer) for one in seen}
    below = ({id(layer) for _, layer in _walk(one.layer)} for one in seen)
    return any(inner and known.isdisjoint(inner) for inner in below)


def _run_eagerly(model: Any, batch: tf.Tensor) -> tuple[tf.Tensor, list[Seen]]:
    """As `run_model`, past any `call` that is a tf.function of its own, which hides its tensors in an inner graph. The
    switch is the whole process', so it is used only when nothing else helps, and only while tracing is locked."""
    with tracing:
        eager = tf.config.functions_run_eagerly()
        tf.config.run_functions_eagerly(True)
        try:
            with recording(model) as seen:
                return model(batch, training=False), seen
        finally:
            tf.config.run_functions_eagerly(eager)
