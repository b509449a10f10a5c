"""XGrad-CAM: Fu, Hu, Dong, Guo, Gao, Li, BMVC 2020, arXiv 2008.02312."""

from __future__ import annotations

import tensorflow as tf

from explain.methods import Maps, method
from explain.methods._terms import positive, weighted

CANCELLED = 1e-6
"""A channel's sum below this share of the sum of its absolute values is rounding noise."""


@method(
    name="xgrad-cam",
    title="XGrad-CAM",
    paper="Fu et al., BMVC 2020, arXiv 2008.02312",
    equation="relu(sum_k w_k A^k), w_k = sum_ij A^k_ij G^k_ij / sum_ab A^k_ab",
    symbols="A^k: channel k of the layer's output; S: the score before softmax or sigmoid; G = dS/dA",
    family="cam",
    needs=("activations", "gradients"),
    use="Grad-CAM in which a channel's gradient counts most where the channel is active.",
    limits="It is meant for layers behind a ReLU: where a channel's values cancel out, its weight is meaningless.",
    display="positive",
    signed=False,
    cost="1 forward pass, and back to the layer",
)
def xgrad_cam(activations: tf.Tensor, gradients: tf.Tensor) -> Maps:
    """The layer's channels, each weighted by the mean of its gradient where the channel is active.

    Args:
        activations: A, (N, rows, columns, K).
        gradients: G = dS/dA of the same shape.

    Returns:
        Maps at least 0.
    """
    sums = tf.reduce_sum(activations, (1, 2), keepdims=True)
    cancelled = tf.abs(sums) < CANCELLED * tf.reduce_sum(tf.abs(activations), (1, 2), keepdims=True)
    products = tf.reduce_sum(activations * gradients, (1, 2), keepdims=True)
    weights = tf.where(cancelled, 0.0, tf.math.divide_no_nan(products, sums))
    return positive(weighted(weights, activations))
