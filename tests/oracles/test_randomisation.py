"""The check of what a map depends on, against numbers worked out by hand."""

from __future__ import annotations

import keras
import networks
import numpy as np
import pytest
from conformance.asking import FEW
from keras import layers

import explain
from bench.randomisation import STEPS, verdict
from explain import randomisation
from explain.randomisation import spearman, ssim

PHOTO = networks.noise(64, 64)
METHODS = {"grad-cam": {}, "gradients": {}, "activations": {}}


def classifier():
    return networks.explainer(networks.pooled(size=(64, 64))).classifier


def test_ranks_by_hand():
    assert spearman([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(1 - 6 * 2 / (4 * 15))
    assert spearman([1, 2, 3], [30, 20, 10]) == pytest.approx(-1)
    assert spearman([1, -2, 3], [5, 6, 7]) == pytest.approx(1)  # of absolute values
    # Ranks (1.5, 1.5, 3) and (1, 2, 3), less their mean 2: products 0.5 + 0 + 1, squares 1.5 and 2.
    assert spearman([7, 7, 9], [1, 2, 3]) == pytest.approx(1.5 / np.sqrt(1.5 * 2))
    assert spearman([1, 1, 1], [1, 2, 3]) is None
    assert spearman([], []) is None


def test_structural_similarity_by_hand():
    # Both maps are flat but for one place each: within a window all means are of the same order.
    some = np.zeros((40, 40))
    some[10:20, 10:20] = 1
    assert ssim(some, some) == pytest.approx(1)
    assert ssim(some, 1 - some) < 0
    assert ssim(some, np.zeros((40, 40))) is None
    # Two maps that vary slowly: x and x + d have the same variance, so only the means count.
    ramp = np.tile(np.linspace(0, 0.5, 200), (40, 1))
    shifted = ramp + 0.5
    expected = np.mean((2 * ramp * shifted + 1e-4) / (ramp**2 + shifted**2 + 1e-4))
    assert ssim(ramp, shifted) == pytest.approx(expected, abs=0.01)


def test_layers_are_randomised_from_the_scores_down_and_are_back_afterwards():
    model = classifier().model
    before = [weight.numpy() for weight in model.weights]
    changed = []
    for name in randomisation.cascade(model):
        assert name == ["scores", "last", "first"][len(changed)]
        changed.append(name)
        for layer in ("first", "last", "scores"):
            kernel = model.get_layer(layer).kernel.numpy()
            same = any(np.array_equal(kernel, one) for one in before)
            assert same == (layer not in changed)
    for weight, values in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), values)


def test_the_weights_are_back_when_the_check_is_broken_off():
    model = classifier().model
    before = [weight.numpy() for weight in model.weights]
    steps = randomisation.cascade(model)
    next(steps)
    steps.close()
    for weight, values in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), values)


def test_a_normalisation_forgets_what_it_has_learnt():
    model = networks.KINDS["functional"].build()
    layer = model.get_layer("normalise")
    randomisation.randomise(layer, 3)
    for weight, expected in ((layer.gamma, 1), (layer.beta, 0), (layer.moving_mean, 0), (layer.moving_variance, 1)):
        np.testing.assert_array_equal(weight.numpy(), np.full(weight.shape, expected))


def test_what_lies_below_the_randomised_layers_stays_exactly_the_same():
    # Of three layers the upper one (the scores): the activations of the convolutions do not depend on it.
    found = randomisation.similarities(classifier(), PHOTO, METHODS, steps=(1 / 3, 1.0))
    top, everything = found["activations"]
    assert top == {"rank": pytest.approx(1), "ssim": pytest.approx(1)}
    assert everything["ssim"] < 0.9
    assert [len(steps) for steps in found.values()] == [2, 2, 2]
    assert found["gradients"][0]["rank"] < 0.999  # which do depend on the scores


def test_it_is_reproducible():
    assert randomisation.similarities(classifier(), PHOTO, METHODS) == randomisation.similarities(
        classifier(), PHOTO, METHODS
    )


@pytest.fixture(scope="module")
def runs():
    """Of every method, what is compared on a photo of three bright shapes, for four draws of fresh weights."""
    photo = x = keras.Input((40, 40, 3))
    for number in range(4):
        x = layers.Conv2D(16, 3, padding="same", activation="relu", name=f"conv_{number}")(x)
    model = keras.Model(photo, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))
    for layer in randomisation.layers(model):
        randomisation.randomise(layer, 9)
    shapes = np.full((40, 40, 3), 20, np.uint8)
    shapes[6:14, 6:14], shapes[20:34, 8:12], shapes[10:30, 26:34] = (230, 40, 40), (40, 220, 60), (60, 60, 240)
    methods = {name: FEW.get(name, {}) for name in explain.methods()}
    asked = networks.explainer(model).classifier, shapes, methods, (0.2, 0.5, 1.0)  # of five layers
    return [randomisation.similarities(*asked, seed) for seed in range(4)]


@pytest.mark.parametrize("name", explain.methods())
def test_of_every_method_it_tells_what_its_map_depends_on(runs, name):
    for head, *_, everything in (run[name] for run in runs):
        assert everything["ssim"] < 0.9
        if explain.methods()[name].space is None:  # what lies behind its layer can't matter to it
            assert head == {"rank": pytest.approx(1), "ssim": pytest.approx(1)}
        else:
            assert head["ssim"] < 0.9


@pytest.mark.parametrize(("name", "said"), [("guided-backprop", "**no**"), ("grad-cam", "yes"), ("gradients", "yes")])
def test_guided_backpropagation_hardly_depends_on_the_model_and_others_do(runs, name, said):
    ranks = [float(np.mean([run[name][step]["rank"] for run in runs])) for step in range(len(STEPS))]
    assert verdict(name, ranks) == said


@pytest.mark.parametrize(
    ("name", "ranks", "said"),
    [
        ("grad-cam", [1.0, 0.1, 0.1], "**no**"),
        ("grad-cam", [-0.9, 0.1, 0.1], "**no**"),
        ("grad-cam", [0.1, 0.6, float("nan")], "in part"),
        ("grad-cam", [float("nan")] * 3, "flat"),
        ("eigen-cam", [1.0, 1.0, 0.1], "yes"),
        ("activations", [1.0, 1.0, 0.9], "**no**"),
    ],
)
def test_what_is_said_of_a_method_that_sees_scores_and_of_one_that_does_not(name, ranks, said):
    assert verdict(name, ranks) == said
