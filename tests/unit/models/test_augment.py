from __future__ import annotations

import numpy as np
import pytest

from explain import preprocessing
from models import augment


class Fixed:
    """A generator whose draws are given."""

    def __init__(self, uniform, integers):
        self._uniform, self._integers = iter(uniform), iter(integers)

    def uniform(self, *_):
        return next(self._uniform)

    def integers(self, *_):
        return next(self._integers)


def ramp(rows, columns):
    """Each pixel says where it is: red its column, green its row."""
    y, x = np.mgrid[:rows, :columns]
    return np.stack([x, y, np.zeros_like(x)], -1).astype(np.uint8)


def test_a_view_in_shares_of_the_sides_keeps_the_photo_s_shape():
    """A quarter of a photo of 40 x 80, with the ratio 1 of shares: half of each side."""
    part = augment.random_part(ramp(40, 80), (0, 1), (0.5, 2), "sides", Fixed([0.25, 0.0], [10, 20]))
    assert np.array_equal(part, ramp(40, 80)[20:40, 10:50])


def test_a_view_in_pixels_keeps_the_shape_of_things():
    """An eighth of a photo of 40 x 80 is a square of 20 x 20 pixels: none of it changes."""
    view = augment.random_part(ramp(40, 80), (0, 1), (0.5, 2), "pixels", Fixed([0.125, 0.0], [7, 3]))
    assert np.array_equal(view, ramp(40, 80)[3:23, 7:27])


@pytest.mark.parametrize("fit", ["stretch", "letterbox"])
@pytest.mark.parametrize("shape", [(40, 80), (80, 40), (60, 60), (1, 500), (37, 53)])
def test_a_photo_is_fitted_while_learning_as_when_the_model_is_used(fit, shape):
    pixels = ramp(*shape)
    where = preprocessing.place(*shape, (32, 32), fit)
    square, (rows, columns) = augment.fitted(pixels, 32, fit)
    assert (columns.start, rows.start, columns.stop, rows.stop) == where.area
    difference = square.astype(int) - preprocessing.fit_photo(pixels, where)
    assert np.abs(difference).max() <= 1 if min(shape) >= 32 else not difference[: rows.start].any()


def test_a_stretched_photo_is_letterboxed_in_the_shape_that_it_had():
    square, region = augment.fitted(np.zeros((40, 40, 3), np.uint8), 40, "letterbox", 2.0)
    assert region == (slice(10, 30), slice(0, 40))
    assert not square[10:30].any()
    assert (square[:10] == 127).all()
    assert (square[30:] == 127).all()


@pytest.mark.parametrize(
    ("shape", "ratio", "wanted"),
    [
        ((50, 100), 2.0, (40, 40)),  # as wide for its height as the whole photo: its square is a square
        ((50, 100), 1.0, (20, 40)),  # twice as wide as high in a square photo
        ((100, 50), 2.0, (40, 10)),  # a narrow one in a wide photo, which is squashed to half its width
    ],
)
def test_a_photo_keeps_its_true_shape_in_the_whole_one(shape, ratio, wanted):
    inner, canvas = np.full((*shape, 3), 255, np.uint8), np.zeros((80, 80, 3), np.uint8)
    composed, (rows, columns) = augment.place_in_shape(inner, canvas, ratio, (0, 1), Fixed([0.5], [3, 5]))
    assert (rows.start, columns.start) == (3, 5)
    assert (rows.stop - rows.start, columns.stop - columns.start) == wanted
    assert composed[rows, columns].min() == 255
    assert composed.sum() == 255 * 3 * wanted[0] * wanted[1]
    assert canvas.max() == 0


def test_light_changes_by_the_drawn_factors():
    """Brightness 1.2 of (100, 50, 0) is (120, 60, 0), of mean 60; contrast 0.5 gives (90, 60, 30), of grey 65.55; and
    half the saturation brings each half way to that."""
    grey = 0.299 * 90 + 0.587 * 60 + 0.114 * 30

    class Light:
        def uniform(self, *_):
            return np.array([1.2, 0.5, 0.5])

    lit = augment.jitter(np.full((2, 2, 3), (100, 50, 0), np.uint8), 0.5, Light())
    assert lit[0, 0].tolist() == [round((value + grey) / 2) for value in (90, 60, 30)]


