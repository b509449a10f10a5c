from __future__ import annotations

import numpy as np
import pytest

from models.composed import SHORT_SIDE, whole_photos
from models.data import Example


def plain(rows, columns, value):
    return Example("a.png", "car", np.full((rows, columns, 3), value, np.uint8), {})


def test_a_photo_lies_whole_and_in_its_shape_in_a_landscape():
    cars = [plain(50, 100, 255)] * 40
    tall, wide = plain(90, 60, 9), plain(60, 90, 0)
    scales = []
    for composed in whole_photos(cars, [tall, wide]):
        assert composed.pixels.shape == (SHORT_SIDE, round(SHORT_SIDE * 1.5), 3)
        assert composed.label == "car"
        bright = composed.pixels[..., 0] == 255
        rows, columns = np.flatnonzero(bright.any(1)), np.flatnonzero(bright.any(0))
        height, width = len(rows), len(columns)
        assert bright.sum() == height * width  # a full rectangle
        assert width / height == pytest.approx(2, rel=0.02)
        scales.append(width / composed.pixels.shape[1])  # the width is what fits
    assert min(scales) >= 0.59
    assert max(scales) <= 0.96
    assert max(scales) - min(scales) > 0.2


def test_the_same_seed_gives_the_same_photos():
    cars, others = [plain(50, 100, 255)] * 3, [plain(60, 90, 0)]
    first, again, other = (whole_photos(cars, others, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a.pixels, b.pixels) for a, b in zip(first, other, strict=True))


def test_surroundings_must_be_landscapes():
    with pytest.raises(ValueError, match="wider than high"):
        whole_photos([plain(50, 100, 255)], [plain(90, 60, 0)])
