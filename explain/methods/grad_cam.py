"""Grad-CAM: Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra, ICCV 2017, arXiv 1610.02391."""

from __future__ import annotations

import tensorflow as tf

from explain.methods import method


@method(
    name="grad-cam",
    title="Grad-CAM",
    paper="Selvaraju et al., ICCV 2017, arXiv 1610.02391",
    equation="relu(sum_k a_k A^k), a_k = mean_ij dS/dA^k_ij (equations 1 and 2)",
    family="cam",
    gradients=True,
    display="positive",
    space="logit",
    cost="1 forward pass, and back to the layer",
)
def grad_cam(activations: tf.Tensor, gradients: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The layer's channels, weighted by how much the score grows with each.

    Args:
        activations: A, (N, rows, columns, K).
        gradients: dS/dA of the same shape, S the score before softmax or sigmoid.

    Returns:
        The map (N, rows, columns), at least 0, and the largest sum of absolute terms (N,).
    """
    weights = tf.reduce_mean(gradients, (1, 2), keepdims=True)
    terms = weights * activations
    return tf.nn.relu(tf.reduce_sum(terms, -1)), tf.reduce_max(tf.reduce_sum(tf.abs(terms), -1), (1, 2))
