"""SmoothGrad: Smilkov, Thorat, Kim, Viégas, Wattenberg 2017, arXiv 1706.03825.

Its square: Hooker, Erhan, Kindermans, Kim, NeurIPS 2019, arXiv 1806.10758. VarGrad: Adebayo et al. 2018,
arXiv 1810.03307.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from explain.asked import CHUNK, Asked
from explain.methods import Found, Parameter, method
from explain.methods._reduction import REDUCE, reduced


@method(
    name="smooth-grad",
    title="SmoothGrad",
    paper="Smilkov et al. 2017, arXiv 1706.03825; squared: Hooker et al. 2019, arXiv 1806.10758; variance: Adebayo et "
    "al. 2018, arXiv 1810.03307",
    equation="mean_m D_m, mean_m D_m^2, or the variance of D_m over m; D_m = dS/dx at x + e_m, e_m ~ N(0, s^2)",
    symbols="x: the model's input; S: the score before softmax or sigmoid; s: level × (max x - min x)",
    family="gradients",
    layer=False,
    use="The gradients of many noisy copies of the photo put together, which takes away most of their own noise.",
    limits="It still shows sensitivity, not contribution, and how much noise is right is a matter of taste.",
    display="magnitude",
    signed=False,
    cost="as many forward and backward passes as samples",
    parameters={
        "variant": Parameter("mean", "mean, mean of squares, or variance", choices=("mean", "squared", "variance")),
        "samples": Parameter(50, "noisy copies of the photo", least=1, most=1000, whole=True),
        "level": Parameter(0.15, "deviation of the noise, as a share of the input's range", least=0, most=1),
        "seed": Parameter(0, "of the noise", least=0, most=2**31 - 1, whole=True),
        "reduce": REDUCE,
    },
)
def smooth_grad(
    asked: Asked,
    variant: str = "mean",
    samples: int = 50,
    level: float = 0.15,
    seed: int = 0,
    reduce: str = "max_abs",
) -> Found:
    """The gradients at noisy copies of the photo, averaged before channels become one value.

    Sample m draws its noise from (seed, m) alone, so more samples begin with the same ones.

    Args:
        asked: the photo and the score.
        variant: "mean", "squared" (the mean of squares) or "variance" (divided by the number of samples).
        samples: copies.
        level: deviation of the noise, as a share of the input's range.
        seed: of the noise.
        reduce: how channels become one value.

    Returns:
        A map (H, W) at least 0; `channels` (H, W, C) are signed for "mean".
    """
    x = asked.batch[0]
    deviation = level * (x.max() - x.min())
    total = np.zeros(x.shape, np.float64)
    squares = np.zeros(x.shape, np.float64)
    for start in range(0, samples, CHUNK):
        noisy = [x + deviation * _noise(x.shape, seed, m) for m in range(start, min(start + CHUNK, samples))]
        found = asked.gradients(np.stack(noisy).astype(np.float32)).astype(np.float64)
        total += found.sum(0)
        squares += np.square(found).sum(0)
    mean, squared = total / samples, squares / samples
    channels = {"mean": mean, "squared": squared, "variance": np.maximum(squared - mean**2, 0)}[variant]
    # Squares and variances are noise below a millionth of the largest square, means below one of the largest value.
    largest = squared.max() if variant != "mean" else float(np.sqrt(squared.max()))
    return reduced(channels.astype(np.float32), reduce, float(largest))


def _noise(shape: tuple[int, ...], seed: int, sample: int) -> npt.NDArray[np.float64]:
    return np.random.default_rng((seed, sample)).standard_normal(shape)
