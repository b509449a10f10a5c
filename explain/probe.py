"""Which tensors a Keras model computes, layer by layer, however it is nested.

While TensorFlow traces the model, every layer's `call` is wrapped on the instance and its output tensor written down
with its path. All tensors lie in one graph, so gradients reach any of them, and any of them can be fed as well as
fetched; after tracing nothing stays wrapped.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from explain.errors import ExplainError

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
    for layer in getattr(model, "_layers", ()):
        path = f"{prefix}{layer.name}"
        yield path, layer
        yield from _walk(layer, f"{path}/")


@contextlib.contextmanager
def recording(model: Any) -> Iterator[list[Seen]]:
    """Fill a list with what each layer returns while the block runs, in this thread and in this graph alone."""
    thread, graph = threading.get_ident(), tf.compat.v1.get_default_graph()
    seen: list[Seen] = []
    runs: dict[str, int] = {}

    def wrap(path: str, layer: Any) -> None:
        original = layer.call

        def call(*args: Any, **kwargs: Any) -> Any:
            output = original(*args, **kwargs)
            if threading.get_ident() == thread and tf.is_tensor(output) and getattr(output, "graph", None) is graph:
                runs[path] = run = runs.get(path, 0) + 1
                seen.append(Seen(path if run == 1 else f"{path}:{run}", layer, output))
            return output

        object.__setattr__(layer, "call", call)  # past Keras' own bookkeeping of attributes

    with tracing:
        wrapped: dict[int, Any] = {}
        try:
            for path, layer in _walk(model):
                if id(layer) not in wrapped and "call" not in vars(layer):
                    wrapped[id(layer)] = layer
                    wrap(path, layer)
            yield seen
        finally:
            for layer in wrapped.values():
                object.__delattr__(layer, "call")


def logits(output: tf.Tensor) -> tuple[tf.Tensor, str | None]:
    """The tensor before a final softmax or sigmoid, and which of them it was; the output itself if there is none."""
    tensor = output
    while tensor.op.type in ("Identity", "Cast"):
        tensor = tensor.op.inputs[0]
    if tensor.op.type in ("Softmax", "Sigmoid"):
        return tensor.op.inputs[0], tensor.op.type.lower()
    return output, None


def reaches(start: tf.Tensor, end: tf.Tensor, without: tf.Tensor | None = None) -> bool:
    """Whether a path leads from one tensor of a graph to another, not counting those through a third."""
    todo, done = [end], set()
    while todo:
        tensor = todo.pop()
        if tensor is start:
            return True
        if tensor is without or tensor.ref() in done:
            continue
        done.add(tensor.ref())
        todo.extend(tensor.op.inputs)
    return False


def pooled(end: tf.Tensor) -> tf.Tensor | None:
    """The map that the last global pooling before a tensor reads: reduced over both its spatial axes."""
    todo, done = [end], set()
    while todo:  # breadth first from the output: the nearest pooling is the one meant
        tensor = todo.pop(0)
        if tensor.ref() in done:
            continue
        done.add(tensor.ref())
        op = tensor.op
        if op.type in ("Mean", "Max") and op.inputs[0].shape.rank == 4:
            axes = tf.get_static_value(op.inputs[1])
            if axes is not None and {int(axis) % 4 for axis in axes.reshape(-1)} == {1, 2}:
                return op.inputs[0]
        todo.extend(op.inputs)
    return None


def run_model(model: Any, batch: tf.Tensor) -> tuple[tf.Tensor, list[Seen]]:
    """Call a model in inference mode while a graph is built; its output and what its layers returned.

    Raises:
        ExplainError: no layer can be seen, or it does not return one tensor of scores.
    """
    with recording(model) as seen:
        output = model(batch, training=False)
    if not seen:
        # A `call` that is a tf.function of its own hides its tensors in an inner graph. The switch is the whole
        # process', so it is used only when nothing else helps, and only while tracing is locked.
        with tracing:
            eager = tf.config.functions_run_eagerly()
            tf.config.run_functions_eagerly(True)
            try:
                with recording(model) as seen:
                    output = model(batch, training=False)
            finally:
                tf.config.run_functions_eagerly(eager)
    if not tf.is_tensor(output) or output.shape.rank != 2 or output.shape[-1] is None:
        shape = output.shape if tf.is_tensor(output) else type(output).__name__
        raise ExplainError(f"The model must return one batch of scores (N, outputs); it returns {shape}.")
    if not seen:
        raise ExplainError("No layer of the model could be seen at work: its `call` hides them.")
    return output, seen
