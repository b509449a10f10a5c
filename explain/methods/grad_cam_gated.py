"""Gated Grad-CAM: no paper, but what many Keras notebooks and two published works compute as "guided" Grad-CAM.

Not to be mixed up with guided Grad-CAM, which multiplies Grad-CAM with guided backpropagation.
"""

from __future__ import annotations

import tensorflow as tf

from explain.methods import Maps, method
from explain.methods._terms import positive, weighted


@method(
    name="grad-cam-gated",
    title="Grad-CAM, gated",
    paper="no paper; default of tf-explain (use_guided_grads) and of many Keras notebooks",
    equation="relu(sum_k a_k A^k), a_k = mean_ij G^k_ij [A^k_ij > 0] [G^k_ij > 0], G = dS/dA",
    symbols="A^k: channel k of the layer's output; S: the score; G: its gradient; [ ]: 1 where true, else 0",
    family="cam",
    needs=("activations", "gradients"),
    use="Grad-CAM from positive gradients only, as many notebooks compute it: to compare with their pictures.",
    limits="It leaves out what speaks against the class, so two classes can get similar maps; behind swish or gelu "
    "its gate is arbitrary.",
    display="positive",
    signed=False,
    cost="1 forward pass, and back to the layer",
)
def grad_cam_gated(activations: tf.Tensor, gradients: tf.Tensor) -> Maps:
    """Grad-CAM from gradients that are positive where the channel is.

    Args:
        activations: A, (N, rows, columns, K).
        gradients: G = dS/dA of the same shape.

    Returns:
        Maps at least 0. The mean is over all places, also those that the gate closes.
    """
    gated = tf.where(activations > 0, tf.nn.relu(gradients), 0.0)
    return positive(weighted(tf.reduce_mean(gated, (1, 2), keepdims=True), activations))
