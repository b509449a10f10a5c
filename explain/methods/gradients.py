"""Vanilla gradients: Simonyan, Vedaldi, Zisserman 2013, arXiv 1312.6034."""

from __future__ import annotations

from explain.asked import Asked
from explain.methods import Found, method
from explain.methods._reduction import REDUCE, reduced


@method(
    name="gradients",
    title="Gradients",
    paper="Simonyan et al. 2013, arXiv 1312.6034",
    equation="max_c |dS/dx_c|, pixel by pixel (section 3.1)",
    symbols="x_c: channel c of the model's input; S: the score before softmax or sigmoid",
    family="gradients",
    layer=False,
    use="Bright pixels are those to which the score reacts most when they change a little.",
    limits="The map is noisy, and sensitivity is not contribution: where the score saturates, a pixel may matter "
    "without a gradient.",
    display="magnitude",
    signed=False,
    cost="1 forward and 1 backward pass",
    parameters={"reduce": REDUCE},
)
def gradients(asked: Asked, reduce: str = "max_abs") -> Found:
    """How fast the score changes with each pixel.

    Args:
        asked: the photo and the score.
        reduce: how channels become one value.

    Returns:
        A map (H, W) at least 0; `channels` are the signed gradients (H, W, C).
    """
    return reduced(asked.gradients(asked.batch)[0], reduce)
