"""Temperature scaling (Guo et al. 2017, eq. 9) with numbers worked out by hand: it is for probabilities only."""

from __future__ import annotations

from math import log

import keras
import networks
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import explain

PHOTO = networks.channels_photo([[1, 0]], [[0, 1]])


def classifier(logits, activation=None, kind=None, temperature=1.0):
    """Of a network that gives the photo above these logits: its red pixel times them."""
    kernel = np.zeros((1, 2, 2, len(logits)))
    kernel[0, 0, 0] = logits
    model = networks.by_hand(kernel, bias=None, activations=activation if activation != "layer" else None)
    if activation == "layer":
        model = keras.Model(model.input, keras.layers.Softmax()(model.output))
    classes = ("cat", "dog") if len(logits) == 1 else networks.PETS
    return explain.Classifier(model, classes, networks.as_it_is, kind=kind, temperature=temperature)


@pytest.mark.parametrize("activation", [None, "softmax", "layer"])
def test_softmax_of_the_divided_logits(activation):
    logits = [0, 2 * log(2), 4 * log(2)]
    hot = explain.Explainer(classifier(logits, activation, temperature=2)).predict(PHOTO)
    assert_allclose(hot.probabilities, [1 / 7, 2 / 7, 4 / 7], rtol=1e-6)  # odds 1 : 2 : 4 instead of 1 : 4 : 16
    assert_allclose(hot.logits, logits, rtol=1e-6)
    plain = explain.Explainer(classifier(logits, activation)).predict(PHOTO)
    assert_allclose(plain.probabilities, [1 / 21, 4 / 21, 16 / 21], rtol=1e-6)


@pytest.mark.parametrize("activation", [None, "sigmoid"])
def test_sigmoid_of_the_divided_unit(activation):
    found = explain.Explainer(classifier([2 * log(3)], activation, temperature=2)).predict(PHOTO)
    assert_allclose(found.probabilities, [0.25, 0.75], rtol=1e-6)  # odds 1 : 3 instead of 1 : 9
    assert_allclose(found.logits, [-2 * log(3), 2 * log(3)], rtol=1e-6)


@pytest.mark.parametrize("activation", [None, "sigmoid"])
def test_several_labels_are_divided_each_by_itself(activation):
    logits = [0, 2 * log(3), -2 * log(3)]
    found = explain.Explainer(classifier(logits, activation, "multilabel", temperature=2)).predict(PHOTO)
    assert_allclose(found.probabilities, [0.5, 0.75, 0.25], rtol=1e-6)
    assert_allclose(found.logits, logits, atol=1e-6)


@pytest.mark.parametrize(
    "name", ["softmax in the dense layer", "one sigmoid unit", "several labels", "mixed precision"]
)
def test_neither_logits_nor_maps_change(name):
    plain = networks.kind(name)
    hot = explain.Classifier(plain.model, plain.classes, plain.preprocessing, temperature=3.0)
    photo = networks.noise(*networks.SIZE)
    ones, others = explain.Explainer(plain), explain.Explainer(hot)
    for method in explain.methods():
        for target in (None, "cat", ("cat", "dog")):
            one, other = (each.explain(photo, method, target=target) for each in (ones, others))
            assert_array_equal(one.map, other.map)
            assert_array_equal(one.prediction.logits, other.prediction.logits)
            assert (one.prediction.probabilities != other.prediction.probabilities).any()


def test_the_target_in_probabilities_is_the_divided_one():
    # dp/dz = p (1 - p) / T = 0.75 * 0.25 / 2, and the map of the unit itself is 2 ln 3 / 2 at the red pixel: the mean
    # of the gradients (2 ln 3, 0), times the red channel (1, 0).
    explainer = explain.Explainer(classifier([2 * log(3)], temperature=2))
    found = explainer.explain(PHOTO, target=explain.Target({"dog": 1.0}, "probability"))
    assert_allclose(found.map, [[log(3) * 0.75 * 0.25 / 2, 0]], rtol=1e-5)


def test_the_record_says_the_temperature():
    assert explain.Explainer(classifier([1.0], temperature=2)).explain(PHOTO).record()["temperature"] == 2
    assert explain.Explainer(classifier([1.0])).explain(PHOTO).record()["temperature"] == 1


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf"), 1e-300, 10**400, "1", None, True, 1j])
def test_a_temperature_that_is_none_is_refused(wrong):
    with pytest.raises(explain.ExplainError, match="temperature must be a positive, finite number"):
        classifier([1.0], temperature=wrong)


def test_a_number_of_numpy_is_a_number():
    assert classifier([1.0], temperature=np.float32(0.5)).temperature == 0.5
