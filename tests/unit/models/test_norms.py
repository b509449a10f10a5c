from __future__ import annotations

import keras
import numpy as np
import pytest

from models import norms


@pytest.fixture
def pair():
    """Keras' own layer and the quick one, with the same random weights."""
    rng = np.random.default_rng(0)
    layers = [
        kind(momentum=0.9, epsilon=1e-3) for kind in (keras.layers.BatchNormalization, norms.QuickBatchNormalization)
    ]
    values = [rng.uniform(0.5, 2, 6).astype(np.float32) for _ in range(4)]
    for layer in layers:
        layer.build((None, 4, 5, 6))
        layer.set_weights(values)
    return layers


X = np.random.default_rng(1).normal(2, 3, (7, 4, 5, 6)).astype(np.float32)


def test_resting_it_uses_its_statistics(pair):
    theirs, ours = (np.asarray(layer(X, training=False)) for layer in pair)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def test_learning_it_normalises_the_batch_and_moves_its_statistics(pair):
    theirs, ours = (np.asarray(layer(X, training=True)) for layer in pair)
    gamma, beta, mean, variance = pair[1].get_weights()
    normal = (X - X.mean((0, 1, 2))) / np.sqrt(X.var((0, 1, 2)) + 1e-3)
    np.testing.assert_allclose(ours, normal * gamma + beta, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
    for mine, wanted in zip((mean, variance), pair[0].get_weights()[2:], strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=1e-5)


def test_its_gradients_are_those_of_keras(pair):
    """One step of plain gradient descent with each gives the same weights."""
    after = []
    for layer in pair:
        inputs = keras.Input((4, 5, 6))
        model = keras.Model(inputs, keras.layers.Conv2D(2, 3, kernel_initializer="ones")(layer(inputs)))
        model.compile(keras.optimizers.SGD(0.01), loss="mse")
        model.train_on_batch(X, np.ones((7, 2, 3, 2), np.float32))
        after.append(model.get_weights())
    for mine, theirs in zip(after[1], after[0], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-4)


def test_frozen_it_keeps_its_statistics_while_others_learn(pair):
    before = pair[1].get_weights()
    pair[1].trainable = False
    resting = np.asarray(pair[1](X, training=True))
    np.testing.assert_allclose(resting, np.asarray(pair[0](X, training=False)), rtol=1e-5, atol=1e-5)
    for value, kept in zip(pair[1].get_weights(), before, strict=True):
        assert np.array_equal(value, kept)


def test_a_network_is_the_same_but_quick():
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, name="conv")(inputs)
    x = keras.layers.BatchNormalization(momentum=0.999, name="norm")(x)
    network = keras.Model(inputs, keras.layers.ReLU(name="out")(x))
    quick = norms.quicken(network)
    assert isinstance(quick.get_layer("norm"), norms.QuickBatchNormalization)
    assert quick.get_layer("norm").momentum == norms.MOMENTUM
    photo = np.random.default_rng(2).normal(size=(2, 8, 8, 3)).astype(np.float32)
    np.testing.assert_allclose(quick(photo), network(photo), rtol=1e-5, atol=1e-5)
