"""Views of a photo, undone and averaged."""

from __future__ import annotations

import cv2
import networks
import numpy as np
import pytest
import twins
from numpy.testing import assert_allclose, assert_array_equal

import explain
from explain import augment

SIZE = (10, 15)
KERNEL = np.random.default_rng(31).normal(size=(*SIZE, 2, 2))
PHOTO = networks.noise(*SIZE)
QUICK = {"smooth-grad": {"level": 0}, "integrated-gradients": {"steps": 4}}


@pytest.fixture(scope="module")
def linear():
    return networks.explainer(networks.by_hand(KERNEL), ("cat", "dog"), networks.as_it_is)


def contributions(pixels, label=0):
    """HiResCAM of the linear model: (rows, columns)."""
    return (pixels[..., :2] * KERNEL[..., label]).sum(-1)


def test_a_mirrored_view_on_paper():
    kernel = np.array([[[1, 0], [2, 0], [4, 0]]])[..., None]  # of red, in one row
    explainer = networks.explainer(networks.by_hand(kernel), ("thing",), networks.as_it_is, kind="multilabel")
    found = explainer.explain(networks.channels_photo([[10, 1, 3]]), "hires-cam", augment="flip")
    assert_allclose(found.map, [[25, 2, 7.5]], rtol=1e-6)  # weights of (1 + 4)/2, 2 and (4 + 1)/2
    assert_allclose(found.heat(), [[1, 0.08, 0.3]], rtol=1e-6)
    assert found.record()["parameters"] == {"augment": "flip"}


def test_the_mean_is_of_raw_maps_and_of_the_target_asked_for(linear):
    for index, label in enumerate(("cat", "dog")):
        mirrored = contributions(PHOTO[:, ::-1], index)[:, ::-1]
        found = linear.explain(PHOTO, "hires-cam", target=label, augment="flip")
        assert_allclose(found.map, (contributions(PHOTO, index) + mirrored) / 2, rtol=1e-4, atol=1e-3)


def test_the_class_is_that_of_the_photo_itself():
    # The left side speaks for the cat, the right for the dog: mirrored, the photo is one of the other.
    kernel = np.zeros((1, 4, 2, 2))
    kernel[0, :2, 0, 0] = kernel[0, 2:, 0, 1] = 1, 2
    explainer = networks.explainer(networks.by_hand(kernel), ("cat", "dog"), networks.as_it_is)
    photo = networks.channels_photo([[9, 9, 1, 1]])
    assert explainer.predict(photo).index == 0
    assert explainer.predict(photo[:, ::-1]).index == 1
    found = explainer.explain(photo, "hires-cam", augment="flip")
    assert str(found.target) == "cat"
    assert found.prediction.index == 0
    assert_allclose(found.map, [[4.5, 9, 1, 0.5]], rtol=1e-6)


@pytest.mark.parametrize("method", explain.methods())
def test_with_its_mirror_image_a_photo_has_the_map_of_its_mirror_image(method):
    explainer, photo = networks.explainer(networks.pooled(size=(8, 9))), networks.noise(8, 9, 3)
    how = {"target": "dog", "augment": "flip", **QUICK.get(method, {})}
    found = explainer.explain(photo, method, **how).map
    turned = explainer.explain(photo[:, ::-1], method, **how).map
    assert found.shape == (8, 9)
    assert_allclose(turned[:, ::-1], found, rtol=1e-4, atol=1e-5 * np.abs(found).max())


@pytest.mark.parametrize("method", ["grad-cam", "gradients"])
def test_the_photo_alone_is_the_method_itself(linear, method):
    plain = linear.explain(PHOTO, method)
    assert_array_equal(linear.explain(PHOTO, method, augment="none").map, plain.map)
    assert plain.record()["parameters"]["augment"] == "none"


def interpolated(values, rows, columns):
    """A map at some places, which are given by pixel centres: bilinear, edges continued."""
    down = np.stack([np.interp(rows, np.arange(values.shape[0]), column) for column in values.T], -1)
    return np.stack([np.interp(columns, np.arange(values.shape[1]), row) for row in down])


