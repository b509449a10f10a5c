"""What every method makes of contrasts, of evidence against, of probabilities, and of scores moved or scaled."""

from __future__ import annotations

import networks
import numpy as np
import pytest
import twins
from numpy.testing import assert_allclose, assert_array_equal

import explain

LINEAR = ("hires-cam", "gradient-x-input", "integrated-gradients")  # in the score
RECTIFIED = ("grad-cam", "xgrad-cam")  # linear before a ReLU: the map of S minus that of -S
GATED = ("grad-cam-gated", "grad-cam++", "layer-cam")
CLASSLESS = ("activations", "eigen-cam")
MAGNITUDE = ("gradients", "smooth-grad")  # whose channels are linear
EVERY = (*LINEAR, *RECTIFIED, *GATED, *CLASSLESS, *MAGNITUDE, "all-layer-cam")
QUICK = {"smooth-grad": {"samples": 4}, "integrated-gradients": {"steps": 8}}


def ask(explainer, method, target=None):
    return explainer.explain(twins.PHOTO, method, target=target, **QUICK.get(method, {}))


def against(label):
    return explain.Target({label: -1.0})


def raw(explainer, method, *labels):
    """What is linear in the score: (rows, columns) or (rows, columns, channels)."""
    for_it = labels[0] if len(labels) == 1 else labels
    against_it = explain.Target(dict(zip(labels, (-1.0, 1.0), strict=False)))
    if method in RECTIFIED:
        return ask(explainer, method, for_it).map - ask(explainer, method, against_it).map
    found = ask(explainer, method, for_it)
    return found.channels if method in MAGNITUDE else found.map


FACTOR = 0.25


@pytest.fixture(scope="module")
def scaled():
    return twins.explainer(twins.build(scale=FACTOR))


@pytest.fixture(scope="module")
def moved():
    return twins.explainer(twins.build(shift=3.0))


def close(found, expected, share=1e-5):
    assert_allclose(found, expected, rtol=10 * share, atol=share * max(np.abs(expected).max(), 1e-6))


@pytest.mark.parametrize("method", [*LINEAR, *RECTIFIED, *MAGNITUDE])
@pytest.mark.parametrize(("first", "second"), [("cat", "dog"), ("bird", "cat")])
def test_a_contrast_is_the_difference_of_two_maps(twin_explainer, method, first, second):
    if method == "integrated-gradients":  # one that doubles its steps would be compared with one that does not
        how = {"steps": 400}
        maps = [
            twin_explainer.explain(twins.PHOTO, method, target=one, **how) for one in (first, second, (first, second))
        ]
        assert {found.record()["facts"]["steps"] for found in maps} == {400}
        close(maps[2].map, maps[0].map - maps[1].map)
        return
    close(
        raw(twin_explainer, method, first, second),
        raw(twin_explainer, method, first) - raw(twin_explainer, method, second),
    )
    close(raw(twin_explainer, method, second, first), -raw(twin_explainer, method, first, second))


@pytest.mark.parametrize("method", GATED)
def test_gates_make_a_contrast_something_else(twin_explainer, method):
    difference = ask(twin_explainer, method, "cat").map - ask(twin_explainer, method, "dog").map
    contrast = ask(twin_explainer, method, ("cat", "dog")).map
    assert np.abs(contrast - difference).max() > 0.01 * contrast.max()


@pytest.mark.parametrize("method", sorted(set(EVERY) - set(CLASSLESS)))
def test_a_class_against_itself_is_flat(twin_explainer, method):
    found = ask(twin_explainer, method, ("dog", "dog"))
    assert found.flat
    assert_array_equal(found.map, np.zeros_like(found.map))
    assert_array_equal(found.heat(), np.zeros(twins.SIZE))


@pytest.mark.parametrize("method", [*LINEAR, *MAGNITUDE])
@pytest.mark.parametrize("label", networks.PETS)
def test_what_speaks_against_a_class_is_the_map_negated(twin_explainer, method, label):
    found, turned = ask(twin_explainer, method, label), ask(twin_explainer, method, against(label))
    assert str(turned.target) == f"against {label}"
    if method in MAGNITUDE:
        close(turned.channels, -found.channels)
        close(turned.map, found.map)
    else:
        close(turned.map, -found.map)


@pytest.mark.parametrize("method", RECTIFIED)
@pytest.mark.parametrize("label", networks.PETS)
def test_no_place_speaks_both_for_and_against(twin_explainer, method, label):
    first, second = ask(twin_explainer, method, label).map, ask(twin_explainer, method, against(label)).map
    assert first.max() > 0 or second.max() > 0
    assert_array_equal(np.minimum(first, second), np.zeros_like(first))


@pytest.mark.parametrize("method", EVERY)
def test_a_constant_added_to_the_scores_changes_no_map(twin_explainer, moved, method):
    for target in ("cat", "bird", ("cat", "bird")):
        close(ask(moved, method, target).map, ask(twin_explainer, method, target).map)


@pytest.mark.parametrize("method", EVERY)
def test_a_factor_of_the_scores_changes_no_picture_but_that_of_grad_cam_plus_plus(twin_explainer, scaled, method):
    for label in networks.PETS:
        expected, found = ask(twin_explainer, method, label), ask(scaled, method, label)
        if method == "grad-cam++":
            assert np.abs(found.map - FACTOR * expected.map).max() > 0.01 * found.map.max()
            continue
        assert_allclose(found.heat(), expected.heat(), atol=1e-5)
        close(found.map, expected.map * (1 if method in (*CLASSLESS, "all-layer-cam") else FACTOR))


