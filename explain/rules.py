"""Rules for how gradients pass activation functions, as guided backpropagation and the deconvnet have them.

With z the input of an activation function phi and R what comes back to its output, its input gets

    plain       phi'(z) R
    guided      relu(phi'(z) relu(R)): of a ReLU, relu(R) [z > 0] (Springenberg et al. 2014, arXiv 1412.6806, section 3)
    deconvnet   relu(R), whatever z is (Zeiler, Fergus, ECCV 2014, arXiv 1311.2901, section 2.1)

Both papers speak of ReLUs only; the form for other activation functions is ours. Linear, softmax, sigmoid and tanh make
outputs and gates, and gradients pass them, pooling and all the rest as they do.

An activation function that is one TensorFlow operation is found by the operation, wherever it is called. One of several
operations is found where layers keep it (`activation="silu"`), or by the name of the layer that it is. So a gate that
is written with an activation function, such as the ReLU6 (z + 3) / 6 of MobileNetV3, is taken for one too.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import tensorflow as tf

from explain import probe
from explain.errors import ExplainError, unknown
from explain.layers import children

RULES = {"guided": "guided backpropagation", "deconvnet": "the deconvnet"}
"""What each rule makes of plain gradients."""

_raw = tf.raw_ops
_PLAIN: dict[str, Callable[[Any, tf.Tensor], tf.Tensor]] = {
    "Relu": lambda op, back: _raw.ReluGrad(gradients=back, features=op.outputs[0]),
    "Relu6": lambda op, back: _raw.Relu6Grad(gradients=back, features=op.outputs[0]),
    "LeakyRelu": lambda op, back: _raw.LeakyReluGrad(gradients=back, features=op.inputs[0], alpha=op.get_attr("alpha")),
    "Elu": lambda op, back: _raw.EluGrad(gradients=back, outputs=op.outputs[0]),
    "Selu": lambda op, back: _raw.SeluGrad(gradients=back, outputs=op.outputs[0]),
    "Softplus": lambda op, back: _raw.SoftplusGrad(gradients=back, features=op.inputs[0]),
}
"""Of each operation that is an activation function, how plain gradients pass it."""
_OPERATIONS = {"Relu": "relu", "Relu6": "relu6", "LeakyRelu": "leaky_relu", "Elu": "elu", "Selu": "selu"}
_OPERATIONS["Softplus"] = "softplus"

_SEVERAL = ("celu", "elu", "gelu", "hard_silu", "mish", "prelu", "silu", "sparse_plus", "squareplus", "threshold")
_COMPOSED = {name.replace("_", ""): name for name in _SEVERAL} | {"swish": "silu", "hardswish": "hard_silu"}
_COMPOSED["relu with options"] = "relu with options"
"""Activation functions made of several operations: names of Keras' layers and functions, without _ and capitals."""
_LEFT = ("hardsigmoid", "logsigmoid")
"""No activation functions in this sense, though the operations they are made of are."""

_INSIDE = "whylight_activation"
"""In the names of operations that an activation function of several is made of."""


def _positive(_: Any, back: tf.Tensor) -> tf.Tensor:
    return tf.nn.relu(back)


def _guided(op: Any, back: tf.Tensor) -> tf.Tensor:
    return tf.nn.relu(_PLAIN[op.type](op, tf.nn.relu(back)))


def _past(_: Any, back: tf.Tensor, __: tf.Tensor) -> list[tf.Tensor | None]:
    return [None, tf.nn.relu(back)]


tf.RegisterGradient("WhylightPositive")(_positive)
tf.RegisterGradient("WhylightGuided")(_guided)
tf.RegisterGradient("WhylightPast")(_past)


@contextlib.contextmanager
def overriding(model: Any, rule: str | None) -> Iterator[dict[Any, str]]:
    """Have gradients pass activation functions by a rule, in what is traced from a model while the block runs.

    It acts in the current graph alone: other threads that use the model meanwhile compute as always, and afterwards the
    model is as it was.

    Args:
        model: the Keras model.
        rule: a name of RULES; None changes nothing.

    Returns:
        What `generalised` needs: names of activation functions by the operations that stand for them.

    Raises:
        ExplainError: there is no such rule.
    """
    if rule is None:
        yield {}
        return
    if rule not in RULES:
        raise unknown("rule", rule, RULES)
    graph = tf.compat.v1.get_default_graph()
    gates: dict[Any, str] = {}
    gradient = "WhylightGuided" if rule == "guided" else "WhylightPositive"

    def wrap(function: Callable[..., Any], name: str | None) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            traced = bool(args) and getattr(args[0], "graph", None) is graph
            if not traced:
                return function(*args, **kwargs)
            with graph.gradient_override_map({kind: kind for kind in _PLAIN}), tf.name_scope(_INSIDE):
                if name is None:
                    return function(*args, **kwargs)
                output = _ruled(rule, graph, args[0], lambda z: function(z, *args[1:], **kwargs))
            gates[output.op] = name
            return output

        return wrapped

    with probe.tracing, contextlib.ExitStack() as undo, graph.gradient_override_map(dict.fromkeys(_PLAIN, gradient)):
        for layer, attribute, function, name in _composed(model):
            undo.callback(_restore, layer, attribute, vars(layer).get(attribute))
            object.__setattr__(layer, attribute, wrap(function, name))  # past Keras' own bookkeeping of attributes
        yield gates


def _restore(layer: Any, attribute: str, own: Any) -> None:
    if own is None:
        object.__delattr__(layer, attribute)
    else:
        object.__setattr__(layer, attribute, own)


