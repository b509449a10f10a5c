"""What the implicit biases of a network contribute to a score, operation by operation: the terms of FullGrad.

An operation y = f(a, b, ...) with the Jacobians J has the implicit bias r in y = J_a a + J_b b + ... + r. Going back
from the score through all operations, with x for the input: S = sum x dS/dx + sum over operations of sum r dS/dy. That
is exact for any network. An operand that the input does not reach, or no gradient passes, is constant: it has no J.

Srinivas & Fleuret, NeurIPS 2019, arXiv 1905.00780, section 3, where r are the biases of the layers. For other
operations r = (1 - k) y if f is homogeneous of degree k (Euler's theorem), r = f(0) if it is affine, and
r = y - f'(z) z if it is a function of each element z.
"""

# ruff: noqa: ARG005 - the rules have the same arguments, whether they use them or not

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import tensorflow as tf

from explain import probe
from explain.errors import ExplainError
from explain.probe import Flows, Seen

Rule = Callable[[Any, Flows], Any]
"""From an operation, and which of its inputs the gradient flows through, to its implicit bias, of the shape of its
first output; None if it has none, NotImplemented if it is not known."""


def _affine(function: Callable[..., tf.Tensor]) -> Rule:
    """r of an affine operation: what it makes of 0 in place of what flows."""

    def bias(op: Any, flows: Flows) -> Any:
        if all(flow or not tensor.dtype.is_floating for tensor, flow in zip(op.inputs, flows, strict=True)):
            return None
        inputs = zip(op.inputs, flows, strict=True)
        return function(op, *(tf.zeros_like(tensor) if flow else tensor for tensor, flow in inputs))

    return bias


def _homogeneous(degree: Callable[[Any, Flows], Any]) -> Rule:
    """r of an operation with f(t z) = t^k f(z)."""

    def bias(op: Any, flows: Flows) -> Any:
        k = degree(op, flows)
        return None if isinstance(k, int) and k == 1 else (1 - k) * op.outputs[0]

    return bias


def _elementwise(op: Any, flows: Flows) -> tf.Tensor:
    y, z = op.outputs[0], op.inputs[flows.index(True)]
    (slope,) = tf.gradients(y, z, stop_gradients=z)
    return _wide(y) - _wide(slope) * _wide(z)


def _copies(op: Any, flows: Flows) -> Any:
    """Of an IdentityN: one with a gradient of its own ends what `tf.custom_gradient` decorates, such as `tf.nn.silu`.
    Its first input is the value, those after it are the arguments."""
    if not _own_gradient(op):
        return None
    arguments = [tensor for tensor, flow in zip(op.inputs, flows, strict=True) if flow]
    same = len(arguments) == 1 and arguments[0].shape.as_list() == op.outputs[0].shape.as_list()
    return _elementwise(op, flows) if same else NotImplemented


def _batch_norm(op: Any, flows: Flows) -> Any:
    if op.get_attr("is_training") or any(flows[1:]):
        return NotImplemented
    x, scale, offset, mean, variance = op.inputs
    shift = offset - scale * mean * tf.math.rsqrt(variance + op.get_attr("epsilon"))
    return tf.nn.bias_add(tf.zeros_like(x, shift.dtype), shift, op.get_attr("data_format").decode())


def _call(op: Any, flows: Flows) -> Any:
    """Of a function in a graph of its own; Keras makes one of a convolution in groups."""
    name, library = op.get_attr("f").name, op.graph.as_graph_def().library
    body = next(one for one in library.function if one.signature.name == name)
    return None if sum(flows) == 1 and {node.op for node in body.node_def} <= _CONVOLUTION else NotImplemented


def _squared_difference(op: Any, flows: Flows) -> tf.Tensor:
    a, b = op.inputs
    return op.outputs[0] - 2 * (a - b) * (a * float(flows[0]) - b * float(flows[1]))


def _softmax(op: Any, flows: Flows) -> tf.Tensor:  # noqa: ARG001
    y, z = op.outputs[0], op.inputs[0]
    return y - y * (z - tf.reduce_sum(y * z, -1, keepdims=True))


