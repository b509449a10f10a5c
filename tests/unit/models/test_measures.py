"""Every number here was worked out on paper."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from models import measures
from models.errors import ModelError

NAN = math.nan
MATRIX = np.array([[5, 1, 0, 0], [2, 3, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]])


def test_the_label_is_among_the_highest_scores():
    logits = np.array([[5.0, 4, 3, 2], [2, 3, 4, 5], [1, 9, 2, 3]])
    labels = np.array([0, 1, 3])  # first, third and second in order
    assert_array_equal(measures.top(logits, labels), [True, False, False])
    assert_array_equal(measures.top(logits, labels, 2), [True, False, True])
    assert_array_equal(measures.top(logits, labels, 3), [True, True, True])
    assert measures.accuracy(logits, labels) == pytest.approx(1 / 3)
    assert measures.accuracy(logits, labels, 2) == pytest.approx(2 / 3)


def test_of_equal_scores_the_first_class_is_the_higher_one():
    logits = np.array([[1.0, 1, 0]] * 3)
    labels = np.array([0, 1, 2])
    assert_array_equal(measures.top(logits, labels), [True, False, False])
    assert_array_equal(measures.top(logits, labels, 2), [True, True, False])
    assert_array_equal(logits.argmax(1) == labels, measures.top(logits, labels))


def test_a_model_that_says_nothing_is_not_always_right():
    logits, labels = np.zeros((10, 5)), np.arange(10) % 5
    assert [measures.accuracy(logits, labels, k) for k in (1, 2, 5, 9)] == pytest.approx([0.2, 0.4, 1, 1])


def test_k_counts_classes():
    with pytest.raises(ModelError, match="at least 1; received 0"):
        measures.top(np.zeros((1, 2)), np.zeros(1, int), 0)


def test_no_photos_no_accuracy():
    assert math.isnan(measures.accuracy(np.zeros((0, 3)), np.zeros(0, int)))


@pytest.mark.parametrize(
    ("right", "count", "interval"),
    [
        (8, 10, (0.4901625, 0.9433178)),  # middle 0.716738, half 0.226577
        (0, 10, (0, 0.2775328)),  # z²/n / (1 + z²/n) = 0.3841459 / 1.3841459
        (10, 10, (0.7224672, 1)),
        (0, 0, (0, 1)),
    ],
)
def test_the_interval_of_a_share(right, count, interval):
    assert measures.wilson(right, count) == pytest.approx(interval, abs=1e-6)


def test_more_photos_narrow_the_interval():
    # To first order it is p ± 1.96 sqrt(p (1 - p) / n): 0.9 ± 0.001859 for n = 100,000.
    assert measures.wilson(90_000, 100_000) == pytest.approx((0.898141, 0.901859), abs=3e-5)


def test_rows_are_the_truth_and_columns_what_is_said():
    found = measures.confusion(np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 0, 0, 2]), 4)
    assert_array_equal(found, [[1, 1, 0, 0], [0, 1, 0, 0], [2, 0, 1, 0], [0, 0, 0, 0]])


def test_precision_recall_and_f1_of_each_class():
    found = measures.classwise(MATRIX)
    assert_array_equal(found.support, [6, 5, 1, 0])
    assert_array_equal(found.predicted, [8, 4, 0, 0])
    assert_allclose(found.precision, [5 / 8, 3 / 4, NAN, NAN])  # never said: not defined, and not 0
    assert_allclose(found.recall, [5 / 6, 3 / 5, 0, NAN])
    assert_allclose(found.f1, [10 / 14, 6 / 9, 0, NAN])


def test_what_is_confused_most_often():
    assert measures.confused(MATRIX, 2) == [(1, 0, 2), (0, 1, 1)]
    assert measures.confused(MATRIX, 99) == [(1, 0, 2), (0, 1, 1), (2, 0, 1)]
    assert measures.confused(np.diag([3, 4]), 5) == []


def test_the_curve_passes_each_score_once():
    false, found, thresholds = measures.roc(np.array([3.0, 2, 2, 1]), np.array([True, True, False, False]))
    assert_array_equal(thresholds, [np.inf, 3, 2, 1])
    assert_allclose(false, [0, 0, 0.5, 1])
    assert_allclose(found, [0, 0.5, 1, 1])


@pytest.mark.parametrize(
    ("ups", "downs", "area"),
    [
        ([3, 1], [2, 0], 3 / 4),  # only (1, 2) is the wrong way round
        ([1], [1, 0], 3 / 4),  # a tie is half a pair
        ([1, 1], [1, 1, 1], 1 / 2),
        ([2, 3], [0, 1], 1),
        ([0], [1], 0),
        ([1], [], NAN),
        ([], [1], NAN),
    ],
)
def test_the_area_counts_pairs(ups, downs, area):
    scores, positive = np.array(ups + downs, float), np.array([True] * len(ups) + [False] * len(downs))
    assert measures.auc(scores, positive) == pytest.approx(area, nan_ok=True)


def test_the_area_is_that_under_the_curve():
    rng = np.random.default_rng(3)
    scores, positive = rng.integers(0, 12, 200).astype(float), rng.random(200) < 0.3
    false, found, _ = measures.roc(scores, positive)
    assert measures.auc(scores, positive) == pytest.approx(np.trapezoid(found, false), abs=1e-12)


def test_a_curve_of_one_class_has_one_rate():
    false, found, _ = measures.roc(np.array([1.0, 2.0]), np.array([True, True]))
    assert_allclose(false, [NAN] * 3)
    assert_allclose(found, [0, 0.5, 1])
