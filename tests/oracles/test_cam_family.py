"""The CAM family against numbers worked out on paper, closed forms, and the formulas written again in NumPy."""

from __future__ import annotations

import networks
import numpy as np
import pytest
import twins
from numpy.testing import assert_allclose, assert_array_equal

import explain

RED, GREEN = [[1, 2], [0, 1]], [[0, 1], [2, 0]]
PHOTO = networks.channels_photo(RED, GREEN)
KERNEL = np.stack([[[1, -1], [2, 0]], [[-1, 1], [1, -3]]], -1)[..., None]  # (rows, columns, channels, classes)


def one_class(kernel, preprocessing=networks.as_it_is, bias=2.0):
    return networks.explainer(networks.by_hand(kernel, bias), ("thing",), preprocessing, kind="multilabel")


def signed(first, second, kernels, method, **parameters):
    """Of a layer whose two channels may be negative: the preprocessing takes 9 from every pixel."""
    explainer = one_class(np.stack(kernels, -1)[..., None], lambda batch: batch - 9)
    photo = networks.channels_photo(np.add(first, 9), np.add(second, 9))
    return explainer.explain(photo, method, target="thing", **parameters)


@pytest.fixture(scope="module")
def explainer():
    return one_class(KERNEL)


@pytest.mark.parametrize(
    ("method", "parameters", "expected"),
    [
        ("grad-cam-gated", {}, [[0.25, 1], [1, 0.25]]),
        ("grad-cam++", {}, [[11 / 30, 17 / 15], [0.8, 11 / 30]]),  # weights 1/6 + 2/10 and 1/5 + 1/5
        ("grad-cam++", {"normalize_alpha": True}, [[1.375, 3.75], [2, 1.375]]),  # 11/30 : 8/30 and 2/5 : 2/5
        ("hires-cam", {}, [[1, -1], [2, 0]]),
        ("xgrad-cam", {}, [[0, 0.5], [2, 0]]),  # weights -1/4 and 3/3
        ("layer-cam", {}, [[1, 1], [2, 0]]),
        ("eigen-cam", {}, [[0.788205, 2.191822], [1.230824, 0.788205]]),  # direction (0.788205, 0.615412)
    ],
)
def test_numbers_worked_out_on_paper(explainer, method, parameters, expected):
    found = explainer.explain(PHOTO, method, **parameters)
    assert_allclose(found.map, expected, atol=1e-6)
    assert not found.flat
    assert_allclose(found.heat(), np.maximum(expected, 0) / np.max(expected), atol=1e-6)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (-1.5714, -0.5385),  # alphas divided by the sum of all, those of negative gradients too
        (0.208333, 0.181818),  # means in place of both sums
        (9, 2),  # alphas without their denominator
        (2.142857, 0.4),  # sums of the products A G³ in the denominator
    ],
)
@pytest.mark.parametrize("normalize", [False, True])
def test_grad_cam_plus_plus_is_none_of_the_variants_that_deviate(explainer, first, second, normalize):
    heat = explainer.explain(PHOTO, "grad-cam++", normalize_alpha=normalize).heat()
    other = np.maximum(first * np.array(RED) + second * np.array(GREEN), 0)
    assert np.abs(heat - other / (other.max() or 1)).max() > 0.01


def test_grad_cam_plus_plus_depends_on_the_scale_of_the_scores():
    found = one_class(KERNEL / 10).explain(PHOTO, "grad-cam++").map
    first, second = 0.1 / 2.4 + 0.2 / 2.8, 0.1 / 2.3 + 0.1 / 2.3  # 0.113095 and 0.086957
    assert_allclose(found, first * np.array(RED) + second * np.array(GREEN), atol=1e-6)
    twice = one_class(KERNEL * 2).explain(PHOTO, "grad-cam++").heat()
    assert_allclose(twice, [[0.3140, 1], [0.7438, 0.3140]], atol=1e-4)


