"""Guided backpropagation: Springenberg, Dosovitskiy, Brox, Riedmiller 2014, arXiv 1412.6806."""

from __future__ import annotations

from explain.asked import Asked
from explain.methods import Found, method
from explain.methods._reduction import REDUCE, reduced


@method(
    name="guided-backprop",
    title="Guided backpropagation",
    paper="Springenberg et al. 2014, arXiv 1412.6806",
    equation="max_c |R_c| at the input, where R passes each ReLU as relu(R) [z > 0] (section 3)",
    symbols="R: what comes back of dS; z: the input of a ReLU",
    family="gradients",
    layer=False,
    use="Crisp pictures of the edges and textures that a network responds to.",
    limits="It hardly changes with the class or with the weights of the upper layers (Adebayo et al. 2018, Nie et al. "
    "2018): it shows what is in the photo more than why the model decides.",
    display="magnitude",
    signed=False,
    cost="1 forward and 1 backward pass",
    parameters={"reduce": REDUCE},
)
def guided_backprop(asked: Asked, reduce: str = "max_abs") -> Found:
    """The gradients of the score, where only what is positive passes a ReLU, and only where the ReLU is open.

    Args:
        asked: the photo and the score.
        reduce: how channels become one value.

    Returns:
        A map (H, W) at least 0; `channels` are signed (H, W, C).
    """
    gradients = asked.gradients(asked.batch, rule="guided")[0]
    return reduced(gradients, reduce, **asked.generalised("guided"))
