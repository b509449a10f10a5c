"""Networks small enough to be worked out on paper: the numbers below were."""

from __future__ import annotations

import networks
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import explain

RED, GREEN = [[1, 2], [0, 1]], [[0, 1], [2, 0]]
PHOTO = networks.channels_photo(RED, GREEN)
KERNEL = np.stack([[[1, -1], [2, 0]], [[-1, 1], [1, -3]]], -1)[..., None]  # (rows, columns, channels, classes)


def one_class(kernel=KERNEL, **how):
    return networks.explainer(networks.by_hand(kernel), ("thing",), networks.as_it_is, kind="multilabel", **how)


@pytest.fixture(scope="module")
def explainer():
    return one_class()


def test_the_score_is_the_sum_of_all_products_and_the_bias(explainer):
    assert explainer.predict(PHOTO).logits == pytest.approx([4])


def test_grad_cam_weighs_channels_by_their_mean_gradient(explainer):
    found = explainer.explain(PHOTO)
    assert_allclose(found.map, [[0.5, 0.5], [0, 0.5]], atol=1e-7)
    assert found.map.dtype == np.float32
    assert found.layer == "channels"
    assert not found.flat


def test_the_heat_is_the_map_over_its_maximum(explainer):
    assert_allclose(explainer.explain(PHOTO).heat(), [[1, 1], [0, 1]], atol=1e-6)


def test_activations_are_the_mean_of_the_channels(explainer):
    found = explainer.explain(PHOTO, method="activations")
    assert_array_equal(found.map, [[0.5, 1.5], [1, 0.5]])
    assert found.target is None


@pytest.mark.parametrize(("channel", "expected"), [("strongest", RED), (0, RED), (1, GREEN)])
def test_activations_show_the_strongest_channel_or_one_by_its_index(explainer, channel, expected):
    assert_array_equal(explainer.explain(PHOTO, method="activations", channel=channel).map, expected)


def test_the_strongest_channel_is_that_of_the_highest_mean(explainer):
    photo = networks.channels_photo([[3, 0], [0, 0]], [[1, 1], [1, 1]])
    found = explainer.explain(photo, method="activations", channel="strongest")
    assert_array_equal(found.map, [[1, 1], [1, 1]])


def test_of_equally_strong_channels_the_first_is_shown(explainer):
    photo = networks.channels_photo([[0, 3], [0, 0]], [[3, 0], [0, 0]])
    assert_array_equal(explainer.explain(photo, method="activations", channel="strongest").map, [[0, 3], [0, 0]])


def test_activations_carry_every_channel(explainer):
    assert_array_equal(explainer.explain(PHOTO, method="activations").channels, np.stack([RED, GREEN], -1))


def test_a_grid_shows_the_channels_by_their_means_in_one_scale():
    # Means 1 and 5/4: green comes first, and red reaches half of its highest value.
    explainer = one_class()
    found = explainer.explain(networks.channels_photo(RED, [[0, 1], [4, 0]]), method="activations")
    sheet, colours = np.asarray(found.grid()), explain.drawing.colormap("viridis")
    assert sheet.shape == (234, 424, 3)  # two pictures of 200 × 200
    for left, channel in ((8, [[0, 1], [4, 0]]), (216, RED)):
        corners = [[sheet[y, left + x] for x in (0, 199)] for y in (8, 207)]
        assert_array_equal(corners, colours[np.rint(np.array(channel) / 4 * 255).astype(int)])
    assert found.grid(count=1).size == (216, 234)
    # Of equal means the first comes first.
    even = explainer.explain(networks.channels_photo([[0, 3], [0, 0]], [[3, 0], [0, 0]]), method="activations").grid(1)
    assert_array_equal(np.asarray(even)[8, [8, 207]], colours[[0, 255]])


def test_a_grid_of_negative_channels_keeps_their_sign():
    explainer = networks.explainer(networks.by_hand(KERNEL), ("thing",), lambda batch: batch - 2, kind="multilabel")
    sheet = np.asarray(explainer.explain(PHOTO, method="activations").grid(1))
    colours = explain.drawing.colormap("blue-orange")  # of -1 0 / -2 -1, by the largest absolute value
    assert_array_equal([sheet[8, 207], sheet[207, 8]], colours[[128, 1]])


@pytest.mark.parametrize("count", [0, 2.5, True])
def test_a_grid_has_a_whole_number_of_channels(explainer, count):
    with pytest.raises(explain.ExplainError, match="count is a whole number"):
        explainer.explain(PHOTO, method="activations").grid(count)
    with pytest.raises(explain.ExplainError, match="no channels"):
        explainer.explain(PHOTO).grid()


def test_evidence_against_a_class_is_what_relu_removed(explainer):
    against = explainer.explain(PHOTO, target=explain.Target({"thing": -1.0}))
    assert_allclose(against.map, [[0, 0], [1, 0]], atol=1e-7)
    assert str(against.target) == "against thing"


def test_scaling_the_head_scales_the_map_and_leaves_the_heat(explainer):
    louder = one_class(3 * KERNEL)
    assert_allclose(louder.explain(PHOTO).map, [[1.5, 1.5], [0, 1.5]], atol=1e-6)
    assert_allclose(louder.explain(PHOTO).heat(), explainer.explain(PHOTO).heat(), atol=1e-6)