def scaled_views(pixels):
    """The shrunk and the enlarged view of 10×15 pixels, and what undoes each: the map's part and where it goes."""
    shrunk = np.full((*SIZE, 3), 127, np.uint8)
    shrunk[1:9, 1:13] = cv2.resize(pixels, (12, 8), interpolation=cv2.INTER_AREA)
    enlarged = cv2.resize(pixels[1:9, 1:13], (15, 10), interpolation=cv2.INTER_LINEAR)

    def undo_shrunk(values):
        return interpolated(values, 1 + (np.arange(10) + 0.5) * 0.8 - 0.5, 1 + (np.arange(15) + 0.5) * 0.8 - 0.5)

    def undo_enlarged(values):
        page = np.zeros(SIZE)
        page[1:9, 1:13] = interpolated(values, (np.arange(8) + 0.5) * 1.25 - 0.5, (np.arange(12) + 0.5) * 1.25 - 0.5)
        return page

    return (shrunk, undo_shrunk), (enlarged, undo_enlarged)


@pytest.mark.parametrize("choice", ["scales", "flip+scales"])
def test_scaled_views_are_put_back_and_borders_that_one_does_not_show_have_one_less(linear, choice):
    seen, total = np.full(SIZE, 2.0), np.zeros(SIZE)
    seen[1:9, 1:13] += 1
    for flip in (False, True) if "flip" in choice else (False,):
        for view, undo in ((PHOTO, lambda values: values), *scaled_views(PHOTO)):
            values = contributions(view[:, ::-1])[:, ::-1] if flip else contributions(view)
            total += undo(values)
    expected = total / (2 * seen if "flip" in choice else seen)
    found = linear.explain(PHOTO, "hires-cam", target="cat", augment=choice)
    assert found.map.shape == SIZE
    assert_allclose(found.map, expected, rtol=1e-4, atol=1e-2)  # of values up to 400


def test_what_undoes_a_view_brings_a_map_back_to_where_it_was():
    # Of a map that rises evenly, whatever bilinear interpolation does inside is exact.
    rising = np.add.outer(10 * np.arange(30.0), np.arange(40.0)).astype(np.float32)
    for view in augment.views("flip+scales", (30, 40)):
        x0, y0, x1, y1 = view.placement.view
        left, top, right, bottom = view.placement.area
        rows = (np.arange(30) + 0.5 - top) * (y1 - y0) / (bottom - top) + y0 - 0.5
        columns = (np.arange(40) + 0.5 - left) * (x1 - x0) / (right - left) + x0 - 0.5
        shown = np.add.outer(10 * rows, columns).astype(np.float32)
        found, seen = view.undo(shown[:, ::-1] if view.mirrored else shown)
        assert_array_equal(seen[y0:y1, x0:x1], 1)
        assert seen.sum() == (y1 - y0) * (x1 - x0)
        inside = np.s_[y0 + 1 : y1 - 1, x0 + 1 : x1 - 1]
        assert_allclose(found[inside], rising[inside], rtol=1e-4, atol=1e-3)
        assert_array_equal(found[seen == 0], 0)


def test_views_of_one_pixel_show_something():
    for view in augment.views("flip+scales", (1, 1)):
        found, seen = view.undo(np.ones((1, 1), np.float32))
        assert found[0, 0] == seen[0, 0] == 1
        assert view.show(np.full((1, 1, 3), 9, np.uint8)).shape == (1, 1, 3)


def test_layers_of_any_resolution_are_averaged_at_the_size_of_the_input():
    explainer, photo = networks.explainer(networks.pooled()), networks.noise(8, 8)
    found = explainer.explain_layers(photo, method="grad-cam", target="cat", augment="flip")
    assert {path: one.map.shape for path, one in found.items()} == {"first": (8, 8), "last": (8, 8)}
    maps = [explainer.explain(one, layer="last", target="cat").map for one in (photo, photo[:, ::-1])]
    places = (np.arange(8) + 0.5) / 2 - 0.5
    places = np.clip(places, 0, 3)
    expected = (interpolated(maps[0], places, places) + interpolated(maps[1], places, places)[:, ::-1]) / 2
    assert_allclose(found["last"].map, expected, rtol=1e-4, atol=1e-6)


def test_a_mean_of_views_is_one_of_maps_and_has_no_channels():
    found = twins.explainer().explain(twins.PHOTO, "gradients", augment="flip")
    assert found.channels is None
    assert found.map.shape == twins.SIZE


def test_of_views_that_are_flat_the_mean_is_flat():
    explainer = networks.explainer(networks.by_hand(-np.ones((2, 2, 2, 1))), ("thing",), kind="multilabel")
    found = explainer.explain(networks.noise(2, 2), augment="flip")
    assert found.flat
    assert_array_equal(found.heat(), np.zeros((2, 2)))