def test_grad_cam_plus_plus_from_derivatives_of_the_exponential_of_the_score():
    # Equation 19 as it stands, with derivatives of Y = exp S by differences, and e^S divided out at the end.
    rng = np.random.default_rng(3)
    kernel, step = rng.normal(size=(3, 4, 2)) / 4, 1e-2
    channels = rng.integers(0, 5, (2, 3, 4)).transpose(1, 2, 0)

    def y(position, steps):
        moved = channels.astype(np.float64)
        moved[position] += steps * step
        return np.exp((kernel * moved).sum() - (kernel * channels).sum())

    alphas, slopes = np.zeros(kernel.shape), np.zeros(kernel.shape)
    for at in np.ndindex(*kernel.shape):
        slopes[at] = (8 * (y(at, 1) - y(at, -1)) - (y(at, 2) - y(at, -2))) / (12 * step)
        second = (y(at, 1) - 2 * y(at, 0) + y(at, -1)) / step**2
        third = (y(at, 2) - 2 * y(at, 1) + 2 * y(at, -1) - y(at, -2)) / (2 * step**3)
        alphas[at] = second / (2 * second + channels[..., at[2]].sum() * third)
    expected = channels @ (alphas * np.maximum(slopes, 0)).sum((0, 1))
    photo = networks.channels_photo(channels[..., 0], channels[..., 1])
    assert_allclose(one_class(kernel[..., None]).explain(photo, "grad-cam++").map, expected, rtol=1e-4)


def test_an_infinite_alpha_counts_as_none_and_is_counted():
    # The first channel's sum is -1: a gradient of 2 makes the denominator 0, one of 1 makes alpha 1.
    layer = [[-1, 0], [0, 0]], [[0, 1], [0, 2]], ([[2, 1], [0, -5]], [[1, 0], [0, 0]])
    found = signed(*layer, "grad-cam++")
    assert_allclose(found.map, [[0, 0.2], [0, 0.4]], atol=1e-6)  # weights 1 and 1/5
    assert found.record()["facts"] == {"singular": 1}
    assert_allclose(signed(*layer, "grad-cam++", normalize_alpha=True).map, [[0, 1], [0, 2]], atol=1e-6)


def test_nothing_is_singular_where_a_layer_is_nowhere_negative(explainer):
    for target in ("thing", explain.Target({"thing": -1.0})):
        assert explainer.explain(PHOTO, "grad-cam++", target=target).record()["facts"] == {"singular": 0}


def test_where_gradients_fall_grad_cam_plus_plus_has_no_weight():
    # -1 with a channel's sum of 2 would make the denominator 0.
    kernel = np.stack([[[-1, 1], [0, 0]], [[-1, -1], [-1, -1]]], -1)[..., None]
    photo = networks.channels_photo([[2, 0], [0, 0]], [[1, 1], [1, 1]])
    assert_allclose(one_class(kernel).explain(photo, "grad-cam++").map, [[0.5, 0], [0, 0]], atol=1e-6)


def test_a_channel_that_cancels_has_no_weight_in_xgrad_cam():
    # Sums 0 and 4: the first channel's weight would be 6/0, the second's is (1·2 + 3·4)/4.
    found = signed([[-3, 3], [1, -1]], [[2, 0], [0, 2]], ([[0, 2], [0, 0]], [[1, 5], [5, 3]]), "xgrad-cam")
    assert_allclose(found.map, [[4, 0], [0, 4]], atol=1e-5)
    assert np.isfinite(found.map).all()


def test_xgrad_cam_keeps_the_sum_of_all_contributions(explainer):
    against = explainer.explain(PHOTO, "xgrad-cam", target=explain.Target({"thing": -1.0})).map
    assert_allclose(against, [[0.25, 0], [0, 0.25]], atol=1e-6)
    assert explainer.explain(PHOTO, "xgrad-cam").map.sum() - against.sum() == pytest.approx(2)  # S - b


def test_hires_cam_adds_up_to_the_score_without_its_bias(explainer):
    score = explainer.predict(PHOTO).logits[0]
    assert explainer.explain(PHOTO, "hires-cam").map.sum() == pytest.approx(score - 2)


def test_layers_may_be_negative():
    layer = [[-1, 2], [0, 1]], [[1, -2], [3, 0]], ([[1, 1], [0, 2]], [[-1, 2], [1, 0]])
    assert_allclose(signed(*layer, "hires-cam").map, [[-2, -2], [3, 2]], atol=1e-6)
    assert_allclose(signed(*layer, "layer-cam").map, [[0, 0], [3, 2]], atol=1e-6)
    # Gates are open at gradients 1 and 2 of the first channel, and 1 of the second: weights 3/4 and 1/4.
    assert_allclose(signed(*layer, "grad-cam-gated").map, [[0, 1], [0.75, 0.75]], atol=1e-6)
    assert_allclose(signed(*layer, "activations").map, [[0, 0], [1.5, 0.5]], atol=1e-6)
    # Sums 2 and 2; alphas 1/4, 1/4, 1/6 and 1/6, 1/4: weights 1/4 + 1/4 + 2/6 and 2/6 + 1/4.
    first, second = 5 / 6, 7 / 12
    expected = np.maximum(first * np.array(layer[0]) + second * np.array(layer[1]), 0)
    assert_allclose(signed(*layer, "grad-cam++").map, expected, atol=1e-5)


