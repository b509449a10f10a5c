"""FullGrad: Srinivas & Fleuret, NeurIPS 2019, arXiv 1905.00780."""

from __future__ import annotations

import tensorflow as tf

from explain import probe
from explain.asked import Asked
from explain.methods import NOISE, Found, method


@method(
    name="full-grad",
    title="FullGrad",
    paper="Srinivas & Fleuret, NeurIPS 2019, arXiv 1905.00780",
    equation="sum_c psi(x dS/dx)_c + sum_l sum_c psi(b_l dS/dz_l)_c; psi: absolute value, min-max, enlarge (section 4)",
    symbols="x: the model's input; S: the score before softmax or sigmoid; b_l: the biases of layer l, the implicit "
    "ones of normalisations, activations and products too; z_l: where they are added",
    family="gradients",
    layer=False,
    use="Puts together what the input and all biases of the network contribute, which add up to the score.",
    limits="That sum is lost in the map, where each contribution counts as much as any other, without its sign: a "
    "bright place need not have raised the score.",
    display="positive",
    signed=False,
    cost="1 forward and 1 backward pass",
)
def full_grad(asked: Asked) -> Found:
    """The sum of what the input and the biases of all layers contribute to the score.

    Args:
        asked: the photo and the score.

    Returns:
        A map (H, W) at least 0. The facts tell the `completeness_gap`: how far the contributions' sum is from the
        score, as a share of the score or of the sum of their absolute values, whichever is larger.

    Raises:
        ExplainError: the network has an operation whose implicit bias is not known.
    """
    saliency, score, total, absolute, in_places = asked.decomposed(_summary)
    gap = abs(float(score) - float(total)) / max(abs(float(score)), float(absolute), 1e-30)
    # Every term is stretched to 0..1, however small. What tells evidence from rounding noise is its share of the score:
    # `largest` is the map's maximum, were the terms that it shows all there are.
    largest = float(saliency.max() * absolute / in_places) if in_places > 0 else 0.0
    return Found(saliency, largest, None, {"completeness_gap": gap})


def _summary(score: tf.Tensor, terms: list[tf.Tensor]) -> list[tf.Tensor]:
    """The map (H, W), the score, the sum of its terms, that of their absolute values, and that of the map's alone."""
    size = terms[0].shape[1:3]
    places = [terms[0], *filter(probe.spatial, terms[1:])]
    return [
        tf.add_n([enlarged(rescaled(tf.abs(term)), size) for term in places]),
        score,
        tf.add_n([tf.reduce_sum(term) for term in terms]),
        tf.add_n([tf.reduce_sum(tf.abs(term)) for term in terms]),
        tf.add_n([tf.reduce_sum(tf.abs(term)) for term in places]),
    ]


def rescaled(values: tf.Tensor) -> tf.Tensor:
    """From its minimum to 0 and its maximum to 1, over all places and channels; 0 where they differ by noise only."""
    lowest, highest = tf.reduce_min(values), tf.reduce_max(values)
    noise = highest - lowest <= NOISE * highest
    return tf.where(noise, 0.0, tf.math.divide_no_nan(values - lowest, highest - lowest))


def enlarged(values: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """The sum of the channels (1, rows, columns, K), enlarged to (H, W). A term that is no map of the one photo, such
    as one of many windows in it, counts as 0."""
    photos = tf.cast(tf.shape(values)[0] == 1, tf.float32)
    maps = tf.image.resize(photos * tf.reduce_sum(values, -1, keepdims=True), size, "bilinear", antialias=False)
    return tf.reduce_sum(maps, (0, 3))
