"""The methods that look at the input: closed forms, NumPy again, and integrals worked out on paper."""

from __future__ import annotations

import keras
import networks
import numpy as np
import pytest
import twins
from keras import layers
from numpy.testing import assert_allclose, assert_array_equal

KERNEL = np.random.default_rng(8).normal(size=(3, 4, 2, 2))  # (rows, columns, channels, classes)


def linear(preprocessing=networks.as_it_is, kernel=KERNEL):
    return networks.explainer(networks.by_hand(kernel), ("cat", "dog"), preprocessing)


def of_pixels(function, photo):
    """The Explainer of a model whose one score is a function of the photo's reds (N, pixels)."""
    pixels = keras.Input((*photo.shape[:2], 3))
    red = layers.Conv2D(1, 1, use_bias=False, name="red")
    score = function(layers.Flatten()(red(pixels)))
    red.set_weights([np.eye(3, 1, dtype=np.float32)[None, None]])
    return networks.explainer(keras.Model(pixels, score), ("thing",), networks.as_it_is, kind="multilabel")


def product(reds):
    return reds[:, :1] * reds[:, 1:2]


def cubes(reds):
    return keras.ops.sum(reds**3, -1, keepdims=True)


REDUCTIONS = {
    "max_abs": lambda d: np.abs(d).max(-1),
    "mean_abs": lambda d: np.abs(d).mean(-1),
    "sum_abs": lambda d: np.abs(d).sum(-1),
    "l2": lambda d: np.sqrt((d**2).sum(-1)),
}


@pytest.mark.parametrize(
    ("reduce", "expected"), [("max_abs", 0.5), ("mean_abs", 0.8 / 3), ("sum_abs", 0.8), ("l2", 0.3**0.5)]
)
def test_one_pixel_on_paper(reduce, expected):
    photo = keras.Input((1, 2, 3))
    first = layers.Conv2D(1, 1, name="first")
    model = keras.Model(photo, layers.Flatten()(layers.Cropping2D(((0, 0), (0, 1)))(first(photo))))
    first.set_weights([np.float32([0.2, -0.5, 0.1]).reshape(1, 1, 3, 1), np.zeros(1, np.float32)])
    explainer = networks.explainer(model, ("thing",), networks.as_it_is, kind="multilabel")
    found = explainer.explain(networks.noise(1, 2), "gradients", reduce=reduce)
    assert_allclose(found.map, [[expected, 0]], atol=1e-7)
    assert_allclose(found.channels, [[[0.2, -0.5, 0.1], [0, 0, 0]]], atol=1e-7)


@pytest.mark.parametrize("reduce", REDUCTIONS)
@pytest.mark.parametrize("target", [0, 1, 2, (0, 2)])
def test_gradients_by_differences(twin, reduce, target):
    again, explainer = twin
    weights = np.eye(3)[target] if isinstance(target, int) else np.eye(3)[target[0]] - np.eye(3)[target[1]]
    expected = twins.slope(lambda x: again.scores(x) @ weights, twins.X)
    found = explainer.explain(twins.PHOTO, "gradients", target=target, reduce=reduce)
    assert_allclose(found.channels, expected, rtol=1e-4, atol=1e-6)
    assert_allclose(found.map, REDUCTIONS[reduce](expected), rtol=1e-4, atol=1e-6)
    assert found.layer is None
    product_map = explainer.explain(twins.PHOTO, "gradient-x-input", target=target)
    assert_allclose(product_map.map, (expected * twins.X).sum(-1), rtol=1e-4, atol=1e-6)
    assert_allclose(product_map.channels, expected * twins.X, rtol=1e-4, atol=1e-6)


def test_of_a_linear_model_gradients_are_its_weights_whatever_the_photo():
    explainer = linear()
    for seed in range(3):
        found = explainer.explain(networks.noise(3, 4, seed), "gradients", target="dog")
        assert_allclose(found.channels[..., :2], KERNEL[..., 1], rtol=1e-6)
        assert_array_equal(found.channels[..., 2], 0)
        assert_allclose(found.map, np.abs(KERNEL[..., 1]).max(-1), rtol=1e-6)