FORMULAS = {
    "grad-cam": lambda a, g: np.maximum(a @ g.mean((0, 1)), 0),
    "grad-cam-gated": lambda a, g: np.maximum(a @ np.where((a > 0) & (g > 0), g, 0).mean((0, 1)), 0),
    "grad-cam++": lambda a, g: np.maximum(a @ plus_plus(a, g), 0),
    "hires-cam": lambda a, g: (a * g).sum(-1),
    "xgrad-cam": lambda a, g: np.maximum(a @ ((a * g).sum((0, 1)) / a.sum((0, 1))), 0),
    "layer-cam": lambda a, g: np.maximum((np.maximum(g, 0) * a).sum(-1), 0),
}


def plus_plus(a, g):
    alphas = g**2 / (2 * g**2 + a.sum((0, 1)) * g**3 + (g == 0))
    return (alphas * np.maximum(g, 0)).sum((0, 1))


@pytest.mark.parametrize("method", FORMULAS)
@pytest.mark.parametrize("weights", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, -1, 0), (0, -1, 0), (-0.5, 2, 1)])
def test_formulas_on_gradients_by_differences(twin, method, weights):
    again, explainer = twin
    channels = again.channels(twins.X)
    gradients = twins.slope(lambda a: again.scores_of(a) @ weights, channels)
    expected = FORMULAS[method](channels, gradients)
    target = explain.Target(dict(zip(networks.PETS, map(float, weights), strict=True)))
    found = explainer.explain(twins.PHOTO, method, "channels", target).map
    assert expected.max() > 0
    assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_a_constant_that_divides_gradients_changes_no_picture(twin):
    # Notebooks divide the gradients of Grad-CAM by the mean of their squares.
    again, explainer = twin
    channels = again.channels(twins.X)
    gradients = twins.slope(lambda a: again.scores_of(a)[0], channels)
    other = FORMULAS["grad-cam"](channels, gradients / (np.mean(gradients**2) + 1e-5))
    assert_allclose(explainer.explain(twins.PHOTO, "grad-cam").heat(), other / other.max(), atol=1e-4)


def test_behind_a_pooling_the_family_is_one():
    model = networks.pooled()
    explainer, photo = networks.explainer(model), networks.noise(8, 8)
    channels = explainer.explain(photo, "activations").channels.astype(np.float64)
    head, bias = (one.astype(np.float64) for one in model.get_layer("scores").get_weights())
    places = channels.shape[0] * channels.shape[1]
    for index, label in enumerate(networks.PETS):
        v = head[:, index]
        signed_map = channels @ v
        rises = np.maximum(v, 0)
        expected = {
            "cam": signed_map,
            "hires-cam": signed_map / places,
            "grad-cam": np.maximum(signed_map, 0) / places,
            "xgrad-cam": np.maximum(signed_map, 0) / places,
            "layer-cam": channels @ rises / places,
            "grad-cam-gated": channels @ (rises / places * (channels > 0).mean((0, 1))),
            "grad-cam++": channels @ (rises / (2 + v * channels.mean((0, 1)))),
        }
        for method, values in expected.items():
            found = explainer.explain(photo, method, target=label).map
            assert_allclose(found, values, rtol=1e-4, atol=1e-5 * np.abs(values).max(), err_msg=method)
        score = explainer.predict(photo).logits[index] - bias[index]
        assert explainer.explain(photo, "cam", target=label).map.mean() == pytest.approx(score, rel=1e-4)


