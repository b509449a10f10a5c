from __future__ import annotations

import numpy as np
import pytest

from models import focus
from models.data import Example

HEAD = {"head_x0": "2", "head_y0": "0", "head_x1": "4", "head_y1": "2"}


def example(height: int, width: int) -> Example:
    return Example("a.png", "cat", np.zeros((height, width, 3), np.uint8), HEAD)


def test_share_and_head_by_hand():
    heat = np.array([[0, 0, 1, 0], [0, 0.5, 0.5, 0], [0, 0, 0, 0], [1, 0, 0, 0]], np.float32)
    heat[3, 0] = 0.9
    mask = np.zeros((4, 4), bool)
    mask[:2, 2:] = True
    share, head = focus._score(heat, mask, example(4, 4))
    assert share == pytest.approx(1.5 / 2.9)
    assert head == 1  # the hottest pixel is row 0, column 2, and its middle (2.5, 0.5) lies in the box


def test_the_hottest_pixel_outside_the_head_does_not_count():
    heat = np.zeros((4, 4), np.float32)
    heat[3, 0] = 1
    assert focus._score(heat, np.ones((4, 4), bool), example(4, 4)) == (1, 0)


def test_a_map_without_heat_counts_as_nothing():
    assert focus._score(np.zeros((4, 4), np.float32), np.ones((4, 4), bool), example(4, 4)) == (0, 0)


def test_the_blob_lies_in_the_middle_and_falls_to_its_share():
    blob = focus._blob(101, 201)
    assert np.unravel_index(blob.argmax(), blob.shape) == (50, 100)
    assert blob[50, 100] == pytest.approx(1)
    assert blob[50, 130] == pytest.approx(np.exp(-0.5), rel=0.02)  # 0.15 of 201 columns are 30
