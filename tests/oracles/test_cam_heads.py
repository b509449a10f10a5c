"""CAM on every head that is a global average pooling and something linear, and on none that is not."""

from __future__ import annotations

import keras
import networks
import numpy as np
import pytest
from keras import layers
from numpy.testing import assert_allclose

import explain

PHOTO = networks.noise(6, 8)


def headed(head, classes=3, **how):
    """The Explainer of a network "first", "last" and a head, and what "last" says of PHOTO: (rows, columns, 5)."""
    photo = keras.Input((6, 8, 3))
    first = layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(photo)
    last = layers.Conv2D(5, 3, padding="same", strides=2, activation="relu", name="last")(first)
    model = networks.randomise(keras.Model(photo, head(last)), 12)
    explainer = networks.explainer(model, networks.PETS[:classes], **how)
    return model, explainer, explainer.explain(PHOTO, "activations", "last").channels


def kernel_of(model, name="scores"):
    return model.get_layer(name).get_weights()[0].astype(np.float64)


def check(explainer, channels, v, layer="last"):
    """CAM is the channels, weighted by v (channels, classes)."""
    for index, label in enumerate(explainer.classifier.classes):
        expected = channels @ v[:, index]
        found = explainer.explain(PHOTO, "cam", layer, target=label)
        assert_allclose(found.map, expected, rtol=1e-4, atol=1e-5)


def dense(x, classes=3, activation=None):
    return layers.Dense(classes, activation=activation, name="scores")(x)


def pool(x, **how):
    return layers.GlobalAveragePooling2D(name="pool", **how)(x)


ONE_KERNEL = {
    "plain": lambda x: dense(pool(x)),
    "dropout": lambda x: dense(layers.Dropout(0.5)(pool(x))),
    "dropout in front": lambda x: dense(pool(layers.SpatialDropout2D(0.5)(x))),
    "keepdims": lambda x: dense(layers.Flatten()(pool(x, keepdims=True))),
    "average pooling": lambda x: dense(layers.Flatten()(layers.AveragePooling2D((3, 4))(x))),
    "mean": lambda x: dense(keras.ops.mean(x, (1, 2))),
    "softmax inside": lambda x: dense(pool(x), activation="softmax"),
    "softmax layer": lambda x: layers.Softmax()(dense(pool(x))),
    "sigmoid": lambda x: dense(pool(x), activation="sigmoid"),
}


@pytest.mark.parametrize("head", ONE_KERNEL.values(), ids=ONE_KERNEL)
def test_heads_whose_weights_are_one_kernel(head):
    model, explainer, channels = headed(head)
    check(explainer, channels, kernel_of(model))


def test_batch_normalisation_behind_the_pooling_is_folded():
    model, explainer, channels = headed(lambda x: dense(layers.BatchNormalization(name="normalise")(pool(x))))
    gamma, _, _, variance = (one.astype(np.float64) for one in model.get_layer("normalise").get_weights())
    scale = gamma / np.sqrt(variance + model.get_layer("normalise").epsilon)
    check(explainer, channels, scale[:, None] * kernel_of(model))


def test_a_convolution_of_what_was_pooled_is_a_linear_layer():
    def head(x):
        return layers.Flatten()(layers.Conv2D(3, 1, name="scores")(pool(x, keepdims=True)))

    model, explainer, channels = headed(head)
    check(explainer, channels, kernel_of(model)[0, 0])


def test_scores_that_are_divided():
    model, explainer, channels = headed(lambda x: dense(pool(x)) / 4.0)
    check(explainer, channels, kernel_of(model) / 4)


def test_two_linear_layers_are_one():
    model, explainer, channels = headed(lambda x: dense(layers.Dense(4, name="hidden")(pool(x))))
    check(explainer, channels, kernel_of(model, "hidden") @ kernel_of(model))


@pytest.mark.parametrize("activation", [None, "sigmoid"])
def test_of_one_unit_the_first_class_has_its_weights_negated(activation):
    model, explainer, channels = headed(lambda x: dense(pool(x), 1, activation), classes=2)
    v = kernel_of(model)
    check(explainer, channels, np.concatenate([-v, v], -1))


def test_a_nested_backbone():
    inside = keras.Input((6, 8, 3))
    backbone = keras.Model(inside, layers.Conv2D(5, 3, activation="relu", name="last")(inside), name="backbone")
    photo = keras.Input((6, 8, 3))
    model = networks.randomise(keras.Model(photo, dense(pool(backbone(photo)))), 13)
    explainer = networks.explainer(model)
    channels = explainer.explain(PHOTO, "activations").channels
    for index, label in enumerate(networks.PETS):
        expected = channels @ kernel_of(model)[:, index]
        assert_allclose(explainer.explain(PHOTO, "cam", target=label).map, expected, rtol=1e-4, atol=1e-5)
    assert list(explainer.explain_layers(PHOTO, method="cam")) == ["backbone/last"]


