"""HiResCAM: Draelos, Carin 2020, arXiv 2011.08891."""

from __future__ import annotations

import tensorflow as tf

from explain.methods import Maps, method
from explain.methods._terms import weighted


@method(
    name="hires-cam",
    title="HiResCAM",
    paper="Draelos, Carin 2020, arXiv 2011.08891",
    equation="sum_k G^k A^k, place by place, G = dS/dA",
    symbols="A^k: channel k of the layer's output; S: the score before softmax or sigmoid",
    family="cam",
    needs=("activations", "gradients"),
    use="Weighs every place by itself: where only a linear layer follows, the values of its map add up to the score "
    "without its bias.",
    limits="At early layers it is as noisy as the gradients themselves.",
    display="positive",
    signed=True,
    cost="1 forward pass, and back to the layer",
)
def hires_cam(activations: tf.Tensor, gradients: tf.Tensor) -> Maps:
    """What each place contributes to the score, as far as the score is linear in the layer.

    Args:
        activations: A, (N, rows, columns, K).
        gradients: G = dS/dA of the same shape.

    Returns:
        Signed maps.
    """
    return weighted(gradients, activations)
