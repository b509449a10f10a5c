from __future__ import annotations

import keras
import pytest
import tensorflow as tf
from keras import layers

from explain import probe


@pytest.fixture(autouse=True)
def _graph():
    with tf.Graph().as_default():
        yield


@pytest.fixture
def photo():
    return tf.compat.v1.placeholder(tf.float32, (None, 8, 8, 4))


def test_every_step_of_a_chain_is_a_cut(photo):
    one = tf.nn.relu(photo)
    two = tf.reduce_mean(one, (1, 2))
    assert [tensor is expected for tensor, expected in zip(probe.cuts(photo, two), (photo, one, two), strict=True)]


def test_beside_a_shortcut_nothing_is_a_cut(photo):
    one = tf.nn.relu(photo)
    branch = tf.nn.sigmoid(one)
    total = one + branch
    end = tf.reduce_mean(total, (1, 2))
    found = {tensor.ref() for tensor in probe.cuts(photo, end)}
    assert found == {tensor.ref() for tensor in (photo, one, total, end)}


def test_the_input_read_again_at_the_end_leaves_no_cut_between(photo):
    between = tf.nn.relu(tf.nn.sigmoid(photo))
    end = between + photo
    assert {tensor.ref() for tensor in probe.cuts(photo, end)} == {photo.ref(), end.ref()}


def test_what_does_not_lead_to_the_end_does_not_count(photo):
    one = tf.nn.relu(photo)
    two = tf.nn.sigmoid(one)
    tf.nn.tanh(photo)  # read by nobody
    assert one.ref() in {tensor.ref() for tensor in probe.cuts(photo, two)}


@pytest.mark.parametrize(
    "pool",
    [
        lambda x: tf.reduce_mean(x, (1, 2)),
        lambda x: tf.reduce_mean(x, (2, 1), keepdims=True),
        lambda x: tf.reduce_mean(x, (-3, -2)),
        lambda x: tf.reduce_max(x, (1, 2)),
        lambda x: tf.reduce_sum(x, (1, 2)),
        lambda x: tf.nn.avg_pool2d(x, 8, 8, "VALID"),
        lambda x: tf.concat([tf.reduce_mean(x, (1, 2)), tf.reduce_max(x, (1, 2))], -1),
        lambda x: tf.reduce_mean(tf.cast(x, tf.float64), (1, 2)),
    ],
)
def test_what_a_global_pooling_reads_is_found(photo, pool):
    features = tf.nn.relu(photo)
    assert probe.pooled(tf.nn.tanh(pool(features))) is features


def test_a_pooling_that_only_weighs_channels_is_not_the_one_before_the_scores(photo):
    gate = tf.sigmoid(tf.reduce_mean(photo, (1, 2), keepdims=True))
    assert probe.pooled(tf.reshape(photo * gate, (-1, 256))) is None
    weighed = photo * gate
    assert probe.pooled(tf.reduce_mean(weighed, (1, 2))) is weighed


def test_the_mean_over_channels_is_no_pooling_of_places(photo):
    assert probe.pooled(tf.reshape(tf.reduce_mean(photo, -1), (-1, 64))) is None


def test_a_call_that_somebody_has_replaced_is_put_back():
    photo = keras.Input((4, 4, 3))
    model = keras.Model(photo, layers.Conv2D(2, 3, name="layer")(photo))
    layer = model.get_layer("layer")
    own = layer.call
    object.__setattr__(layer, "call", own)
    with probe.recording(model):
        assert layer.call is not own
    assert layer.call is own
