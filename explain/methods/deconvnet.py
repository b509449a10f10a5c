"""Deconvnet: Zeiler, Fergus, ECCV 2014, arXiv 1311.2901."""

from __future__ import annotations

from explain.asked import Asked
from explain.methods import Found, method
from explain.methods._reduction import REDUCE, reduced


@method(
    name="deconvnet",
    title="Deconvnet",
    paper="Zeiler, Fergus, ECCV 2014, arXiv 1311.2901",
    equation="max_c |R_c| at the input, where R passes each ReLU as relu(R) (section 2.1)",
    symbols="R: what comes back of dS, where the paper starts from one unit of a layer",
    family="gradients",
    layer=False,
    use="Traces the score back to the pixels as an early paper did: to compare with its pictures, of networks with "
    "max pooling.",
    limits="Without max pooling it hardly depends on the photo, and like guided backpropagation it hardly depends on "
    "the class.",
    display="magnitude",
    signed=False,
    cost="1 forward and 1 backward pass",
    parameters={"reduce": REDUCE},
)
def deconvnet(asked: Asked, reduce: str = "max_abs") -> Found:
    """The gradients of the score, where only what is positive passes a ReLU, whether the ReLU is open or not.

    Args:
        asked: the photo and the score.
        reduce: how channels become one value.

    Returns:
        A map (H, W) at least 0; `channels` are signed (H, W, C).
    """
    gradients = asked.gradients(asked.batch, rule="deconvnet")[0]
    return reduced(gradients, reduce, **asked.generalised("deconvnet"))