def _bias_add(op: Any, value: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    return tf.nn.bias_add(value, bias, op.get_attr("data_format").decode())


# Linear in what flows, or piecewise linear with pieces through 0.
_LINEAR = (
    "Abs AvgPool BatchToSpaceND BroadcastTo Cast Cumsum DepthToSpace EnsureShape ExpandDims GatherNd GatherV2 Identity "
    "LeakyRelu Max MaxPool MaxPoolV2 Mean Min MirrorPad Neg Pad Relu Reshape ResizeArea ResizeBicubic ResizeBilinear "
    "ResizeNearestNeighbor ReverseV2 Roll Slice SpaceToBatchND SpaceToDepth Split SplitV Squeeze StridedSlice Sum Tile "
    "TopKV2 Transpose Unpack"
)
_PRODUCTS = "BatchMatMulV2 BatchMatMulV3 Conv2D Conv2DBackpropInput DepthwiseConv2dNative Einsum MatMul Mul"
_ELEMENTWISE = "Asinh Atan Cos Elu Erf Erfc Exp Expm1 Log Log1p Relu6 Selu Sigmoid Sin Softplus Softsign Tanh"
_CONVOLUTION = {"BatchToSpaceND", "Const", "Conv2D", "Identity", "NoOp", "ReadVariableOp", "SpaceToBatchND"}
_RULES: dict[str, Rule] = {
    **dict.fromkeys(_LINEAR.split(), lambda op, flows: None),
    **dict.fromkeys(_PRODUCTS.split(), _homogeneous(lambda op, flows: sum(flows))),
    **dict.fromkeys(("Div", "DivNoNan", "RealDiv"), _homogeneous(lambda op, flows: flows[0] - flows[1])),
    "Reciprocal": _homogeneous(lambda op, flows: -1),
    "Rsqrt": _homogeneous(lambda op, flows: -0.5),
    "Sqrt": _homogeneous(lambda op, flows: 0.5),
    "Square": _homogeneous(lambda op, flows: 2),
    "Pow": lambda op, flows: NotImplemented if flows[1] else (1 - op.inputs[1]) * op.outputs[0],
    **dict.fromkeys(_ELEMENTWISE.split(), _elementwise),
    "IdentityN": _copies,
    **dict.fromkeys(("Add", "AddV2"), _affine(lambda op, a, b: a + b)),
    "AddN": _affine(lambda op, *terms: tf.add_n(terms)),
    "BiasAdd": _affine(_bias_add),
    "ConcatV2": _affine(lambda op, *parts: tf.concat(parts[:-1], parts[-1])),
    "Maximum": _affine(lambda op, a, b: tf.where(op.inputs[0] >= op.inputs[1], a, b)),
    "Minimum": _affine(lambda op, a, b: tf.where(op.inputs[0] <= op.inputs[1], a, b)),
    "Pack": _affine(lambda op, *parts: tf.stack(parts, op.get_attr("axis"))),
    "PadV2": _affine(lambda op, value, margins, constant: tf.pad(value, margins, constant_values=constant)),
    **dict.fromkeys(("Select", "SelectV2"), _affine(lambda op, condition, a, b: tf.where(condition, a, b))),
    "Sub": _affine(lambda op, a, b: a - b),
    **dict.fromkeys(("PartitionedCall", "StatefulPartitionedCall"), _call),
    "FusedBatchNormV3": _batch_norm,
    "SquaredDifference": _squared_difference,
    "Softmax": _softmax,
}
NO_GRADIENT = "No gradient reaches the model's input: something in front, such as a cast to whole numbers, has none."
_CONSTANT = {"StopGradient", "Floor", "Ceil", "Round", "Rint", "Sign", "FloorDiv", "ZerosLike", "OnesLike"}
"""What has no gradient."""


def terms(start: tf.Tensor, end: tf.Tensor, seen: Iterable[Seen]) -> list[tf.Tensor]:
    """x dS/dx and what the implicit biases contribute, r dS/dy: float32 tensors, of the shapes that they have in the
    network. Their sum is S of a batch of one photo.

    The layers' biases are a term each, and so is everything else of one shape in a layer: a GELU is one function,
    however many operations it is written in.

    Args:
        start: the input x.
        end: the score S, a scalar.
        seen: the layers, in the order in which they return.

    Raises:
        ExplainError: no gradient reaches the input, or an operation's implicit bias is not known.
    """
    steps = probe.between(start, end, _flows)
    outputs = [start, *(tensor for op, _ in steps for tensor in op.outputs if _differentiable(tensor))]
    gradients = dict(zip([tensor.ref() for tensor in outputs], tf.gradients(end, outputs), strict=True))
    if gradients[start.ref()] is None:
        raise ExplainError(NO_GRADIENT)
    layer_of = _owners(end.graph, seen)
    found: dict[Any, list[tf.Tensor]] = {}
    for op, flows in steps:
        if all(gradients.get(tensor.ref()) is None for tensor in op.outputs):
            continue  # a dead end, such as the inside of a function with a gradient of its own
        layer = layer_of(op)
        bias = _RULES[op.type](op, flows) if op.type in _RULES else NotImplemented
        if bias is NotImplemented:
            where = "after the last layer" if layer is None else f"in or just before the layer {layer!r}"
            raise ExplainError(f"FullGrad does not know the operation {op.type}, {where} ({op.name}).")
        gradient = gradients[op.outputs[0].ref()]
        if bias is not None and gradient is not None:
            key = layer, op.type == "BiasAdd", str(gradient.shape)
            found.setdefault(key, []).append(_wide(bias) * _wide(gradient))
    return [start * gradients[start.ref()], *(tf.add_n(parts) for parts in found.values())]


def _flows(op: Any, flows: Flows) -> Flows:
    """Which inputs of an operation a gradient may flow back to."""
    if op.type in _CONSTANT:
        return [False] * len(flows)
    found = [flow and _differentiable(tensor) for tensor, flow in zip(op.inputs, flows, strict=True)]
    if op.type == "IdentityN" and _own_gradient(op):
        found[0] = False
    return found


def _owners(graph: Any, seen: Iterable[Seen]) -> Callable[[Any], str | None]:
    """A function from an operation to the layer that it belongs to: the first one to return after it."""
    places = {op: number for number, op in enumerate(graph.get_operations())}
    ends = [(places[one.tensor.op], one.path) for one in seen]
    return lambda op: next((path for end, path in ends if end >= places[op]), None)


def _own_gradient(op: Any) -> bool:
    return "_gradient_op_type" in op.node_def.attr


def _differentiable(tensor: tf.Tensor) -> bool:
    return bool(tensor.dtype.is_floating or tensor.dtype.is_complex)


def _wide(tensor: tf.Tensor) -> tf.Tensor:
    return tf.cast(tensor, tf.float32)
