"""CAM: Zhou, Khosla, Lapedriza, Oliva, Torralba, CVPR 2016, arXiv 1512.04150."""

from __future__ import annotations

import tensorflow as tf

from explain.methods import Maps, method
from explain.methods._terms import weighted


@method(
    name="cam",
    title="CAM",
    paper="Zhou et al., CVPR 2016, arXiv 1512.04150",
    equation="sum_k v_k A^k (equation 2)",
    symbols="A^k: channel k of what the global average pooling reads; v_k: its weight in the score",
    family="cam",
    needs=("activations", "head"),
    use="Its map is what each place adds to the score of the class: the mean over all places is the score without its "
    "bias.",
    limits="It works only at the layer that a global average pooling reads, with nothing but a linear layer behind it.",
    display="positive",
    signed=True,
    cost="1 forward pass",
)
def cam(activations: tf.Tensor, head: tf.Tensor) -> Maps:
    """The channels that the pooling reads, weighted as the linear layer behind it weighs their means.

    Args:
        activations: A, (N, rows, columns, K).
        head: v, (N, K).

    Returns:
        Signed maps; the mean of each is the score without its bias.
    """
    return weighted(head[:, None, None, :], activations)
