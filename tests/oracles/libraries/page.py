"""The page `docs/other-libraries.md`."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from .comparisons import AGREEING, DEVIATING, Comparison, Deviation, Numbers
from .ours import Ours, as_shown, difference

TOP = """# Do other libraries find the same?

Printed by `PYTHONPATH=tests .venv/bin/python -m oracles.libraries > docs/other-libraries.md` from what public libraries
found on one small network with stored weights, `tests/oracles/libraries`; `make test` compares ours with it again. Maps
are made behind a ReLU in the middle of the network, where gradients differ from place to place, at the photo's
resolution, so that no way of enlarging is in them. Differences are the largest one in a map, as a share of the
library's largest value. Measured with
{versions}.

## The same

| method | library and call | they differ by less than | |
|---|---|---|---|"""

BELOW = """
## Not the same

Ours is what the paper says, worked out again in NumPy from PyTorch's gradients. What the library computes instead was
found by the same means: its numbers follow from the formula in words to within {instead}. The difference is that of
the two maps as they are shown, each divided by its largest value: at least 0.1 is seen at once.

| method | library and call | ours and the paper | shown | what the library computes |
|---|---|---|---|---|"""

BOUNDS = {1e-6: "1e-6", 1e-5: "1e-5", 1e-4: "1e-4", 2e-3: "2e-3"}


def text() -> str:
    """The page. Differences are rounded up to powers of ten: their last digits depend on the machine."""
    numbers = Numbers()
    ours = Ours(numbers)
    packages = {name: version for versions in numbers.versions.values() for name, version in versions.items()}
    of_keras = ", ".join(numbers.versions[name]["keras"] for name in ("keras2", "keras3"))
    of_tensorflow = ", ".join(numbers.versions[name]["tensorflow-cpu"] for name in ("keras2", "keras3"))
    packages |= {"keras": of_keras, "tensorflow-cpu": of_tensorflow}
    lines = [TOP.format(versions=", ".join(f"{name} {version}" for name, version in packages.items()))]
    for (method, bound, remark), group in groupby(AGREEING, key=lambda one: _same(one, numbers, ours)):
        calls = ", ".join(one.call for one in group)
        lines.append(f"| `{method}` | {calls} | {BOUNDS[bound]} | {remark} |")
    deviating = [_deviating(one, numbers, ours) for one in DEVIATING]
    lines.append(BELOW.format(instead=BOUNDS[max(instead for instead, _ in deviating)]))
    return "\n".join([*lines, *(line for _, line in deviating)]) + "\n"


def _same(one: Comparison, numbers: Numbers, ours: Ours) -> tuple[str, float, str]:
    apart = difference(one.adapted(ours.found(one)), one.theirs(numbers.theirs(one.call)))
    return one.method, _bound(apart), one.remark


def _deviating(one: Deviation, numbers: Numbers, ours: Ours) -> tuple[float, str]:
    """Within which bound the library's numbers are those of the formula, and the line of the table."""
    found, theirs = ours.found(one), one.theirs(numbers.theirs(one.call))
    paper, instead = difference(found, one.paper(numbers)), difference(theirs, one.instead(numbers))
    shown = np.abs(as_shown(one.adapted(found)) - as_shown(theirs)).max()
    line = f"| `{one.method}` | {one.call} | {BOUNDS[_bound(paper)]} | {shown:.2f} | {one.words} |"
    return _bound(instead), line


def _bound(value: float) -> float:
    return next(bound for bound in BOUNDS if value < bound)