def test_of_a_linear_model_gradient_x_input_is_what_each_pixel_contributes():
    photo = networks.noise(3, 4)
    found = linear(lambda batch: batch / 255 - 0.4).explain(photo, "gradient-x-input", target="cat")
    expected = (KERNEL[..., 0] * (photo[..., :2] / 255 - 0.4)).sum(-1)
    assert_allclose(found.map, expected, rtol=1e-5, atol=1e-6)
    assert expected.min() < 0 < expected.max()
    assert_allclose(found.heat(), np.abs(expected) / np.abs(expected).max(), atol=1e-5)


@pytest.mark.parametrize("method", ["gradient-x-input", "integrated-gradients"])
def test_without_biases_contributions_add_up_to_the_score(method):
    # Section 16: along rays from black the gradients of such a network are constant, so one step is enough.
    model = networks.pooled()
    for layer in ("first", "last", "scores"):
        kernel, bias = model.get_layer(layer).get_weights()
        model.get_layer(layer).set_weights([kernel, 0 * bias])
    explainer, photo = networks.explainer(model), networks.noise(8, 8)
    how = {"steps": 1} if method == "integrated-gradients" else {}
    for label, score in zip(networks.PETS, explainer.predict(photo).logits, strict=True):
        found = explainer.explain(photo, method, target=label, **how)
        assert found.map.sum(dtype=np.float64) == pytest.approx(score, rel=1e-4)
        same = explainer.explain(photo, "gradient-x-input", target=label).map
        assert_allclose(found.map, same, rtol=1e-4, atol=1e-6)


def test_with_biases_gradient_x_input_misses_them():
    # Weights (3, 2) on relu(z), z = (-0.5, 3) of x = (1, 2): contributions 4 and 4, of a score of 6.25.
    def two_units(reds):
        hidden, out = layers.Dense(2, activation="relu"), layers.Dense(1)
        score = out(hidden(reds))
        hidden.set_weights([np.float32([[1, 2], [-1, 1]]), np.float32([0.5, -1])])
        out.set_weights([np.float32([[3], [2]]), np.float32([0.25])])
        return score

    photo = networks.channels_photo([[1, 2]])
    explainer = of_pixels(two_units, photo)
    assert explainer.predict(photo).logits == pytest.approx([6.25])
    assert_allclose(explainer.explain(photo, "gradient-x-input").map, [[4, 4]], atol=1e-6)
    assert_allclose(explainer.explain(photo, "gradients").map, [[4, 2]], atol=1e-6)


def noisy_gradients(again, index, samples, level=0.15, seed=0):
    """The gradients at noisy inputs, by differences: (samples, rows, columns, channels)."""
    spread = level * (twins.X.max() - twins.X.min())
    noise = [np.random.default_rng((seed, m)).standard_normal(twins.X.shape) for m in range(samples)]
    return np.stack([twins.slope(lambda x: again.scores(x)[index], twins.X + spread * one) for one in noise])