def test_weights_of_a_target_scale_the_map(explainer):
    assert_allclose(explainer.explain(PHOTO, target=explain.Target({"thing": 4.0})).map, [[2, 2], [0, 2]], atol=1e-6)


def test_rows_are_not_columns():
    # One row of three: a map of the transposed shape, or gradients averaged over the wrong axis, would differ.
    kernel = np.zeros((1, 3, 2, 1))
    kernel[0, :, 0, 0] = [3, 0, 3]  # mean 2
    kernel[0, :, 1, 0] = [-1, -1, -1]  # mean -1
    photo = networks.channels_photo([[1, 2, 3]], [[4, 4, 1]])
    assert_allclose(one_class(kernel).explain(photo).map, [[0, 0, 5]], atol=1e-6)


@pytest.mark.parametrize(
    ("kernel", "why"),
    [
        (np.zeros((2, 2, 2, 1)), "no channel has any influence"),
        (np.full((2, 2, 2, 1), -1.0), "every channel speaks against the class"),
        (np.stack([np.full((2, 2), 0.3), np.full((2, 2), -0.3)], -1)[..., None], "the channels cancel"),
    ],
)
def test_a_map_with_nothing_to_show_is_zero_and_says_so(kernel, why):
    photo = networks.channels_photo([[1, 2], [3, 4]], [[1, 2], [3, 4]])
    found = one_class(kernel).explain(photo)
    assert found.flat, why
    assert np.isfinite(found.map).all()
    assert_allclose(found.map, 0, atol=1e-6)
    assert_array_equal(found.heat(), np.zeros((2, 2), np.float32))
    assert_array_equal(np.asarray(found.overlay(opacity=0)), photo)


def test_rounding_noise_is_not_evidence():
    # Two channels that cancel but for the last bit: 1e-7 of the terms that were summed.
    kernel = np.stack([np.full((2, 2), 1.0), np.full((2, 2), -np.nextafter(np.float32(1), np.float32(0)))], -1)
    photo = networks.channels_photo([[200, 100], [50, 255]], [[200, 100], [50, 255]])
    found = one_class(kernel[..., None]).explain(photo)
    assert found.map.max() > 0
    assert found.flat
    assert_array_equal(found.heat(), np.zeros((2, 2)))


def test_little_evidence_is_evidence():
    kernel = np.stack([np.full((2, 2), 1.0), np.full((2, 2), -0.9999)], -1)
    photo = networks.channels_photo([[200, 100], [50, 255]], [[200, 100], [50, 255]])
    assert not one_class(kernel[..., None]).explain(photo).flat


def test_a_black_photo_is_flat_and_not_nan(explainer):
    black = np.zeros((2, 2, 3), np.uint8)
    for name, method in explain.methods().items():
        if not method.in_graph or name == "cam":
            continue  # gradients of a linear model are the same on black; a fully connected head has no CAM
        found = explainer.explain(black, method=name)
        assert found.flat
        assert_array_equal(found.map, np.zeros((2, 2)))
        assert_array_equal(found.heat(), np.zeros((2, 2)))
        assert_array_equal(found.heat(signed=True), np.zeros((2, 2)))


def test_a_contrast_is_the_map_of_the_difference():
    rng = np.random.default_rng(5)
    kernel = rng.normal(size=(2, 2, 2, 2))
    two = networks.explainer(networks.by_hand(kernel), ("cat", "dog"), networks.as_it_is)
    difference = one_class(kernel[..., :1] - kernel[..., 1:])
    assert_allclose(
        two.explain(PHOTO, target=("cat", "dog")).map, difference.explain(PHOTO, target="thing").map, atol=1e-6
    )
    weights = (kernel[..., 0] - kernel[..., 1]).mean((0, 1))
    by_hand = np.maximum(weights[0] * np.array(RED) + weights[1] * np.array(GREEN), 0)
    assert_allclose(two.explain(PHOTO, target=(0, 1)).map, by_hand, atol=1e-6)
    assert str(two.explain(PHOTO, target=("cat", "dog")).target) == "cat against dog"


@pytest.mark.parametrize("activation", [None, "sigmoid"])
def test_the_two_classes_of_one_unit_mirror_each_other(activation):
    model = networks.by_hand(KERNEL / 2, bias=0.0, activations=activation)  # z = (4 - 2) / 2 = 1
    two = networks.explainer(model, ("cat", "dog"), networks.as_it_is)
    assert two.kind == "sigmoid"
    prediction = two.predict(PHOTO)
    assert_allclose(prediction.logits, [-1, 1], atol=1e-6)
    assert_allclose(prediction.probabilities, [0.26894143, 0.73105857], atol=1e-6)  # not the softmax of -1 and 1
    assert [label for label, _ in prediction.top(2)] == ["dog", "cat"]
    assert_allclose(two.explain(PHOTO, target="dog").map, [[0.25, 0.25], [0, 0.25]], atol=1e-6)
    assert_allclose(two.explain(PHOTO, target="cat").map, [[0, 0], [0.5, 0]], atol=1e-6)
    assert_allclose(two.explain(PHOTO, target=("dog", "cat")).map, [[0.5, 0.5], [0, 0.5]], atol=1e-6)
    assert str(two.explain(PHOTO).target) == "dog"
