"""What the methods of the CAM family share: a map that is a sum of weighted channels."""

from __future__ import annotations

import tensorflow as tf

from explain.methods import Maps


def weighted(weights: tf.Tensor, activations: tf.Tensor) -> Maps:
    """sum_k w_k A^k, signed.

    Args:
        weights: (N, 1, 1, K), or (N, rows, columns, K) for one of each place.
        activations: A, (N, rows, columns, K).
    """
    terms = weights * activations
    return Maps(tf.reduce_sum(terms, -1), tf.reduce_max(tf.reduce_sum(tf.abs(terms), -1), (1, 2)))


def positive(maps: Maps) -> Maps:
    """The maps with 0 in place of what is negative."""
    return maps._replace(values=tf.nn.relu(maps.values))
