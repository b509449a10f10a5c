from __future__ import annotations

import pytest
import tensorflow as tf

from explain import outputs


@pytest.fixture
def raw():
    with tf.Graph().as_default():
        yield tf.compat.v1.placeholder(tf.float32, (None, 3))


@pytest.mark.parametrize(
    ("head", "expected"), [(tf.nn.softmax, "softmax"), (tf.nn.log_softmax, "softmax"), (tf.sigmoid, "sigmoid")]
)
def test_the_tensor_before_a_final_activation_is_found(raw, head, expected):
    for output in (head(raw), tf.identity(tf.cast(head(raw), tf.float64))):
        found, activation = outputs.logits(output)
        assert found is raw
        assert activation == expected


def test_an_activation_before_the_last_step_is_left_alone(raw):
    output = tf.sigmoid(raw) * 2.0
    assert outputs.logits(output) == (output, None)
