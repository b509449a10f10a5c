from __future__ import annotations

import importlib

import networks
import numpy as np
import pytest
from keras import applications
from numpy.testing import assert_allclose, assert_array_equal

from explain import ExplainError, preprocessing
from explain.preprocessing import FITS, SCALINGS, Placement, fit_photo, heat_on_view, place

MODULES = [name for name in dir(applications) if hasattr(getattr(applications, name), "preprocess_input")]


def test_every_module_of_keras_has_its_name():
    assert set(MODULES) - {"imagenet_utils"} == set(SCALINGS)


@pytest.mark.parametrize("name", SCALINGS)
def test_a_named_scaling_is_that_of_keras(name):
    module = importlib.import_module(f"keras.applications.{name}")
    batch = np.random.default_rng(0).uniform(0, 255, (2, 5, 4, 3)).astype(np.float32)
    batch[0, 0, 0], batch[0, 0, 1] = 0, 255
    before = batch.copy()
    expected = module.preprocess_input(batch.copy())
    assert_allclose(preprocessing.scaling(name)(batch), expected, rtol=1e-5, atol=1e-5)
    assert_array_equal(batch, before)


def test_a_function_is_taken_as_it_is():
    assert preprocessing.scaling(networks.as_it_is) is networks.as_it_is


def test_an_unknown_scaling_names_the_closest():
    with pytest.raises(ExplainError, match=r"'resnetv2'.*Did you mean 'resnet_v2'"):
        preprocessing.scaling("resnetv2")


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [(1, 1), (7, 9), (24, 16)])
def test_a_photo_of_the_input_size_passes_bit_for_bit(fit, size):
    photo = networks.noise(*size)
    placement = place(*size, size, fit)
    assert_array_equal(fit_photo(photo, placement), photo)
    assert placement.view == (0, 0, size[1], size[0])


@pytest.mark.parametrize(
    ("rows", "columns", "size", "fit", "view", "area"),
    [
        (100, 160, (50, 50), "crop", (30, 0, 130, 100), (0, 0, 50, 50)),  # wide: left and right go
        (160, 100, (50, 50), "crop", (0, 30, 100, 130), (0, 0, 50, 50)),  # high: top and bottom go
        (100, 160, (20, 40), "crop", (0, 10, 160, 90), (0, 0, 40, 20)),  # an input twice as wide as high
        (101, 160, (50, 50), "crop", (29, 0, 130, 101), (0, 0, 50, 50)),  # 59 left over: 29 left, 30 right
        (100, 160, (50, 50), "stretch", (0, 0, 160, 100), (0, 0, 50, 50)),
        (100, 200, (50, 50), "letterbox", (0, 0, 200, 100), (0, 12, 50, 37)),  # 25 rows, 12 above, 13 below
        (200, 100, (50, 60), "letterbox", (0, 0, 100, 200), (17, 0, 42, 50)),
        (1, 1, (50, 40), "letterbox", (0, 0, 1, 1), (0, 5, 40, 45)),
        (3, 4000, (50, 50), "crop", (1998, 0, 2001, 3), (0, 0, 50, 50)),
        (3, 4000, (50, 50), "letterbox", (0, 0, 4000, 3), (0, 24, 50, 25)),  # never thinner than one row
    ],
)
def test_where_a_photo_goes(rows, columns, size, fit, view, area):
    assert place(rows, columns, size, fit) == Placement(view, area, size)


@pytest.mark.parametrize("fit", FITS)
def test_placements_stay_inside_photo_and_input(fit):
    rng = np.random.default_rng(1)
    for _ in range(500):
        rows, columns, height, width = (int(2**power) for power in rng.uniform(0, 12, 4))
        placement = place(rows, columns, (height, width), fit)
        (x0, y0, x1, y1), (left, top, right, bottom) = placement.view, placement.area
        assert 0 <= x0 < x1 <= columns
        assert 0 <= y0 < y1 <= rows
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height


def test_a_crop_shows_the_middle():
    photo = networks.noise(4, 10)
    assert_array_equal(fit_photo(photo, place(4, 10, (4, 4), "crop")), photo[:, 3:7])


def test_a_letterbox_shows_everything_on_grey():
    photo = networks.noise(2, 8)
    page = fit_photo(photo, place(2, 8, (8, 8), "letterbox"))
    assert_array_equal(page[3:5], photo)
    assert set(np.unique(np.delete(page, [3, 4], axis=0))) == {127}


def test_shrinking_averages():
    stripes = np.zeros((8, 8, 3), np.uint8)
    stripes[:, ::2] = 200
    assert_array_equal(fit_photo(stripes, place(8, 8, (4, 4), "stretch")), np.full((4, 4, 3), 100))
    # Also where the other side grows.
    assert set(np.unique(fit_photo(stripes, place(8, 8, (100, 4), "stretch")))) == {100}


def whole(rows: int, columns: int, size: tuple[int, int] = (8, 8)) -> Placement:
    """A photo of so many pixels that fills the input."""
    return place(rows, columns, size, "stretch")


def test_a_map_is_enlarged_in_one_bilinear_step():
    heat = heat_on_view(np.array([[0, 1]], np.float32), whole(1, 5))
    assert_allclose(heat, [[0, 0.1, 0.5, 0.9, 1]], atol=1e-6)
    heat = heat_on_view(np.array([[0], [1]], np.float32), whole(5, 1))
    assert_allclose(heat, [[0], [0.1], [0.5], [0.9], [1]], atol=1e-6)


def test_a_map_is_enlarged_along_both_sides():
    # Rows at 0, 1/4, 3/4, 1 of the way from the first row to the second, columns at 0, 1/4, 3/4, 1.
    heat = heat_on_view(np.array([[0, 8], [16, 40]], np.float32), whole(4, 4))
    expected = [[0, 2, 6, 8], [4, 7, 13, 16], [12, 17, 27, 32], [16, 22, 34, 40]]
    assert_allclose(heat, expected, atol=1e-5)


def test_a_map_of_the_photos_size_stays_itself():
    values = np.random.default_rng(0).normal(size=(6, 9)).astype(np.float32)
    assert_allclose(heat_on_view(values, whole(6, 9)), values, atol=1e-6)


def test_a_single_cell_is_everywhere():
    assert_array_equal(heat_on_view(np.array([[3]], np.float32), whole(4, 5)), np.full((4, 5), 3))


def test_a_photo_smaller_than_the_map_gets_the_values_at_its_pixels_centres():
    values = np.arange(5, dtype=np.float32)[None]
    assert_allclose(heat_on_view(values, whole(1, 1)), [[2]])
    assert_allclose(heat_on_view(np.arange(4, dtype=np.float32)[None], whole(1, 2)), [[0.5, 2.5]])


def test_under_a_letterbox_only_the_photos_part_of_the_map_is_shown():
    # A photo half as high as wide fills rows 2 to 6 of 8, so the two middle rows of a map of four.
    values = np.array([[9], [1], [3], [9]], np.float32)
    placement = place(4, 8, (8, 8), "letterbox")
    assert placement.area == (0, 2, 8, 6)
    heat = heat_on_view(values, placement)
    # The pixels' centres are at 2.5, 3.5, 4.5, 5.5 of 8 rows: at 0.75, 1.25, 1.75, 2.25 cells.
    assert_allclose(heat[:, 0], [3, 1.5, 2.5, 4.5], atol=1e-6)
    assert heat.shape == (4, 8)
