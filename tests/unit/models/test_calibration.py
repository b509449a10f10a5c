"""Closed forms: where k of n equal photos are right, the best temperature makes the probability k / n."""

from __future__ import annotations

import math
from math import log, sqrt

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from models import calibration

Z = 2 * log(3)  # odds of 9, where 3 of 4 right are odds of 3: twice too sure
THREE_OF_FOUR = np.array([1, 1, 0, 1])


@pytest.mark.parametrize(
    ("kind", "logits", "expected"),
    [
        ("softmax", [0, 2 * log(2), 4 * log(2)], [1 / 7, 2 / 7, 4 / 7]),
        ("sigmoid", [-Z, Z], [1 / 4, 3 / 4]),
        ("multilabel", [0, Z, -Z], [1 / 2, 3 / 4, 1 / 4]),
    ],
)
def test_logits_are_divided_before_they_become_probabilities(kind, logits, expected):
    assert_allclose(calibration.probabilities(np.array([logits], np.float32), kind, 2), [expected], rtol=1e-6)


def test_high_scores_do_not_overflow():
    logits = np.array([[1000.0, 0], [-1000, 1000]])
    assert_allclose(calibration.probabilities(logits, "softmax"), [[1, 0], [0, 1]])
    assert_allclose(calibration.probabilities(logits, "sigmoid"), [[1, 0.5], [0, 1]])
    assert calibration.negative_log_likelihood(logits[:1], np.array([1]), "softmax") == 1000


@pytest.mark.parametrize(
    ("kind", "logits", "temperature", "expected"),
    [
        ("softmax", [0, log(3)], 1, (log(4 / 3) + log(4)) / 2),  # p = 1/4, 3/4; one photo of each class
        ("softmax", [0, log(3)], 2, (log(1 + 1 / sqrt(3)) + log(1 + sqrt(3))) / 2),  # odds of the square root
        ("sigmoid", [-log(3), log(3)], 1, (log(4 / 3) + log(4)) / 2),
        ("sigmoid", [-Z, Z], 2, (log(4 / 3) + log(4)) / 2),
        ("multilabel", [0, log(3)], 1, (log(2) + log(4 / 3) + log(2) + log(4)) / 2),
    ],
)
def test_the_likelihood_of_the_labels(kind, logits, temperature, expected):
    found = calibration.negative_log_likelihood(np.array([logits] * 2), np.array([1, 0]), kind, temperature)
    assert found == pytest.approx(expected)


def test_no_photos_no_likelihood():
    assert math.isnan(calibration.negative_log_likelihood(np.zeros((0, 2)), np.zeros(0, int), "softmax"))


def test_the_calibration_error_by_hand():
    # Two photos in (14/15, 1] say 0.95 and one is right: |0.5 - 0.95|. One in (7/15, 8/15] says 0.5 and is right: 0.5.
    probabilities = np.array([[0.95, 0.05], [0.95, 0.05], [0.5, 0.5]])
    found = calibration.bins(probabilities, np.array([0, 1, 1]), np.array([0, 0, 1]))
    assert_array_equal(found.count, [0] * 7 + [1] + [0] * 6 + [2])
    assert (found.accuracy[7], found.accuracy[14]) == (1, 0.5)
    assert (found.confidence[7], found.confidence[14]) == (0.5, 0.95)
    assert np.isnan(found.accuracy[0])
    assert np.isnan(found.confidence[0])
    assert found.error == pytest.approx((2 * 0.45 + 1 * 0.5) / 3)


def test_opposite_errors_of_two_bins_do_not_cancel():
    probabilities = np.array([[0.75, 0.25], [0.75, 0.25], [0.6, 0.4], [0.6, 0.4]])
    found = calibration.bins(probabilities, np.array([0, 0, 1, 0]), np.zeros(4, int), count=4)
    assert_array_equal(found.count, [0, 0, 4, 0])
    assert found.error == pytest.approx(abs(3 / 4 - 0.675))
    assert calibration.bins(probabilities, np.array([0, 0, 1, 0]), np.zeros(4, int), count=10).error == pytest.approx(
        (2 * 0.25 + 2 * 0.1) / 4
    )


def test_a_bin_ends_with_its_upper_edge():
    edges = np.arange(16) / 15
    found = calibration.bins(np.stack([edges, 1 - edges], 1), np.zeros(16, int), np.zeros(16, int))
    assert_array_equal(found.count, [2] + [1] * 14)  # 0 lies in the first with 1/15, 1 in the last