def test_mixup_mixes_photos_and_labels_alike():
    """Each photo shows its own number, and so does its label: whatever is mixed, they still agree."""
    x = np.stack([np.full((4, 4, 3), 20.0 * n, np.float32) for n in range(8)])
    mixed, labels = augment.BatchLayers(0, 0, 0.8, 0)(x, np.eye(8, dtype=np.float32), np.random.default_rng(0))
    np.testing.assert_allclose(mixed[:, 0, 0, 0], labels @ (20.0 * np.arange(8)), rtol=1e-4)
    assert ((labels > 0.01).sum(1) == 2).any()
    np.testing.assert_allclose(labels.sum(1), 1, rtol=1e-5)


def test_cutmix_counts_pixels():
    """Each photo has its own colour: the share of pixels of a colour is the share of its label."""
    x = np.stack([np.full((40, 40, 3), 10.0 + 20 * n, np.float32) for n in range(8)])
    mixed, labels = augment.BatchLayers(0, 0, 0, 1.0)(x, np.eye(8, dtype=np.float32), np.random.default_rng(1))
    for photo, label in zip(mixed, labels, strict=True):
        shares = [(photo[..., 0] == 10 + 20 * n).mean() for n in range(8)]
        np.testing.assert_allclose(shares, label, atol=0.05)
    assert (labels.max(1) < 1).any()


def test_erasing_leaves_labels_and_most_of_the_photo():
    x = np.full((8, 32, 32, 3), 200.0, np.float32)
    erased, labels = augment.BatchLayers(0, 0.3, 0, 0)(x, np.eye(8, dtype=np.float32), np.random.default_rng(2))
    assert np.array_equal(labels, np.eye(8))
    kept = (erased == 200).all(-1).mean((1, 2))
    assert kept.min() < 1
    assert kept.min() >= 0.6


@pytest.mark.parametrize(("magnitude", "levels"), [(0.1, 255), (0.3, 127), (1.0, 15)])
def test_rand_augment_is_as_strong_as_it_is_asked_to_be(magnitude, levels):
    """A ramp through all greys: posterised to 8, 7 and 4 bits it has 256, 128 and 16 of them. Of a solarised one, what
    is darker than 255 * (1 - magnitude) stays as it is, and the rest is inverted from there on or from above."""
    greys = np.tile(np.arange(256, dtype=np.float32)[:, None], (4, 2, 1, 3))
    layer = augment._rand_augment(magnitude)
    assert len(np.unique(np.asarray(layer.random_posterization(greys)))) == levels + 1
    drawn = [np.asarray(layer.solarization(greys, training=True)) for _ in range(8)]
    below = greys < 255 * (1 - magnitude)
    for solarised in drawn:
        assert np.array_equal(solarised[below], greys[below])
        changed = solarised != greys
        assert np.array_equal(solarised[changed], 255 - greys[changed])
    assert any((solarised != greys).any() for solarised in drawn)


def test_a_little_of_rand_augment_leaves_no_negatives():
    """At 0.1 every operation is mild: what is brighter to the right stays so, in each of a hundred batches."""
    x = np.tile(np.linspace(40, 210, 32, dtype=np.float32)[:, None], (2, 32, 1, 3))
    layers = augment.BatchLayers(0.1, 0, 0, 0)
    for seed in range(100):
        changed, _ = layers(x.copy(), np.eye(2, dtype=np.float32), np.random.default_rng(seed))
        assert (changed[:, 8:24, 22:28].mean((1, 2, 3)) > changed[:, 8:24, 4:10].mean((1, 2, 3)) + 20).all()


def test_rand_augment_stays_in_range_and_changes_something():
    rng = np.random.default_rng(3)
    x = rng.uniform(0, 255, (4, 32, 32, 3)).astype(np.float32)
    changed, labels = augment.BatchLayers(0.5, 0, 0, 0)(x.copy(), np.eye(4, dtype=np.float32), rng)
    assert changed.shape == x.shape
    assert changed.min() >= 0
    assert changed.max() <= 255
    assert not np.allclose(changed, x)
    assert np.array_equal(labels, np.eye(4))
