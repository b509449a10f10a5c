"""Grad-CAM against closed forms and against finite differences of a network written again in NumPy."""

from __future__ import annotations

import keras
import networks
import numpy as np
import pytest
from keras import layers
from numpy.testing import assert_allclose, assert_array_equal

import explain

PHOTO = networks.noise(8, 8)


def relu(values):
    return np.maximum(values, 0)


def convolve(x, kernel, bias, stride):
    """A convolution with Keras' "same" padding, in float64, written out: (rows, columns, channels)."""
    rows, columns, _ = x.shape
    k = kernel.shape[0]
    out_rows, out_columns = -(-rows // stride), -(-columns // stride)
    pad_rows = max((out_rows - 1) * stride + k - rows, 0)
    pad_columns = max((out_columns - 1) * stride + k - columns, 0)
    top, left = pad_rows // 2, pad_columns // 2
    padded = np.zeros((rows + pad_rows, columns + pad_columns, x.shape[2]))
    padded[top : top + rows, left : left + columns] = x
    out = np.zeros((out_rows, out_columns, kernel.shape[3]))
    for i in range(out_rows):
        for j in range(out_columns):
            window = padded[i * stride : i * stride + k, j * stride : j * stride + k]
            out[i, j] = np.tensordot(window, kernel, 3) + bias
    return out


class Again:
    """The network of `networks.pooled`, in NumPy alone."""

    def __init__(self, model):
        for layer in ("first", "last", "scores"):
            kernel, bias = model.get_layer(layer).get_weights()
            setattr(self, layer, (kernel.astype(np.float64), bias.astype(np.float64)))

    def at_first(self, pixels):
        return relu(convolve(pixels / 255, *self.first, stride=1))

    def at_last(self, first):
        return relu(convolve(first, *self.last, stride=2))

    def scores_of(self, last):
        return last.mean((0, 1)) @ self.scores[0] + self.scores[1]

    def cam(self, pixels, weights):
        """Zhou et al. 2016: the last activation, weighted by the head's kernel."""
        return self.at_last(self.at_first(pixels)) @ (self.scores[0] @ np.asarray(weights, np.float64))


@pytest.fixture(scope="module")
def model():
    return networks.pooled()


@pytest.fixture(scope="module")
def explainer(model):
    return networks.explainer(model)


def test_scores_are_those_of_the_network_written_again(model, explainer):
    again = Again(model)
    expected = again.scores_of(again.at_last(again.at_first(PHOTO)))
    assert_allclose(explainer.predict(PHOTO).logits, expected, rtol=1e-5)
    assert_allclose(explainer.predict(PHOTO).probabilities, np.exp(expected) / np.exp(expected).sum(), rtol=1e-5)


@pytest.mark.parametrize("weights", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, -1, 0), (0, -1, 1), (2, 0.5, -1)])
def test_on_a_pooled_linear_head_grad_cam_is_the_positive_part_of_cam_over_the_positions(model, explainer, weights):
    expected = relu(Again(model).cam(PHOTO, weights)) / 16  # 4 rows of 4 columns
    found = explainer.explain(PHOTO, target=explain.Target(dict(zip(networks.PETS, map(float, weights), strict=True))))
    assert found.layer == "last"
    assert expected.max() > 0
    assert_allclose(found.map, expected, rtol=1e-5, atol=1e-5 * expected.max())


@pytest.mark.parametrize("label", networks.PETS)
def test_at_an_inner_layer_grad_cam_agrees_with_finite_differences(model, explainer, label):
    again, index, step = Again(model), networks.PETS.index(label), 1e-5
    activations = again.at_first(PHOTO)
    gradients = np.zeros_like(activations)
    for position in np.ndindex(*activations.shape):
        up, down = activations.copy(), activations.copy()
        up[position] += step
        down[position] -= step
        change = again.scores_of(again.at_last(up)) - again.scores_of(again.at_last(down))
        gradients[position] = change[index] / (2 * step)
    expected = relu(activations @ gradients.mean((0, 1)))
    assert expected.max() > 0
    found = explainer.explain(PHOTO, layer="first", target=label).map
    assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * expected.max())


