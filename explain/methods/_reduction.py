"""From one value for each channel of the input to one for each place."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from explain.methods import Found, Parameter

REDUCE = Parameter(
    default="max_abs",
    choices=("max_abs", "mean_abs", "sum_abs", "l2"),
    description="how the channels of the input become one value: the largest, mean or summed absolute value, or the "
    "root of the sum of squares",
)
_REDUCTIONS = {
    "max_abs": lambda values: np.abs(values).max(-1),
    "mean_abs": lambda values: np.abs(values).mean(-1),
    "sum_abs": lambda values: np.abs(values).sum(-1),
    "l2": lambda values: np.sqrt(np.square(values).sum(-1)),
}


def reduced(channels: npt.NDArray[np.float32], reduce: str, largest: float | None = None, **facts: Any) -> Found:
    """What is found when one value of each channel (H, W, C) becomes one of each place.

    Args:
        channels: signed values.
        reduce: a choice of REDUCE.
        largest: see `Found`; the largest absolute value if left out.
        **facts: see `Found`.
    """
    values = np.asarray(_REDUCTIONS[reduce](channels), np.float32)
    return Found(values, float(np.abs(channels).max()) if largest is None else largest, channels, facts)


def summed(terms: npt.NDArray[np.float32], **facts: Any) -> Found:
    """What is found when the signed contributions of the channels (H, W, C) are added up."""
    return Found(terms.sum(-1), float(np.abs(terms).sum(-1).max()), terms, facts)