@pytest.mark.parametrize("method", [*LINEAR, *RECTIFIED, "grad-cam-gated", "layer-cam", *MAGNITUDE])
def test_a_weight_of_the_target_is_a_factor(twin_explainer, method):
    found = ask(twin_explainer, method, explain.Target({"cat": 2.5}))
    close(found.map, 2.5 * ask(twin_explainer, method, "cat").map)


@pytest.mark.parametrize("method", EVERY)
def test_the_two_classes_of_one_unit_are_for_and_against_it(method):
    photo, kernel = networks.channels_photo([[1, 2], [0, 1]], [[0, 1], [2, 0]]), np.zeros((2, 2, 2, 1))
    kernel[..., 0] = np.stack([[[1, -1], [2, 0]], [[-1, 1], [1, -3]]], -1) / 2
    unit = networks.explainer(networks.by_hand(kernel), ("no", "yes"), networks.as_it_is)
    both = np.concatenate([-kernel, kernel], -1)
    pair = networks.explainer(networks.by_hand(both, bias=None), ("no", "yes"), networks.as_it_is, kind="multilabel")
    for label in ("no", "yes"):
        close(ask_of(unit, photo, method, label).map, ask_of(pair, photo, method, label).map)
    doubled = ask_of(unit, photo, method, ("yes", "no")).map  # the score is 2 z
    close(doubled, ask_of(unit, photo, method, explain.Target({"yes": 2.0})).map)


def ask_of(explainer, photo, method, target):
    return explainer.explain(photo, method, target=target, **QUICK.get(method, {}))


PIXEL_KERNEL = np.random.default_rng(21).normal(size=(3, 4, 2, 3))


@pytest.fixture(scope="module", params=["softmax", "multilabel"])
def probable(request):
    """A linear model, the function from its channels (3, 4, 2) to its probabilities, and its Explainer."""

    def probabilities(channels):
        logits = np.tensordot(channels, PIXEL_KERNEL, 3) + 2
        if request.param == "multilabel":
            return 1 / (1 + np.exp(-logits))
        shares = np.exp(logits - logits.max())
        return shares / shares.sum()

    explainer = networks.explainer(
        networks.by_hand(PIXEL_KERNEL), networks.PETS, lambda batch: batch / 127.5 - 1, kind=request.param
    )
    return probabilities, explainer


WITH_GRADIENTS = {
    "grad-cam": lambda a, g: np.maximum(a @ g.mean((0, 1)), 0),
    "grad-cam-gated": lambda a, g: np.maximum(a @ np.where((a > 0) & (g > 0), g, 0).mean((0, 1)), 0),
    "hires-cam": lambda a, g: (a * g).sum(-1),
    "xgrad-cam": lambda a, g: np.maximum(a @ ((a * g).sum((0, 1)) / a.sum((0, 1))), 0),
    "layer-cam": lambda a, g: np.maximum((np.maximum(g, 0) * a).sum(-1), 0),
    "gradients": lambda _, g: np.abs(g).max(-1),
    "gradient-x-input": lambda a, g: (a * g).sum(-1),
}


@pytest.mark.parametrize("method", WITH_GRADIENTS)
@pytest.mark.parametrize("weights", [{"cat": 1.0}, {"bird": -1.0}, {"dog": 1.0, "cat": -2.0}])
def test_probabilities_are_explained_by_their_own_gradients(probable, method, weights):
    probabilities, explainer = probable
    channels = twins.X[..., :2]
    vector = [weights.get(label, 0) for label in networks.PETS]
    gradients = twins.slope(lambda a: probabilities(a) @ vector, channels)
    expected = WITH_GRADIENTS[method](channels, gradients)
    found = explainer.explain(twins.PHOTO, method, target=explain.Target(weights, "probability"))
    close(found.map, expected, share=1e-4)
    assert found.record()["space"] == "probability"
    assert str(found.target).startswith("probability of")


def test_integrated_gradients_of_a_probability_are_complete(probable):
    probabilities, explainer = probable
    target = explain.Target({"dog": 1.0}, "probability")
    found = explainer.explain(twins.PHOTO, "integrated-gradients", target=target, steps=200)
    wanted = probabilities(twins.X[..., :2])[1] - probabilities(np.full((3, 4, 2), -1.0))[1]
    assert found.map.sum(dtype=np.float64) == pytest.approx(wanted, rel=1e-2, abs=1e-4)


def test_a_temperature_changes_maps_of_probabilities_only(twin_model, twin_explainer):
    cooled = twins.explainer(twin_model, temperature=4.0)
    scores = twins.Twin(twin_model).scores(twins.X)
    slopes = [twins.slope(lambda x, n=n: twins.Twin(twin_model).scores(x)[n], twins.X) for n in range(3)]
    p = np.exp(scores / 4) / np.exp(scores / 4).sum()
    expected = p[0] * (slopes[0] - np.tensordot(p, slopes, 1)) / 4
    found = cooled.explain(twins.PHOTO, "gradients", target=explain.Target({"cat": 1.0}, "probability"))
    close(found.channels, expected, share=1e-4)
    for method in EVERY:
        close(ask(cooled, method, "cat").map, ask(twin_explainer, method, "cat").map)


@pytest.mark.parametrize("method", EVERY)
def test_the_predicted_class_is_the_target_that_is_not_named(twin_explainer, method):
    found = ask(twin_explainer, method)
    close(found.map, ask(twin_explainer, method, "cat").map)
    assert found.target == (None if method in CLASSLESS else explain.Target({"cat": 1.0}, "logit"))
