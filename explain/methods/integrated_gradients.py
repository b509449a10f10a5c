"""Integrated gradients: Sundararajan, Taly, Yan, ICML 2017, arXiv 1703.01365."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from explain.asked import CHUNK, Asked
from explain.methods import Found, Parameter, method
from explain.methods._baselines import baselines
from explain.methods._reduction import summed

GAP = 0.05
DOUBLINGS = 2


@method(
    name="integrated-gradients",
    title="Integrated gradients",
    paper="Sundararajan et al., ICML 2017, arXiv 1703.01365",
    equation="sum_c (x_c - x'_c) ∫ dS/dx_c(x' + t (x - x')) dt over t in 0..1 (equation 1), at midpoints",
    symbols="x: the model's input; x': the baseline's; S: the score before softmax or sigmoid",
    family="gradients",
    layer=False,
    use="What each pixel contributes: all of it adds up to the difference in score between the photo and a baseline, "
    "such as a black picture.",
    limits="It shows only what differs from the baseline: where the photo is as black as a black one, it stays dark.",
    display="magnitude",
    signed=True,
    cost="as many forward and backward passes as steps, and 2 forward passes",
    parameters={
        "baseline": Parameter(
            "black",
            "what the photo is compared with: black, its mean colour, itself blurred, or the mean over noise",
            choices=("black", "mean", "blur", "noise"),
        ),
        "steps": Parameter(
            50, "points on the way; doubled up to twice where the gap is large", least=1, most=1000, whole=True
        ),
        "seed": Parameter(0, "of the baseline noise", least=0, most=2**31 - 1, whole=True),
    },
)
def integrated_gradients(asked: Asked, baseline: str = "black", steps: int = 50, seed: int = 0) -> Found:
    """What each pixel contributes to the difference between the scores of the photo and of a baseline.

    Args:
        asked: the photo and the score.
        baseline: "black", "mean" (colour), "blur" (Gaussian, a tenth of the shorter side) or "noise" (uniform, several
            draws), as pixels that are preprocessed like the photo.
        steps: midpoints of the integral.
        seed: of the noise.

    Returns:
        A signed map (H, W), the sum of `channels` (H, W, C). The facts tell how far its sum is from the difference of
        the scores: `completeness_gap`, in the score's unit, and `relative_gap`; and how many `steps` were made.
    """
    x = asked.batch[0].astype(np.float64)
    starts = asked.prepare(baselines(asked.pixels, baseline, seed)).astype(np.float64)
    wanted = float(asked.scores(asked.batch)[0]) - float(asked.scores(starts.astype(np.float32)).mean())
    for made in (steps * 2**doubling for doubling in range(DOUBLINGS + 1)):
        terms = np.mean([_along(asked, x, start, made) for start in starts], axis=0)
        gap = abs(float(terms.sum()) - wanted)
        relative = gap / max(abs(wanted), 1e-12)
        if relative <= GAP:
            break
    return summed(terms.astype(np.float32), completeness_gap=gap, relative_gap=relative, steps=made)


def _along(asked: Asked, x: npt.NDArray[np.float64], start: npt.NDArray[np.float64], steps: int) -> np.ndarray:
    """The integral along the straight way from a baseline (H, W, C), times the way."""
    total = np.zeros(x.shape, np.float64)
    middles = (np.arange(steps) + 0.5) / steps
    for first in range(0, steps, CHUNK):
        ways = middles[first : first + CHUNK, None, None, None]
        total += asked.gradients((start + ways * (x - start)).astype(np.float32)).sum(0, dtype=np.float64)
    return (x - start) * total / steps
