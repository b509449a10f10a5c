"""A part of a traced graph as a function of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def part(function: Any, feeds: list[tf.Tensor], fetches: Any) -> Callable[..., Any]:
    """From some tensors of a wrapped function's graph to others, compiled.

    Args:
        function: made by `tf.compat.v1.wrap_function`.
        feeds: tensors of its graph that become the arguments.
        fetches: tensors of its graph that are returned, nested in lists, dictionaries and named tuples.
    """
    pruned = function.prune(feeds, fetches)
    read = _read(pruned.graph)
    if all(inner.op.name in read for _, inner in pruned.graph.captures):

        def run(*given: tf.Tensor) -> Any:
            return pruned(*given)
    else:
        run = _without_unread(pruned.graph, len(feeds), read)
    # Called directly, a pruned function first tries its arguments as if they had names, at several ms a call.
    signature = [tf.TensorSpec(feed.shape, feed.dtype) for feed in feeds]
    return tf.function(run, input_signature=signature, autograph=False).get_concrete_function()  # type: ignore[no-any-return]


def _read(graph: Any) -> set[str]:
    """Names of the operations that a graph's outputs wait for."""
    todo, read = [end.op for end in graph.outputs], set()
    while todo:
        operation = todo.pop()
        if operation.name not in read:
            read.add(operation.name)
            todo += [tensor.op for tensor in operation.inputs] + operation.control_inputs
    return read


def _without_unread(graph: Any, feeds: int, read: set[str]) -> Callable[..., Any]:
    """A pruned graph as a Python function, with those of its operations alone that are read.

    What `prune` makes is handed all variables of the whole graph at each call, though a part may read two of them. The
    272 of a ResNet50 take a third of the time of a map whose activation is known.
    """
    variables = [(outer, inner) for outer, inner in graph.captures if inner.op.name in read]
    definition = graph.as_graph_def()
    nodes = [node for node in definition.node if node.name in read]
    definition = tf.compat.v1.GraphDef(node=nodes, versions=definition.versions, library=definition.library)

    def run(*given: tf.Tensor) -> Any:
        here = tf.compat.v1.get_default_graph()
        known = list(zip(graph.inputs[:feeds], given, strict=True))
        known += [(inner, here.capture(outer)) for outer, inner in variables]
        known = [(inner, tensor) for inner, tensor in known if inner.op.name in read]
        fed = {inner.name: tensor for inner, tensor in known}
        fed |= {f"^{inner.op.name}": tensor for inner, tensor in known}  # what waits for it and does not read it
        ends = tf.graph_util.import_graph_def(definition, fed, [end.name for end in graph.outputs], name="")
        return tf.nest.pack_sequence_as(graph.structured_outputs, ends)

    return run
