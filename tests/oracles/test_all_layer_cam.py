"""Grad-CAM of all layers against numbers worked out on paper, and against the maps that it is the mean of."""

from __future__ import annotations

import keras
import networks
import numpy as np
import pytest
from keras import layers
from numpy.testing import assert_allclose

import explain

FIRST, SECOND, THIRD = [[0, 2], [1, 0]], [[3, 1], [1, 1]], [[1, 0], [0, 4]]
PHOTO = networks.channels_photo(FIRST, SECOND, THIRD)


def three(weights, scale=1.0):
    """Three convolutions, of a photo's red, green and blue, pooled and weighted: each one's Grad-CAM is its colour,
    where its weight is positive, and flat where it is not."""
    photo = keras.Input((2, 2, 3))
    colours = [layers.Conv2D(1, 1, use_bias=False, name=f"colour_{name}") for name in "abc"]
    joined = layers.Concatenate(name="joined")([colour(photo) for colour in colours])
    model = keras.Model(photo, layers.Dense(1, name="scores")(layers.GlobalAveragePooling2D()(joined)))
    for index, colour in enumerate(colours):
        colour.set_weights([np.eye(3, dtype=np.float32)[:, index].reshape(1, 1, 3, 1)])
    model.get_layer("scores").set_weights([scale * np.float32(weights).reshape(3, 1), np.float32([5])])
    return networks.explainer(model, ("thing",), networks.as_it_is, kind="multilabel")


@pytest.fixture(scope="module")
def explainer():
    return three([4, -1, 4])


@pytest.mark.parametrize(
    ("parameters", "expected", "used"),
    [
        ({}, [[0.125, 0.5], [0.25, 0.5]], "ac"),
        ({"weights": "depth"}, [[3 / 16, 1 / 4], [1 / 8, 3 / 4]], "ac"),  # 1/4 of the first, 3/4 of the third
        ({"stop": 0.5}, [[0, 1], [0.5, 0]], "a"),  # of 1.5 layers, rounded up
        ({"start": 0.5}, [[0.25, 0], [0, 1]], "c"),  # behind 1.5 layers, rounded down
        ({"start": 0.67}, [[0.25, 0], [0, 1]], "c"),
        ({"stop": 0.01}, [[0, 1], [0.5, 0]], "a"),
    ],
)
def test_numbers_worked_out_on_paper(explainer, parameters, expected, used):
    found = explainer.explain(PHOTO, "all-layer-cam", **parameters)
    assert_allclose(found.map, expected, atol=1e-6)
    assert found.record()["facts"]["layers"] == [f"colour_{name}" for name in used]
    assert found.layer is None
    assert not found.flat


def test_flat_layers_are_named_and_left_out(explainer):
    assert explainer.explain(PHOTO, "all-layer-cam").record()["facts"]["flat_layers"] == ["colour_b"]
    against = explainer.explain(PHOTO, "all-layer-cam", target=explain.Target({"thing": -1.0}))
    assert_allclose(against.map, np.array(SECOND) / 3, atol=1e-6)
    assert against.record()["facts"] == {"layers": ["colour_b"], "flat_layers": ["colour_a", "colour_c"]}


def test_where_all_layers_are_flat_so_is_their_mean():
    found = three([-1, -2, -3]).explain(PHOTO, "all-layer-cam")
    assert_allclose(found.map, np.zeros((2, 2)))
    assert found.flat
    assert found.record()["facts"] == {"layers": [], "flat_layers": ["colour_a", "colour_b", "colour_c"]}


@pytest.mark.parametrize(
    "parameters", [{"start": 1.0}, {"stop": 0.0}, {"start": 0.7, "stop": 0.6}, {"layers": "stages", "start": 1.0}]
)
def test_no_layer_left_is_an_error(explainer, parameters):
    with pytest.raises(explain.ExplainError, match=r"all-layer-cam has no layer.*widen start and stop"):
        explainer.explain(PHOTO, "all-layer-cam", **parameters)


def test_a_positive_factor_of_the_score_changes_nothing(explainer):
    expected = explainer.explain(PHOTO, "all-layer-cam").map
    assert_allclose(three([4, -1, 4], scale=0.01).explain(PHOTO, "all-layer-cam").map, expected, atol=1e-6)


def enlarged(values, rows, columns):
    """Bilinear, half-pixel centres, edges continued."""
    at = [
        np.clip((np.arange(n) + 0.5) * size / n - 0.5, 0, size - 1)
        for n, size in zip((rows, columns), values.shape, strict=True)
    ]
    down = np.stack([np.interp(at[0], np.arange(values.shape[0]), column) for column in values.T], -1)
    return np.stack([np.interp(at[1], np.arange(values.shape[1]), row) for row in down])


@pytest.fixture(scope="module")
def chained():
    photo = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv1_a")(photo)
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv1_b")(x)
    x = layers.MaxPooling2D(name="conv1_pool")(x)
    x = layers.Conv2D(5, 3, padding="same", activation="relu", name="conv2_a")(x)
    x = layers.Conv2D(5, 3, padding="same", name="conv2_b")(x)
    x = layers.ReLU(name="conv2_relu")(x)
    scores = layers.Dense(3, name="scores")(layers.GlobalAveragePooling2D(name="pool")(x))
    return networks.explainer(networks.randomise(keras.Model(photo, scores), 14))


@pytest.mark.parametrize(
    ("parameters", "paths"),
    [
        ({}, ["conv1_a", "conv1_b", "conv2_a", "conv2_b"]),
        ({"start": 0.5, "weights": "depth"}, ["conv2_a", "conv2_b"]),
        ({"layers": "stages"}, ["conv1_pool", "conv2_relu"]),
        ({"layers": "stages", "stop": 0.5}, ["conv1_pool"]),
    ],
)
@pytest.mark.parametrize("target", ["dog", ("bird", "cat")])
def test_it_is_the_mean_of_the_layers_maps(chained, parameters, paths, target):
    explainer, photo = chained, networks.noise(8, 8)
    maps = explainer.explain_layers(photo, paths, target=target)
    assert {maps[path].map.shape for path in paths} <= {(8, 8), (4, 4)}
    used = [path for path in paths if not maps[path].flat]
    shares = [paths.index(path) + 1 if "weights" in parameters else 1 for path in used]
    large = [enlarged(maps[path].map.astype(np.float64), 8, 8) for path in used]
    expected = sum(share * one / one.max() for share, one in zip(shares, large, strict=True)) / sum(shares)
    found = explainer.explain(photo, "all-layer-cam", target=target, **parameters)
    assert_allclose(found.map, expected, atol=1e-5)
    assert found.record()["facts"]["layers"] == used
    assert 0 <= found.map.min() <= found.map.max() <= 1 + 1e-6
    if len(used) == 1:
        assert_allclose(found.map, large[0] / large[0].max(), atol=1e-5)