def test_positive_and_negative_parts_add_up_to_the_score_without_its_bias(model, explainer):
    # On a pooled head the map before its ReLU sums to the score minus the bias; the part for minus that against it.
    up = explainer.explain(PHOTO, target="cat").map.sum(dtype=np.float64)
    down = explainer.explain(PHOTO, target=explain.Target({"cat": -1.0})).map.sum(dtype=np.float64)
    score, bias = explainer.predict(PHOTO).logits[0], model.get_layer("scores").get_weights()[1][0]
    assert up - down == pytest.approx(float(score - bias), rel=1e-4)


def headed(kind: str, scale: float = 1.0, shift: float = 0.0):
    """One network with its head written in different ways, or its logits divided by a temperature, or moved."""
    photo = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(photo)
    x = layers.Conv2D(5, 3, padding="same", strides=2, activation="relu", name="last")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(3, name="scores", activation="softmax" if kind == "inside" else None)(x)
    if kind == "layer":
        x = layers.Softmax()(x)
    elif kind == "activation":
        x = layers.Activation("softmax")(x)
    elif kind == "function":
        x = keras.ops.softmax(x)
    model = keras.Model(photo, x)
    body = networks.pooled()
    for name in ("first", "last", "scores"):
        model.get_layer(name).set_weights(body.get_layer(name).get_weights())
    kernel, bias = body.get_layer("scores").get_weights()
    model.get_layer("scores").set_weights([kernel * scale, bias * scale + shift])
    return model


@pytest.mark.parametrize("kind", ["inside", "layer", "activation", "function"])
@pytest.mark.parametrize("layer", ["first", "last"])
def test_softmax_changes_no_map(explainer, kind, layer):
    other = networks.explainer(headed(kind))
    assert other.kind == "softmax"
    assert_allclose(other.predict(PHOTO).logits, explainer.predict(PHOTO).logits, rtol=1e-6)
    assert_allclose(other.predict(PHOTO).probabilities, explainer.predict(PHOTO).probabilities, rtol=1e-5)
    for target in ("cat", "bird", ("cat", "dog")):
        expected = explainer.explain(PHOTO, layer=layer, target=target).map
        assert_allclose(other.explain(PHOTO, layer=layer, target=target).map, expected, rtol=1e-5, atol=1e-8)


def test_a_saturated_softmax_leaves_the_map_alone(explainer):
    # At 200 times the logits every probability is 0 or 1 in float32, and its gradient is 0.
    sure = networks.explainer(headed("inside", scale=200.0))
    assert sure.predict(PHOTO).probabilities.tolist() == [0, 0, 1]
    expected = explainer.explain(PHOTO)
    assert expected.map.max() > 0
    assert_allclose(sure.explain(PHOTO).map, 200 * expected.map, rtol=1e-4, atol=1e-6)
    assert_allclose(sure.explain(PHOTO).heat(), expected.heat(), atol=1e-5)


def test_a_temperature_scales_the_map_and_leaves_the_heat(explainer):
    colder = networks.explainer(headed("inside", scale=0.5))
    expected = explainer.explain(PHOTO, target="dog")
    assert_allclose(colder.explain(PHOTO, target="dog").map, expected.map / 2, rtol=1e-5, atol=1e-8)
    assert_allclose(colder.explain(PHOTO, target="dog").heat(), expected.heat(), atol=1e-5)


def test_a_constant_added_to_all_logits_changes_no_map(explainer):
    moved = networks.explainer(headed("inside", shift=7.0))
    for target in ("cat", "dog", ("dog", "bird")):
        assert_allclose(
            moved.explain(PHOTO, target=target).map, explainer.explain(PHOTO, target=target).map, rtol=1e-5, atol=1e-8
        )


