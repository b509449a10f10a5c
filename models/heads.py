"""What turns a backbone's feature map into class scores.

Plain Keras: this module runs on every Keras backend.
"""

from __future__ import annotations

from typing import Any

import keras

EVIDENCE = "evidence"
LOGITS = "logits"


def conv_head(features: Any, channels: int, units: int) -> Any:
    """A 1x1 convolution with ReLU, global average pooling and one dense layer.

    The convolution lets the classes choose their features before these are averaged: with it the maps of Grad-CAM
    cover the object far better than with pooling alone.

    Args:
        features: the backbone's output, (N, rows, columns, K).
        channels: width of the convolution.
        units: outputs of the dense layer; 1 for two classes.

    Returns:
        The logits, (N, units).
    """
    evidence = keras.layers.Conv2D(channels, 1, activation="relu", name=EVIDENCE)(features)
    pooled = keras.layers.GlobalAveragePooling2D(name="pooling")(evidence)
    # Without a bias a score is the mean of what each place says, and nothing else.
    # Scores leave in float32 whatever precision the rest computes in: half precision would quantise them.
    return keras.layers.Dense(units, use_bias=False, name=LOGITS, dtype="float32")(pooled)
