"""Grad-CAM++: Chattopadhay, Sarkar, Howlader, Balasubramanian, WACV 2018, arXiv 1710.11063.

The paper explains Y = exp(S). Where S is piecewise linear in A its second derivative is 0, so d^n Y = e^S G^n, and e^S
cancels in alpha = d²Y / (2 d²Y + sum(A^k) d³Y), which leaves 1 / (2 + sum(A^k) G).
"""

from __future__ import annotations

import tensorflow as tf

from explain.methods import Maps, Parameter, method
from explain.methods._terms import positive, weighted

SMALLEST = 1e-6


@method(
    name="grad-cam++",
    title="Grad-CAM++",
    paper="Chattopadhay et al., WACV 2018, arXiv 1710.11063",
    equation="relu(sum_k w_k A^k), w_k = sum_ij alpha^k_ij relu(G^k_ij), alpha = 1 / (2 + G sum_ab A^k_ab) where "
    "G > 0 (equation 19, for Y = exp S and piecewise linear S)",
    symbols="A^k: channel k of the layer's output; S: the score before softmax; G = dS/dA",
    family="cam",
    needs=("activations", "gradients"),
    use="Meant for photos with several objects of a class: small regions are to weigh as much as large ones.",
    limits="It looks at positive gradients only, so classes can differ less than in Grad-CAM, and it depends on the "
    "scale of the scores; behind swish or gelu it is an approximation.",
    display="positive",
    signed=False,
    cost="1 forward pass, and back to the layer",
    parameters={
        "normalize_alpha": Parameter(
            default=False,
            description="divide alpha by its sum over a channel's places, as the authors' code does and the paper "
            "does not",
        )
    },
)
def grad_cam_plus_plus(activations: tf.Tensor, gradients: tf.Tensor, normalize_alpha: bool = False) -> Maps:
    """The layer's channels, weighted by their positive gradients, each place by how much it alone matters.

    Args:
        activations: A, (N, rows, columns, K).
        gradients: G = dS/dA of the same shape.
        normalize_alpha: make the alphas of a channel add up to 1.

    Returns:
        Maps at least 0; the positive factor e^S is left out. The fact `singular` counts the places whose alpha is
        infinite and taken as 0: there are none where the layer is at least 0.
    """
    rises = gradients > 0
    below = 2 + tf.reduce_sum(activations, (1, 2), keepdims=True) * gradients
    singular = rises & (tf.abs(below) < SMALLEST)
    # What is not used must not be infinite either, or it would come back as NaN.
    alpha = tf.where(rises & ~singular, 1 / tf.where(rises & ~singular, below, 1.0), 0.0)
    if normalize_alpha:
        alpha = tf.math.divide_no_nan(alpha, tf.reduce_sum(alpha, (1, 2), keepdims=True))
    weights = tf.reduce_sum(alpha * tf.nn.relu(gradients), (1, 2), keepdims=True)
    found = positive(weighted(weights, activations))
    return found._replace(facts={"singular": tf.reduce_sum(tf.cast(singular, tf.int32), (1, 2, 3))})