def test_gated_maps_of_opposite_classes_overlap_where_grad_cam_is_disjoint():
    v = np.stack([[3, -1], [-3, 1]], -1)  # (channels, classes)
    kernel = np.broadcast_to(v / 4, (2, 2, 2, 2))
    two = networks.explainer(networks.by_hand(kernel), ("cat", "dog"), networks.as_it_is)
    assert_allclose(two.explain(PHOTO, "grad-cam", target="cat").map, [[0.75, 1.25], [0, 0.75]], atol=1e-6)
    assert_allclose(two.explain(PHOTO, "grad-cam", target="dog").map, [[0, 0], [0.5, 0]], atol=1e-6)
    assert_allclose(two.explain(PHOTO, "grad-cam-gated", target="cat").map, [[0.5625, 1.125], [0, 0.5625]], atol=1e-6)
    assert_allclose(two.explain(PHOTO, "grad-cam-gated", target="dog").map, [[0, 0.125], [0.25, 0]], atol=1e-6)


def test_eigen_cam_centred(explainer):
    # Principal components: (0.6164, 0.3641; -1.5970, 0.6164) goes against the mean of the channels and is turned.
    found = explainer.explain(PHOTO, "eigen-cam", centred=True)
    assert_allclose(found.map, [[-0.6164, -0.3641], [1.5970, -0.6164]], atol=1e-4)
    assert_allclose(found.heat(), [[0, 0], [1, 0]], atol=1e-6)
    assert found.record()["facts"] == {"ambiguous": 0}


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("shape", [(2, 3), (5, 4)])  # fewer and more places than the 8 channels
def test_eigen_cam_is_the_first_singular_vector(centred, shape):
    values = np.random.default_rng(4).normal(size=(*shape, 8)).astype(np.float32)
    matrix = values.reshape(-1, 8).astype(np.float64)
    mean = matrix.mean(-1)
    matrix = matrix - matrix.mean(0) if centred else matrix
    u, d, _ = np.linalg.svd(matrix, full_matrices=False)
    expected = u[:, 0] * d[0]
    expected *= np.sign(np.corrcoef(expected, mean)[0, 1])
    found = eigen(values, centred)
    assert_allclose(found.values[0], expected.reshape(shape), rtol=1e-4, atol=1e-5)
    # Any rotation of the channels is the same layer, but for the sign, which their mean decides.
    rotation, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(8, 8)))
    rotated = np.asarray(eigen((values @ rotation).astype(np.float32), centred).values[0])
    assert_allclose(np.abs(rotated), np.abs(expected.reshape(shape)), rtol=1e-3, atol=1e-4)
    assert_allclose(eigen(values[..., ::-1], centred).values[0], found.values[0], rtol=1e-4, atol=1e-5)
    assert_allclose(eigen(3 * values, centred).values[0], 3 * found.values[0], rtol=1e-4, atol=1e-5)


def eigen(values, centred=False):
    return explain.methods()["eigen-cam"].function(np.asarray(values)[None], centred=centred)


def test_eigen_cam_of_a_layer_that_is_nowhere_negative_is_nowhere_negative():
    for seed in range(20):
        values = np.maximum(np.random.default_rng(seed).normal(size=(3, 4, 6)), 0).astype(np.float32)
        assert np.min(eigen(values).values) >= -1e-6


def test_where_the_mean_says_nothing_the_largest_entry_of_eigen_cam_is_positive():
    # Two channels that are each other's negative: their mean is 0 everywhere.
    values = np.array([[3, -4], [1, 0]])
    found = eigen(np.stack([values, -values], -1).astype(np.float32))
    assert_allclose(found.values[0], -np.sqrt(2) * values, atol=1e-6)


def test_eigen_cam_says_where_its_direction_is_arbitrary():
    alike = np.zeros((2, 2, 2), np.float32)
    alike[0, 0, 0] = alike[1, 1, 1] = 5  # two channels of one strength that never meet
    assert eigen(alike).facts["ambiguous"][0] == 1
    alike[1, 1, 1] = 4.99
    assert eigen(alike).facts["ambiguous"][0] == 0
    assert_allclose(eigen(alike).values[0], [[5, 0], [0, 0]], atol=1e-6)


def test_an_index_of_a_channel_counts_from_0(explainer):
    with pytest.raises(explain.ExplainError, match="2 channels, counted from 0; received 2"):
        explainer.explain(PHOTO, "activations", channel=2)
    assert_array_equal(explainer.explain(PHOTO, "activations", channel=np.int64(1)).map, GREEN)


@pytest.mark.parametrize("method", ["activations", "eigen-cam"])
def test_activations_know_no_class(twin, method):
    _, explainer = twin
    first, second = (explainer.explain(twins.PHOTO, method, target=label) for label in ("cat", "dog"))
    assert_array_equal(first.map, second.map)
    assert first.target is second.target is None