def test_batch_normalisation_in_front_of_the_pooling_makes_another_layer():
    # What the pooling reads is not what the convolution gives.
    model, explainer, _ = headed(lambda x: dense(pool(layers.BatchNormalization(name="normalise")(x))))
    read = explainer.explain(PHOTO, "activations", "normalise").channels
    assert explainer.default_layer == "normalise"
    found = explainer.explain(PHOTO, "cam", target="dog")
    assert_allclose(found.map, read @ kernel_of(model)[:, 1], rtol=1e-4, atol=1e-5)
    with pytest.raises(explain.ExplainError, match=r"'last' is none. Of this model's layers that is 'normalise'"):
        explainer.explain(PHOTO, "cam", "last")


def gated(x):
    pooled = pool(x)
    return dense(layers.Multiply()([pooled, layers.Dense(5, activation="sigmoid")(pooled)]))


REFUSED = {
    "maximum": lambda x: dense(layers.GlobalMaxPooling2D()(x)),
    "flattened": lambda x: dense(layers.Flatten()(x)),
    "activation": lambda x: dense(layers.ReLU()(pool(x))),
    "hidden layer": lambda x: dense(layers.Dense(6, activation="relu")(pool(x))),
    "layer normalised": lambda x: dense(layers.LayerNormalization()(pool(x))),
    "unit length": lambda x: dense(layers.UnitNormalization()(pool(x))),
    "squared": lambda x: dense(pool(x) ** 2.0),
    "both pools": lambda x: dense(layers.Concatenate()([pool(x), layers.GlobalMaxPooling2D()(x)])),
    "not all places": lambda x: dense(layers.Flatten()(layers.AveragePooling2D((3, 2))(x))),
    "times a place": lambda x: dense(layers.Flatten()(pool(x, keepdims=True) * x[:, :1, :1])),
    "activation behind": lambda x: layers.Activation("tanh")(dense(pool(x))),
    "gated": gated,
}


@pytest.mark.parametrize("head", REFUSED.values(), ids=REFUSED)
def test_heads_that_cam_refuses(head):
    _, explainer, _ = headed(head)
    for layer in (None, "first", "last"):
        with pytest.raises(
            explain.ExplainError, match=r"CAM needs a layer that a global average pooling reads.*has none"
        ):
            explainer.explain(PHOTO, "cam", layer)
    with pytest.raises(explain.ExplainError, match="CAM needs a layer that a global average pooling reads"):
        explainer.explain_layers(PHOTO, method="cam")
    assert explainer.explain(PHOTO, "grad-cam", "last").map.shape == (3, 4)


def test_of_many_layers_cam_explains_those_that_it_can():
    _, explainer, _ = headed(lambda x: dense(pool(x)))
    assert list(explainer.explain_layers(PHOTO, method="cam")) == ["last"]
    assert list(explainer.explain_layers(PHOTO, method="hires-cam")) == ["first", "last"]
    with pytest.raises(explain.ExplainError, match=r"'first' is none. Of this model's layers that is 'last'"):
        explainer.explain_layers(PHOTO, ["first", "last"], method="cam")


def test_of_two_branches_the_joined_layer_is_what_the_pooling_reads():
    def head(x):
        return dense(pool(layers.Concatenate(name="joined")([x, layers.Conv2D(2, 1, name="branch")(x)])))

    model, explainer, _ = headed(head)
    read = explainer.explain(PHOTO, "activations", "joined").channels
    found = explainer.explain(PHOTO, "cam", target="cat").map
    assert_allclose(found, read @ kernel_of(model)[:, 0], rtol=1e-4, atol=1e-5)
    assert list(explainer.explain_layers(PHOTO, method="cam")) == ["joined"]


def test_a_contrast_and_a_probability_of_cam():
    model, explainer, channels = headed(lambda x: dense(pool(x)))
    v, p = kernel_of(model), explainer.predict(PHOTO).probabilities.astype(np.float64)
    found = explainer.explain(PHOTO, "cam", target=("cat", "bird")).map
    assert_allclose(found, channels @ (v[:, 0] - v[:, 2]), rtol=1e-4, atol=1e-5)
    found = explainer.explain(PHOTO, "cam", target=explain.Target({"dog": 1.0}, "probability")).map
    assert_allclose(found, channels @ (p[1] * (v[:, 1] - v @ p)), rtol=1e-4, atol=1e-5)