def _ruled(rule: str, graph: Any, z: tf.Tensor, function: Callable[[tf.Tensor], tf.Tensor]) -> tf.Tensor:
    """phi(z) with the gradient of a rule."""
    if rule == "deconvnet":
        output = function(z)
        with graph.gradient_override_map({"IdentityN": "WhylightPast"}):
            return _raw.IdentityN(input=[output, z])[0]

    def only_positive(tensor: tf.Tensor) -> tf.Tensor:
        with graph.gradient_override_map({"Identity": "WhylightPositive"}):
            return tf.identity(tensor)

    return only_positive(function(only_positive(z)))


def _composed(model: Any) -> list[tuple[Any, str, Callable[..., Any], str | None]]:
    """Layers, and the attribute, function and name of each activation function of theirs that must be wrapped; the name
    is None of what is to be left as it is."""
    todo, found, known = [model], [], set()
    while todo:
        layer = todo.pop()
        if id(layer) in known:
            continue
        known.add(id(layer))
        todo.extend(children(layer))
        functions = {attribute: _name(value) for attribute, value in vars(layer).items() if callable(value)}
        for attribute, name in {**functions, "call": _layer_name(layer)}.items():
            if name in _COMPOSED or name in _LEFT:
                found.append((layer, attribute, getattr(layer, attribute), _COMPOSED.get(name)))
    return found


def _name(function: Any) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__name__", "")).replace("_", "").lower()


def _layer_name(layer: Any) -> str:
    """By which a layer, or an operation between layers, is known if it is an activation function."""
    name = type(layer).__name__.replace("_", "").lower()
    if name != "relu":
        return name
    # With a threshold there is no ReLU in it; with a slope and a bound there are two, of which one is subtracted.
    slope, bound, threshold = (getattr(layer, key, None) for key in ("negative_slope", "max_value", "threshold"))
    return "relu with options" if threshold or bound not in (None, 6) or (bound and slope) else name


def generalised(rule: str | None, gates: dict[Any, str], start: tf.Tensor, end: tf.Tensor) -> tuple[str, ...]:
    """Which activation functions other than ReLU a rule acts on, by their names in Keras, sorted.

    Args:
        rule: as given to `overriding`.
        gates: as yielded by it.
        start: the model's input.
        end: its scores.

    Raises:
        ExplainError: the rule acts on nothing between the two, or activation functions there are out of its reach.
    """
    if rule is None:
        return ()
    way = [op for op, _ in probe.between(start, end)]
    _check_reach(rule, way, end.graph)
    names = {gates[op] for op in way if op in gates}
    names |= {_OPERATIONS[op.type] for op in way if op.type in _OPERATIONS and _INSIDE not in op.name}
    if not names:
        raise ExplainError(
            f"The model has no ReLU-like activation, so {RULES[rule]} would be the plain gradient under another name: "
            "ask for the method 'gradients' instead."
        )
    return tuple(sorted(names - {"relu"}))


_GATES = {"Erf", "Erfc", "Relu6", "Sigmoid", "Softplus", "Tanh"}
"""Operations that products such as z sigmoid(z) are written with."""
_ELEMENTWISE = _GATES | {"Add", "AddV2", "Cast", "Identity", "Mul", "Neg", "Pow", "RealDiv", "Square", "Sub"}


def _check_reach(rule: str, way: Iterable[Any], graph: Any) -> None:
    """Raise an ExplainError where operations on the way hide activation functions."""
    library: dict[str, Any] | None = None
    for op in way:
        if _functions(op.node_def):
            library = library or {body.signature.name: body for body in graph.as_graph_def().library.function}
            if _operations(op.node_def, library) & (_GATES | set(_PLAIN)):
                raise ExplainError(
                    f"Activations of the model lie inside {op.name!r}, a function compiled on its own, where "
                    f"{RULES[rule]} can't change their gradients: build the model without @tf.function or tf.cond."
                )
        if op.type == "Mul" and _INSIDE not in op.name and _gates_itself(op):
            raise ExplainError(
                f"An activation of the model, at {op.name!r}, is written out as a product, where {RULES[rule]} can't "
                "tell it from others: make it a layer or an argument, such as keras.layers.Activation('silu')."
            )


def _gates_itself(product: Any) -> bool:
    """Whether a product is of a tensor and a gate that depends on it place by place, as in silu, gelu and mish."""
    (first, gate), (second, other) = (_made_of(tensor) for tensor in product.inputs)
    return gate != other and bool(first & second)


def _made_of(tensor: tf.Tensor) -> tuple[set[Any], bool]:
    """What a tensor is made of place by place, by reference, and whether one of _GATES is in between."""
    found, gated = set(), False
    todo = [tensor]
    while todo:
        one = todo.pop()
        if one.ref() in found or one.op.type == "Const":
            continue
        found.add(one.ref())
        gated = gated or one.op.type in _GATES
        if one.op.type in _ELEMENTWISE and _INSIDE not in one.op.name:
            todo.extend(one.op.inputs)
    return found, gated


def _functions(node: Any) -> set[str]:
    """The names of the functions that an operation calls."""
    called = itertools.chain.from_iterable((value.func, *value.list.func) for value in node.attr.values())
    return {function.name for function in called} - {""}


def _operations(node: Any, library: dict[str, Any]) -> set[str]:
    """The types of all operations in the functions that an operation calls."""
    todo, known, types = _functions(node), set[str](), set[str]()
    while todo:
        name = todo.pop()
        known.add(name)
        for inner in library[name].node_def:
            types.add(inner.op)
            todo |= _functions(inner) - known
    return types