def test_a_perfect_calibration_is_no_error():
    labels = np.array([0, 0, 0, 1])
    found = calibration.bins(np.array([[0.75, 0.25]] * 4), labels, np.zeros(4, int))
    assert found.error == 0


def test_no_photos_no_error():
    assert math.isnan(calibration.bins(np.zeros((0, 2)), np.zeros(0, int), np.zeros(0, int)).error)


@pytest.mark.parametrize(
    ("kind", "logits"), [("softmax", [0, Z]), ("softmax", [5, 5 + Z]), ("sigmoid", [-Z, Z]), ("multilabel", [-Z, Z])]
)
def test_twice_too_sure_is_a_temperature_of_two(kind, logits):
    assert calibration.fit(np.array([logits] * 4, np.float32), THREE_OF_FOUR, kind) == pytest.approx(2, rel=1e-6)


def test_too_modest_is_a_temperature_below_one():
    assert calibration.fit(np.array([[0, log(3) / 4]] * 4), THREE_OF_FOUR, "softmax") == pytest.approx(1 / 4)


def test_the_temperature_of_three_classes():
    # At T = 2 they have 1/7, 2/7 and 4/7, and so often they are the truth.
    logits = np.array([[0, 2 * log(2), 4 * log(2)]] * 7)
    assert calibration.fit(logits, np.array([0, 1, 1, 2, 2, 2, 2]), "softmax") == pytest.approx(2)


@pytest.mark.parametrize("kind", ["softmax", "sigmoid", "multilabel"])
def test_no_other_temperature_is_better(kind):
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 4, (200, 3))
    if kind == "sigmoid":
        logits = np.stack([-logits[:, 0], logits[:, 0]], 1)
    labels = np.where(rng.random(200) < 0.7, logits.argmax(1), rng.integers(0, logits.shape[1], 200))
    best = calibration.fit(logits, labels, kind)
    least = calibration.negative_log_likelihood(logits, labels, kind, best)
    tried = [calibration.negative_log_likelihood(logits, labels, kind, t) for t in np.geomspace(0.05, 20, 300)]
    assert least <= min(tried)
    assert least == pytest.approx(min(tried), abs=1e-3)


@pytest.mark.parametrize(
    ("logits", "labels"),
    [
        (np.array([[0.0, 1], [2, 0]]), np.array([1, 0])),  # all right: ever surer would be ever better
        (np.array([[0.0, 1], [2, 0]]), np.array([0, 1])),  # all wrong: nothing helps
        (np.zeros((3, 2)), np.array([0, 1, 1])),
        (np.zeros((0, 2)), np.zeros(0, int)),
    ],
)
def test_photos_that_say_nothing_of_it_leave_the_temperature_at_one(logits, labels):
    assert calibration.fit(logits, labels, "softmax") == 1


@pytest.mark.parametrize(
    ("name", "expected"),  # the published sha256 of these begin with ca, ba, 2e, e3, 9f, b9
    [("a", 0), ("abc", 0), ("c", 0), ("", 1), ("test", 1), ("hello world", 1)],
)
def test_a_name_says_which_half(name, expected):
    assert calibration.half(name) == expected


def test_each_half_is_judged_with_the_temperature_of_the_other():
    files = ["a", "", "b", "test", "c", "hello world", "abc", "secret"]  # by turns in the one half and the other
    assert [calibration.half(file) for file in files] == [0, 1] * 4
    logits = np.array([[0, 2 * log(3)], [0, 3 * log(3)]] * 4)  # 3 of 4 are right in each
    found = calibration.scale(logits, np.repeat(THREE_OF_FOUR, 2), files, "softmax")
    assert found.halves == pytest.approx((2, 3))
    odds = found.probabilities[:, 1] / found.probabilities[:, 0]
    assert_allclose(odds, [3 ** (2 / 3), 3 ** (3 / 2)] * 4)
    # The slope for all: 2 s(2 ln 3 / T) + 3 s(3 ln 3 / T) = (2 + 3) 3/4.
    first, second = (1 / (1 + math.exp(-k * log(3) / found.temperature)) for k in (2, 3))
    assert 2 * first + 3 * second == pytest.approx(3.75)
    assert 2 < found.temperature < 3
