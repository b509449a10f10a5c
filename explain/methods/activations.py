"""Activations: what a layer computes, whatever class it is used for (shown first by Zeiler, Fergus, ECCV 2014)."""

from __future__ import annotations

import tensorflow as tf

from explain.methods import Maps, Parameter, method


@method(
    name="activations",
    title="Activations",
    paper="Zeiler, Fergus, ECCV 2014, arXiv 1311.2901",
    equation="mean_k A^k, or one channel of A",
    symbols="A^k: channel k of the layer's output",
    family="activations",
    needs=("activations",),
    use="Bright where a layer responds, whatever the class: it is what the later layers have to work with.",
    limits="It says nothing of any class, nor of whether the model uses what is bright.",
    display="positive",
    signed=True,
    space=None,
    cost="1 forward pass",
    parameters={
        "channel": Parameter(
            default="mean",
            choices=("mean", "strongest"),
            least=0,
            whole=True,
            channel=True,
            description="the mean of all channels, the one with the highest mean, or the one of this index",
        )
    },
)
def activations(activations: tf.Tensor, channel: str | tf.Tensor = "mean") -> Maps:
    """What the layer's channels say, without asking what it is good for.

    Args:
        activations: A, (N, rows, columns, K).
        channel: "mean", "strongest" (the highest mean; of equal ones the first) or the index of one that there is.

    Returns:
        The map (N, rows, columns), signed where the layer is, and the largest absolute activation (N,).
    """
    if not isinstance(channel, str):
        values = tf.gather(activations, channel, axis=3)
    elif channel == "mean":
        values = tf.reduce_mean(activations, -1)
    else:
        best = tf.argmax(tf.reduce_mean(activations, (1, 2)), -1)
        values = tf.gather(activations, best, axis=3, batch_dims=1)
    return Maps(values, tf.reduce_max(tf.abs(activations), (1, 2, 3)))
