"""Which score is explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explain.errors import ExplainError, unknown

SPACES = (None, "logit")


@dataclass(frozen=True)
class Target:
    """A weighted sum of class scores.

    Attributes:
        weights: the weight of each class; classes that are not named weigh nothing.
        space: "logit", or None for the method's own.
    """

    weights: Mapping[str, float]
    space: str | None = None

    def __str__(self) -> str:
        """In words: "cat", "cat against dog", "against cat", or the sum."""
        ups = [label for label, weight in self.weights.items() if weight > 0]
        downs = [label for label, weight in self.weights.items() if weight < 0]
        if all(abs(weight) == 1 for weight in self.weights.values()) and len(ups) <= 1 and len(downs) <= 1:
            return " against ".join([*ups, *downs]) if ups else f"against {downs[0]}"
        return " + ".join(f"{weight:g} × {label}" for label, weight in self.weights.items())

    def vector(self, classes: Sequence[str]) -> npt.NDArray[np.float32]:
        """The weights in the order of the classes: float32 (classes,)."""
        return np.array([self.weights.get(label, 0.0) for label in classes], np.float32)


def resolve(target: object, classes: Sequence[str], predicted: int) -> Target:
    """A Target from whatever names one.

    Args:
        target: None (the predicted class), a label, an index, a pair of either (the first against the second), or a
            Target.
        classes: the labels.
        predicted: index of the most probable class.

    Raises:
        ExplainError: it names no class.
    """
    if target is None:
        return Target({classes[predicted]: 1.0})
    if isinstance(target, Target):
        for label in target.weights:
            if label not in classes:
                raise unknown("class", label, classes)
        weights = np.array(list(target.weights.values()), np.float64)
        if not weights.size or not np.isfinite(weights).all() or not weights.any():
            raise ExplainError(f"A target needs a weight other than 0, and no endless one; received {target.weights}.")
        if target.space not in SPACES:
            raise ExplainError(f"A target's space is 'logit' or None; received {target.space!r}.")
        return target
    if isinstance(target, tuple | list):
        if len(target) != 2:
            raise ExplainError(f"Two classes make a contrast; received {len(target)}: {target!r}.")
        first, second = (_label(one, classes) for one in target)
        if first == second:
            raise ExplainError(f"A contrast needs two different classes; received {first!r} twice.")
        return Target({first: 1.0, second: -1.0})
    return Target({_label(target, classes): 1.0})


def _label(name: object, classes: Sequence[str]) -> str:
    if isinstance(name, bool) or not isinstance(name, str | int | np.integer):
        raise ExplainError(f"A class is a label or an index; received {name!r}.")
    if isinstance(name, str):
        if name in classes:
            return name
        raise unknown("class", name, classes)
    if not 0 <= name < len(classes):
        raise ExplainError(f"There is no class {int(name)}: there are {len(classes)}, counted from 0.")
    return classes[int(name)]
