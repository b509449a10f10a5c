"""Eigen-CAM: Muhammad, Yeasin, IJCNN 2020, arXiv 2008.00299."""

from __future__ import annotations

import tensorflow as tf

from explain.methods import Maps, Parameter, method

ALIKE = 1e-6
"""Relative difference of the two largest singular values below which their directions are arbitrary."""


@method(
    name="eigen-cam",
    title="Eigen-CAM",
    paper="Muhammad, Yeasin, IJCNN 2020, arXiv 2008.00299",
    equation="O v_1, O = U D V^T the layer's output as a matrix of places × channels",
    symbols="O: the layer's output; v_1: its first right singular vector",
    family="activations",
    needs=("activations",),
    use="The strongest pattern in a layer's output, found without gradients: it often lies on the main object.",
    limits="It knows no class, so it shows the same whatever is asked.",
    display="positive",
    signed=True,
    space=None,
    cost="1 forward pass, and the singular values of the layer's output",
    parameters={
        "centred": Parameter(
            default=False,
            description="subtract each channel's mean first (principal components), which the paper does not",
        )
    },
)
def eigen_cam(activations: tf.Tensor, centred: bool = False) -> Maps:
    """The layer's output, projected on the direction in which it is largest.

    The sign of a singular vector is free. Of a layer that is nowhere negative (and not centred) it is chosen so that
    the map is nowhere negative; otherwise so that the map and the mean of all channels go together, and where they are
    unrelated, so that its largest entry is positive.

    Args:
        activations: A, (N, rows, columns, K).
        centred: whether to subtract the channels' means.

    Returns:
        Signed maps. The fact `ambiguous` is 1 where the two largest singular values are alike, and the map arbitrary.
    """
    rows, columns, channels = activations.shape[1:]
    matrix = tf.reshape(tf.cast(activations, tf.float64), (-1, rows * columns, channels))
    mean = tf.reduce_mean(matrix, -1)
    if centred:
        matrix -= tf.reduce_mean(matrix, 1, keepdims=True)
    by_places = rows * columns <= channels  # the smaller of the two products has the same values
    values, vectors = tf.linalg.eigh(tf.matmul(matrix, matrix, transpose_a=not by_places, transpose_b=by_places))
    direction = vectors[..., -1]
    if by_places:
        direction = tf.linalg.matvec(matrix, direction, transpose_a=True)
        direction = tf.math.divide_no_nan(direction, tf.norm(direction, axis=-1, keepdims=True))
    projected = tf.linalg.matvec(matrix, direction)
    sign = _sign(projected, mean, tf.reduce_all(activations >= 0, (1, 2, 3)) & (not centred))
    singular = tf.sqrt(tf.nn.relu(values))
    second = singular[..., -2] if singular.shape[-1] > 1 else tf.zeros_like(singular[..., -1])
    ambiguous = singular[..., -1] - second < ALIKE * singular[..., -1]
    terms = tf.reduce_sum(tf.abs(matrix * direction[:, None, :]), -1)
    return Maps(
        tf.cast(tf.reshape(projected * sign[:, None], (-1, rows, columns)), tf.float32),
        tf.cast(tf.reduce_max(terms, -1), tf.float32),
        {"ambiguous": tf.cast(ambiguous, tf.int32)},
    )


def _sign(projected: tf.Tensor, mean: tf.Tensor, nowhere_negative: tf.Tensor) -> tf.Tensor:
    """1 or -1 for each map (N, places), from the mean of its layer's channels (N, places)."""
    around = mean - tf.where(nowhere_negative[:, None], tf.cast(0, mean.dtype), tf.reduce_mean(mean, -1, keepdims=True))
    agreement = tf.reduce_sum(projected * around, -1)
    unrelated = tf.abs(agreement) <= 1e-9 * tf.norm(projected, axis=-1) * tf.norm(around, axis=-1)
    largest = tf.gather(projected, tf.argmax(tf.abs(projected), -1), batch_dims=1)
    return tf.where(tf.where(unrelated, largest, agreement) < 0, tf.cast(-1, mean.dtype), tf.cast(1, mean.dtype))
