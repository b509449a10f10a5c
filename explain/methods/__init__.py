"""The methods, found by their names: a decorated function in a file of this folder is all there is to one.

There are two kinds. A *layer method* is a pure function in TensorFlow operations from what one layer computes (its
activations, the gradients of the score with respect to them) to a map at the layer's resolution; it becomes part of
the model's graph, so that the maps of all layers come out of one pass. An *input method* asks the model as often as it
needs through `Asked` and returns a map over the model's input.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from explain.errors import ExplainError, unknown

NEEDS = ("activations", "gradients", "head")
"""What a layer method may need, in the order of its arguments: A (N, rows, columns, K); dS/dA of the same shape; dS of
what the global pooling makes of A, (N, K), for models where a linear head follows it."""

FAMILIES: Mapping[str, str] = {
    "activations": "What a layer responds to",
    "cam": "Class activation maps",
    "gradients": "Gradients of the input",
    "combined": "Several put together",
}
"""Which methods belong together, and what people call them: in this order wherever methods are listed."""

NOISE = 1e-6
"""Share of the largest sum of absolute terms below which float32 can't tell a value from rounding noise."""


class Maps(NamedTuple):
    """What a layer method makes, in TensorFlow operations, for each of N photos.

    Attributes:
        values: the maps, (N, rows, columns).
        largest: the largest sum of absolute terms in each, (N,), see NOISE.
        facts: for the record, (N,) each.
    """

    values: Any
    largest: Any
    facts: Mapping[str, Any] = {}


@dataclass(frozen=True, eq=False)
class Found:
    """What an input method makes of one photo.

    Attributes:
        map: float32 (rows, columns).
        largest: as in `Maps`.
        channels: float32 (rows, columns, channels) that the map is a reduction of, or None.
        facts: for the record.
    """

    map: npt.NDArray[np.float32]
    largest: float
    channels: npt.NDArray[np.float32] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Parameter:
    """A choice that a method offers: one of some names, a number, or (where the default is one) True or False.

    Attributes:
        default: its value if none is given.
        description: what it does, in words.
        choices: the names that it may have.
        least: the smallest number that it may be; None if it is no number.
        most: the largest, or None if the model decides.
        whole: whether only whole numbers are meant.
        channel: whether such a number is the index of one of the layer's channels.
    """

    default: Any
    description: str
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    whole: bool = False
    channel: bool = False

    def check(self, value: Any) -> Any:
        """The value as a plain Python one.

        Raises:
            ValueError: the parameter can't have this value; the text says what it can be.
        """
        if isinstance(self.default, bool):
            if isinstance(value, bool | np.bool_):
                return bool(value)
            raise ValueError(self.allowed)
        if isinstance(value, str) and value in self.choices:
            return value
        number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
        most = sys.float_info.max if self.most is None else self.most
        # Comparisons are false of NaN, and right of whole numbers too large to be a float.
        within = number and self.least is not None and self.least <= value <= most
        if within and (not self.whole or int(value) == value):
            return int(value) if self.whole else float(value)
        raise ValueError(self.allowed)

    @property
    def allowed(self) -> str:
        """Its values in words."""
        if isinstance(self.default, bool):
            return "True or False"
        words = [repr(choice) for choice in self.choices]
        if self.least is not None:
            number = "a whole number" if self.whole else "a number"
            bounds = [f"{one:.0f}" if self.whole else f"{one:g}" for one in (self.least, self.most) if one is not None]
            words.append(f"{number} from {' to '.join(bounds)}")
        return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


AUGMENT = Parameter(
    default="none",
    choices=("none", "flip", "scales", "flip+scales"),
    description="the mean of the maps of the photo, its mirror image, and enlarged and shrunk ones",
)
"""Of every method, see `explain.augment`."""


@dataclass(frozen=True)
class Method:
    """One way to explain.

    Attributes:
        name: in the code, for example "grad-cam".
        title: for people.
        paper: where it comes from.
        equation: what it computes.
        symbols: what the letters in it mean.
        family: which methods it belongs with, of FAMILIES.
        needs: of a layer method, which of NEEDS.
        use: what it is good for, in a sentence.
        limits: how it is known to fail, in a sentence.
        display: which part of its values is shown: "positive" or "magnitude".
        signed: whether its map has negative values.
        space: which scores it explains if the target leaves that open: "logit"; None where it looks at none.
        cost: in words of a forward pass.
        function: of a layer method, from what it needs and its parameters to `Maps`; of an input method, from `Asked`
            and its parameters to `Found`.
        layer: whether it looks at one layer.
        parameters: by name; every method has `augment` as well.
    """

    name: str
    title: str
    paper: str
    equation: str
    symbols: str
    family: str
    use: str
    limits: str
    display: str
    signed: bool
    cost: str
    function: Callable[..., Any]
    needs: tuple[str, ...] = ()
    space: str | None = "logit"
    layer: bool = True
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    @property
    def family_title(self) -> str:
        """What people call its family."""
        return FAMILIES[self.family]

    @property
    def in_graph(self) -> bool:
        """Whether it is a layer method, rather than an input method."""
        return bool(self.needs)

    def channel(self, parameters: Mapping[str, Any]) -> int:
        """The highest index of a channel of the layer among some parameters; -1 if there is none."""
        given = (value for name, value in parameters.items() if self.parameters[name].channel)
        return max((value for value in given if not isinstance(value, str)), default=-1)

    def check(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters with their values.

        Raises:
            ExplainError: the method has no such parameter, or it can't have this value.
        """
        values = {name: parameter.default for name, parameter in self.parameters.items()}
        for name, value in given.items():
            if name not in self.parameters:
                raise unknown(f"parameter of {self.name}", name, self.parameters)
            parameter = self.parameters[name]
            try:
                values[name] = parameter.check(value)
            except ValueError:
                raise ExplainError(f"{name} of {self.name} is {parameter.allowed}; received {value!r}.") from None
        return values


_METHODS: dict[str, Method] = {}


def method(parameters: Mapping[str, Parameter] | None = None, **description: Any) -> Callable[..., Any]:
    """Register the function below it as a method; the arguments are `Method`'s.

    Raises:
        ExplainError: there is no such family.
    """
    if description["family"] not in FAMILIES:
        raise unknown("family of methods", description["family"], FAMILIES)

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        every = {**(parameters or {}), "augment": AUGMENT}
        _METHODS[description["name"]] = Method(function=function, parameters=every, **description)
        return function

    return register


def methods() -> dict[str, Method]:
    """Every method by its name, those of one family together."""
    families = list(FAMILIES)
    return dict(sorted(_METHODS.items(), key=lambda item: families.index(item[1].family)))


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
