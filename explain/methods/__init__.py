"""The methods, found by their names: a decorated function in a file of this folder is all there is to one.

A method is a pure function in TensorFlow operations from a layer's activations (and gradients) to a map.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from explain.errors import ExplainError, unknown


@dataclass(frozen=True)
class Parameter:
    """A choice that a method offers.

    Attributes:
        default: its value if none is given.
        choices: the names that it may have.
        integer: whether a whole number, at least 0, is allowed too.
        description: what it does, in words.
    """

    default: Any
    choices: tuple[str, ...]
    integer: bool
    description: str


@dataclass(frozen=True)
class Method:
    """One way to explain.

    Attributes:
        name: in the code, for example "grad-cam".
        title: for people.
        paper: where it comes from.
        equation: what it computes.
        family: which methods it belongs with.
        gradients: whether it needs those of the target's score; without, there is no target.
        display: which part of its values is shown: "positive" or "magnitude".
        space: which scores it explains: "logit", or None where it looks at none.
        cost: in words of a forward pass.
        parameters: by name.
        function: from activations (N, rows, columns, K) and, if it needs them, gradients of the same shape to the map
            (N, rows, columns) and the largest absolute sum of terms (N,), below a millionth of which a value is
            rounding noise.
    """

    name: str
    title: str
    paper: str
    equation: str
    family: str
    gradients: bool
    display: str
    space: str | None
    cost: str
    function: Callable[..., tuple[tf.Tensor, tf.Tensor]]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def check(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters with their values.

        Raises:
            ExplainError: the method has no such parameter, or it can't have this value.
        """
        values = {name: parameter.default for name, parameter in self.parameters.items()}
        for name, value in given.items():
            if name not in self.parameters:
                raise unknown(f"parameter of {self.name}", name, self.parameters or ["(it has none)"])
            parameter = self.parameters[name]
            if isinstance(value, np.integer):
                value = int(value)
            whole = parameter.integer and isinstance(value, int) and not isinstance(value, bool) and value >= 0
            if not whole and not (isinstance(value, str) and value in parameter.choices):
                allowed = ", ".join(map(repr, parameter.choices)) + (" or a whole number" if parameter.integer else "")
                raise ExplainError(f"{name} of {self.name} is {allowed}; received {value!r}.")
            values[name] = value
        return values


_METHODS: dict[str, Method] = {}


def method(**description: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the function below it as a method; the arguments are `Method`'s."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        _METHODS[description["name"]] = Method(function=function, **description)
        return function

    return register


def methods() -> dict[str, Method]:
    """Every method by its name."""
    return dict(_METHODS)


def find(name: str) -> Method:
    """The method of this name.

    Raises:
        ExplainError: there is none.
    """
    if not isinstance(name, str) or name not in _METHODS:
        raise unknown("method", name, _METHODS)
    return _METHODS[name]


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
