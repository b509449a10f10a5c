"""LayerCAM: Jiang, Zhang, Hou, Cheng, Wei, IEEE Transactions on Image Processing 30, 2021."""

from __future__ import annotations

import tensorflow as tf

from explain.methods import Maps, method
from explain.methods._terms import positive, weighted


@method(
    name="layer-cam",
    title="LayerCAM",
    paper="Jiang et al., IEEE Transactions on Image Processing 30, 2021",
    equation="relu(sum_k relu(G^k) A^k), place by place, G = dS/dA",
    symbols="A^k: channel k of the layer's output; S: the score before softmax or sigmoid",
    family="cam",
    needs=("activations", "gradients"),
    use="Fine maps at early layers, where Grad-CAM's one weight for all places says little.",
    limits="It leaves out what speaks against the class; in front of strided convolutions and pooling, gradients lie "
    "on a grid, and so does the map.",
    display="positive",
    signed=False,
    cost="1 forward pass, and back to the layer",
)
def layer_cam(activations: tf.Tensor, gradients: tf.Tensor) -> Maps:
    """The layer's activations, each weighted by its own gradient where that is positive.

    Args:
        activations: A, (N, rows, columns, K).
        gradients: G = dS/dA of the same shape.

    Returns:
        Maps at least 0.
    """
    return positive(weighted(tf.nn.relu(gradients), activations))
