"""Gradient x input: Shrikumar, Greenside, Shcherbina, Kundaje 2016, arXiv 1605.01713."""

from __future__ import annotations

from explain.asked import Asked
from explain.methods import Found, method
from explain.methods._reduction import summed


@method(
    name="gradient-x-input",
    title="Gradient × input",
    paper="Shrikumar et al. 2016, arXiv 1605.01713",
    equation="sum_c x_c dS/dx_c, pixel by pixel",
    symbols="x_c: channel c of the model's input after preprocessing; S: the score before softmax or sigmoid",
    family="gradients",
    layer=False,
    use="What each pixel contributes to the score: exact for linear models, and for ReLU networks without biases.",
    limits="It depends on the preprocessing: a pixel that this turns into 0 never counts, whatever it shows.",
    display="magnitude",
    signed=True,
    cost="1 forward and 1 backward pass",
)
def gradient_x_input(asked: Asked) -> Found:
    """What each pixel contributes to the score, were it linear.

    Args:
        asked: the photo and the score.

    Returns:
        A signed map (H, W), the sum of `channels` (H, W, C).
    """
    return summed(asked.batch[0] * asked.gradients(asked.batch)[0])
