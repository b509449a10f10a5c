"""Which score is explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explain.errors import ExplainError, unknown

SPACES = ("logit", "probability")


@dataclass(frozen=True)
class Target:
    """A weighted sum of class scores: sum_c w_c logit_c, or sum_c w_c p_c.

    Attributes:
        weights: the weight of each class, by label or index; classes that are not named weigh nothing.
        space: "logit", "probability", or None for the method's own. Probabilities saturate: where one is nearly 1, its
            gradient is nearly 0. They are those that the classifier says, with its temperature.
    """

    weights: Mapping[str | int, float]
    space: str | None = None

    def __str__(self) -> str:
        """In words: "cat", "cat against dog", "against cat", or the sum."""
        ups = [str(label) for label, weight in self.weights.items() if weight > 0]
        downs = [str(label) for label, weight in self.weights.items() if weight < 0]
        if len(ups) <= 1 and len(downs) <= 1 and all(abs(weight) in (0, 1) for weight in self.weights.values()):
            words = " against ".join([*ups, *downs]) if ups else f"against {downs[0]}" if downs else "nothing"
        else:
            words = " + ".join(f"{weight:g} × {label}" for label, weight in self.weights.items())
        return f"probability of {words}" if self.space == "probability" else words

    def vector(self, classes: Sequence[str]) -> npt.NDArray[np.float32]:
        """The weights of the logits and of the probabilities, in the order of the classes: float32 (2, classes)."""
        vector = np.zeros((len(SPACES), len(classes)), np.float32)
        row = vector[SPACES.index(self.space or SPACES[0])]
        for label, weight in self.weights.items():
            if label in classes:
                row[classes.index(label)] = weight
        return vector


def resolve(target: object, classes: Sequence[str], space: str) -> Target:
    """A Target with labels and a space, from whatever names one.

    Args:
        target: a label, an index, a pair of either (the first against the second), or a Target.
        classes: the labels.
        space: the method's own, for targets that leave it open.

    Raises:
        ExplainError: it names no class, or no weight that can be used.
    """
    if isinstance(target, Target):
        if target.space not in (None, *SPACES):
            raise ExplainError(f"A target's space is one of {SPACES} or None; received {target.space!r}.")
        if not isinstance(target.weights, Mapping) or not target.weights:
            raise ExplainError(f"A target's weights map classes to numbers; received {target.weights!r}.")
        weights: dict[str | int, float] = {}
        for name, weight in target.weights.items():
            if isinstance(weight, bool) or not isinstance(weight, int | float | np.number) or not np.isfinite(weight):
                raise ExplainError(f"The weight of {name!r} must be a finite number; received {weight!r}.")
            label = _label(name, classes)
            weights[label] = weights.get(label, 0.0) + float(weight)
        return Target(weights, target.space or space)
    if isinstance(target, tuple | list):
        if len(target) != 2:
            raise ExplainError(f"Two classes make a contrast; received {len(target)}: {target!r}.")
        first, second = (_label(one, classes) for one in target)
        return Target({first: 0.0} if first == second else {first: 1.0, second: -1.0}, space)
    return Target({_label(target, classes): 1.0}, space)


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