VARIANTS = {
    "mean": lambda d: d.mean(0),
    "squared": lambda d: (d**2).mean(0),
    "variance": lambda d: d.var(0),  # divided by the number of samples
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_smooth_grad_by_differences(twin, variant):
    again, explainer = twin
    every = noisy_gradients(again, 1, 19, level=0.3, seed=6)  # more than fit in two passes
    for samples in (1, 8, 19):  # the first samples of many are those of few
        expected = VARIANTS[variant](every[:samples])
        how = {"variant": variant, "samples": samples, "level": 0.3, "seed": 6}
        found = explainer.explain(twins.PHOTO, "smooth-grad", target=1, **how)
        assert_allclose(found.channels, expected, rtol=1e-3, atol=1e-5)
        assert_allclose(found.map, np.abs(expected).max(-1), rtol=1e-3, atol=1e-5)


def test_smooth_grad_of_a_cube_on_paper():
    # dS/dx = 3 x²: what is left of the noise are its own moments.
    photo = networks.channels_photo([[1, 3]])
    explainer = of_pixels(cubes, photo)
    noise = np.stack([np.random.default_rng((2, m)).standard_normal((1, 2, 3))[..., 0] for m in range(5)])
    slopes = 3 * (np.array([[1, 3]]) + 0.5 * 3 * noise) ** 2  # the input's range is 0..3
    for variant, reduce in VARIANTS.items():
        found = explainer.explain(photo, "smooth-grad", variant=variant, samples=5, level=0.5, seed=2)
        assert_allclose(found.map, reduce(slopes), rtol=1e-4)


def test_smooth_grad_without_noise_is_the_gradient(twin):
    _, explainer = twin
    plain = explainer.explain(twins.PHOTO, "gradients")
    found = {one: explainer.explain(twins.PHOTO, "smooth-grad", variant=one, level=0, samples=3) for one in VARIANTS}
    assert_allclose(found["mean"].map, plain.map, rtol=1e-6)
    assert_allclose(found["squared"].channels, plain.channels**2, rtol=1e-5)
    assert_allclose(found["variance"].map, 0, atol=1e-9)
    assert found["variance"].flat
    assert not found["squared"].flat


def test_the_variance_of_smooth_grad_is_what_the_square_of_the_mean_leaves(twin):
    _, explainer = twin
    mean, squared, variance = (
        explainer.explain(twins.PHOTO, "smooth-grad", variant=one, samples=20).channels for one in VARIANTS
    )
    assert_allclose(squared - mean**2, variance, atol=1e-6)
    assert variance.max() > 1e-3


def test_noise_changes_nothing_about_a_linear_model():
    explainer, photo = linear(), networks.noise(3, 4)
    found = explainer.explain(photo, "smooth-grad", target="cat", samples=9, level=1.0)
    assert_allclose(found.channels, explainer.explain(photo, "gradients", target="cat").channels, rtol=1e-6)
    assert explainer.explain(photo, "smooth-grad", variant="variance", samples=9).flat


def test_a_seed_is_a_seed(twin):
    model, how = twins.build(), {"samples": 4, "level": 0.5}
    first, again = (twins.explainer(model).explain(twins.PHOTO, "smooth-grad", seed=1, **how) for _ in range(2))
    assert_array_equal(first.map, again.map)
    assert np.abs(twin[1].explain(twins.PHOTO, "smooth-grad", seed=2, **how).map - first.map).max() > 1e-3


def test_smooth_grad_keeps_the_class_of_the_photo_without_noise():
    # The scores lie so close together that every second noisy photo is of another class.
    kernel = np.stack([np.ones((2, 2, 2)), -np.ones((2, 2, 2))], -1)
    explainer = linear(lambda batch: batch - 100, kernel)
    photo = np.full((2, 2, 3), 100, np.uint8)
    photo[0, 0] = 90, 111, 100  # the sum is 1
    assert explainer.predict(photo).index == 0
    assert_allclose(explainer.explain(photo, "smooth-grad", samples=20, level=1).channels[..., :2], 1, rtol=1e-6)


@pytest.mark.parametrize("steps", [1, 7])
def test_integrated_gradients_of_a_product_on_paper(steps):
    photo = networks.channels_photo([[1, 2]])
    found = of_pixels(product, photo).explain(photo, "integrated-gradients", steps=steps)
    assert_allclose(found.map, [[1, 1]], atol=1e-6)  # of a sum at left ends 0.75, at right ends 1.25 for 4 steps
    assert found.record()["facts"]["completeness_gap"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("asked", "made", "expected"),
    [(4, 4, 0.984375), (2, 4, 0.984375), (1, 4, 0.984375), (3, 3, 35 / 36)],  # the gaps of 1 and 2 are above 5 %
)
def test_integrated_gradients_of_cubes_on_paper(asked, made, expected):
    photo = networks.channels_photo([[1, 2]])
    found = of_pixels(cubes, photo).explain(photo, "integrated-gradients", steps=asked)
    assert_allclose(found.map, [[expected, 8 * expected]], rtol=1e-5)
    facts = found.record()["facts"]
    assert facts["steps"] == made
    assert facts["relative_gap"] == pytest.approx(1 - expected, rel=1e-3)
    assert facts["completeness_gap"] == pytest.approx(9 - 9 * expected, rel=1e-3)


def test_a_gap_that_stays_is_told():
    # relu(x - 7) at 8 from 0: no midpoint of 1, 2 or 4 steps lies where it rises.
    photo = networks.channels_photo([[8, 0]])
    explainer = of_pixels(lambda reds: keras.ops.relu(reds[:, :1] - 7), photo)
    found = explainer.explain(photo, "integrated-gradients", steps=1)
    assert found.record()["facts"] == {"completeness_gap": 1, "relative_gap": 1, "steps": 4}
    assert found.flat
    assert_allclose(explainer.explain(photo, "integrated-gradients", steps=8).map, [[1, 0]], atol=1e-6)


def blurred(photo, deviation):
    """A Gaussian blur of photos at least as large as its kernel's half, edges mirrored without repeating them."""
    half = int(deviation * 4 + 0.5)
    weights = np.exp(-(np.arange(-half, half + 1) ** 2) / (2 * deviation**2))
    padded = np.pad(photo.astype(np.float64), ((half, half), (half, half), (0, 0)), "reflect")
    for axis in (0, 1):
        padded = np.apply_along_axis(np.convolve, axis, padded, weights / weights.sum(), "valid")
    return padded


BASELINES = {
    "black": lambda photo: np.zeros(photo.shape),
    "mean": lambda photo: np.broadcast_to(photo.mean((0, 1)), photo.shape),
    "blur": lambda photo: blurred(photo, 2.0),  # a tenth of the shorter side
    "noise": lambda photo: np.random.default_rng(3).uniform(0, 255, (4, *photo.shape)).mean(0),
}


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("steps", [1, 5])
def test_of_a_linear_model_integrated_gradients_are_what_the_difference_contributes(baseline, steps):
    kernel, photo = np.random.default_rng(9).normal(size=(20, 22, 2, 2)), networks.noise(20, 22)
    explainer = linear(lambda batch: batch / 255 - 0.4, kernel)
    found = explainer.explain(photo, "integrated-gradients", target="dog", baseline=baseline, steps=steps, seed=3)
    difference = (photo - BASELINES[baseline](photo))[..., :2] / 255
    assert_allclose(found.map, (kernel[..., 1] * difference).sum(-1), rtol=1e-3, atol=1e-4)
    assert found.record()["facts"]["relative_gap"] < 1e-3


@pytest.mark.parametrize("baseline", ["black", "mean"])
def test_integrated_gradients_are_complete_and_follow_the_straight_way(twin, baseline):
    again, explainer = twin
    start = BASELINES[baseline](twins.PHOTO) / 127.5 - 1
    found = explainer.explain(twins.PHOTO, "integrated-gradients", target="dog", baseline=baseline, steps=200)
    wanted = again.scores(twins.X)[1] - again.scores(start)[1]
    assert found.map.sum(dtype=np.float64) == pytest.approx(wanted, rel=0.02)
    middles = [start + (q + 0.5) / 200 * (twins.X - start) for q in range(200)]
    slopes = np.mean([twins.slope(lambda x: again.scores(x)[1], one) for one in middles], axis=0)
    assert_allclose(found.channels, (twins.X - start) * slopes, rtol=1e-3, atol=1e-4)
    assert found.record()["facts"]["completeness_gap"] == pytest.approx(abs(found.map.sum() - wanted), abs=1e-4)


@pytest.mark.parametrize("baseline", ["black", "mean", "blur"])
def test_what_is_like_its_baseline_is_flat(baseline):
    photo = np.zeros((3, 4, 3), np.uint8) if baseline == "black" else np.full((3, 4, 3), 60, np.uint8)
    found = linear().explain(photo, "integrated-gradients", baseline=baseline)
    assert_allclose(found.map, 0, atol=1e-4)
    assert found.flat
