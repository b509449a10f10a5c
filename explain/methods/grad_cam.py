"""Grad-CAM: Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra, ICCV 2017, arXiv 1610.02391."""

from __future__ import annotations

import tensorflow as tf

from explain.methods import Maps, method
from explain.methods._terms import positive, weighted


@method(
    name="grad-cam",
    title="Grad-CAM",
    paper="Selvaraju et al., ICCV 2017, arXiv 1610.02391",
    equation="relu(sum_k a_k A^k), a_k = mean_ij dS/dA^k_ij (equations 1 and 2)",
    symbols="A^k: channel k of the layer's output; S: the score before softmax or sigmoid; a_k: the channel's weight",
    family="cam",
    needs=("activations", "gradients"),
    use="The usual choice at the last convolutions: bright regions speak for the class.",
    limits="Each channel has one weight for all its places, so in early layers, and before fully connected ones, it "
    "can point to places that did not raise the score.",
    display="positive",
    signed=False,
    cost="1 forward pass, and back to the layer",
)
def grad_cam(activations: tf.Tensor, gradients: tf.Tensor) -> Maps:
    """The layer's channels, weighted by how much the score grows with each.

    Args:
        activations: A, (N, rows, columns, K).
        gradients: dS/dA of the same shape, S the score before softmax or sigmoid.

    Returns:
        Maps at least 0.
    """
    return positive(weighted(tf.reduce_mean(gradients, (1, 2), keepdims=True), activations))