def test_the_order_of_channels_changes_no_map(model, explainer):
    order = [3, 0, 4, 1, 2]
    shuffled = networks.pooled()
    kernel, bias = model.get_layer("last").get_weights()
    shuffled.get_layer("last").set_weights([kernel[..., order], bias[order]])
    head, head_bias = model.get_layer("scores").get_weights()
    shuffled.get_layer("scores").set_weights([head[order], head_bias])
    other = networks.explainer(shuffled)
    for method in explain.methods():
        expected = explainer.explain(PHOTO, method=method, target="cat").map
        assert_allclose(other.explain(PHOTO, method=method, target="cat").map, expected, rtol=1e-5, atol=1e-7)


def test_activations_are_what_the_layer_computes(model, explainer):
    again = Again(model)
    first = again.at_first(PHOTO)
    last = again.at_last(first)
    found = explainer.explain(PHOTO, method="activations")
    assert_allclose(found.channels, last, rtol=1e-5, atol=1e-6)
    assert_allclose(found.map, last.mean(-1), rtol=1e-5, atol=1e-6)
    strongest = last[..., last.mean((0, 1)).argmax()]
    assert_allclose(explainer.explain(PHOTO, "activations", channel="strongest").map, strongest, rtol=1e-5, atol=1e-6)
    assert_allclose(explainer.explain(PHOTO, "activations", "first", channel=2).map, first[..., 2], atol=1e-6)


def test_another_class_from_the_cached_activation_is_what_a_fresh_explainer_says(model, explainer):
    for layer in ("first", "last"):
        for target in (*networks.PETS, ("cat", "bird"), ("bird", "cat")):
            fresh = networks.explainer(model).explain(PHOTO, layer=layer, target=target)
            again = explainer.explain(PHOTO, layer=layer, target=target)
            assert_allclose(again.map, fresh.map, rtol=1e-6, atol=1e-9)
            assert again.flat == fresh.flat


def test_all_layers_in_one_pass_are_each_layer_by_itself(explainer):
    for method in [name for name, one in explain.methods().items() if one.layer]:
        together = explainer.explain_layers(PHOTO, method=method, target="dog")
        assert list(together) == (["last"] if method == "cam" else ["first", "last"])
        for path, found in together.items():
            alone = networks.explainer(networks.pooled()).explain(PHOTO, method=method, layer=path, target="dog")
            assert_allclose(found.map, alone.map, rtol=1e-6, atol=1e-9)
            assert_array_equal(found.heat(), explainer.explain(PHOTO, method=method, layer=path, target="dog").heat())
            assert (found.layer, found.method, found.flat) == (path, method, alone.flat)


@pytest.mark.parametrize("kind", ["softmax", "sigmoid"])
@pytest.mark.parametrize("label", networks.PETS)
def test_a_probability_is_explained_by_its_own_gradient(model, kind, label):
    # Of a softmax: dp_c = p_c (dS_c - sum_j p_j dS_j); of a sigmoid: dp_c = p_c (1 - p_c) dS_c.
    index, again = networks.PETS.index(label), Again(model)
    last = again.at_last(again.at_first(PHOTO))
    scores, kernel = again.scores_of(last), again.scores[0]
    if kind == "softmax":
        p = np.exp(scores) / np.exp(scores).sum()
        gradient = p[index] * (kernel[:, index] - kernel @ p)
    else:
        p = 1 / (1 + np.exp(-scores))
        gradient = p[index] * (1 - p[index]) * kernel[:, index]
    explainer = networks.explainer(model, kind="softmax" if kind == "softmax" else "multilabel")
    speaks_for, against = (
        explainer.explain(PHOTO, target=explain.Target({label: weight}, "probability")).map for weight in (1.0, -1.0)
    )
    expected = last @ gradient / 16
    assert_allclose(speaks_for, relu(expected), rtol=1e-4, atol=1e-5 * np.abs(expected).max())
    assert_allclose(against, relu(-expected), rtol=1e-4, atol=1e-5 * np.abs(expected).max())
