from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from explain import Target
from explain.target import resolve

CLASSES = ("cat", "dog", "bird")


@pytest.mark.parametrize("named", ["dog", 1, np.int64(1), Target({"dog": 1.0}), Target({1: 1.0})])
def test_a_class_has_many_names(named):
    assert resolve(named, CLASSES, "logit") == Target({"dog": 1.0}, "logit")


@pytest.mark.parametrize("pair", [("bird", "cat"), ["bird", "cat"], (2, 0), ("bird", 0)])
def test_a_pair_is_the_first_against_the_second(pair):
    assert_array_equal(resolve(pair, CLASSES, "logit").vector(CLASSES), [[-1, 0, 1], [0, 0, 0]])


def test_a_class_against_itself_is_nothing():
    assert_array_equal(resolve(("cat", "cat"), CLASSES, "logit").vector(CLASSES), np.zeros((2, 3)))


def test_a_target_keeps_its_space_and_takes_the_methods_own():
    assert resolve(Target({"cat": 1.0}, "probability"), CLASSES, "logit").space == "probability"
    assert resolve(Target({"cat": 1.0}), CLASSES, "probability").space == "probability"
    assert_array_equal(Target({"cat": 2.0}, "probability").vector(CLASSES), [[0, 0, 0], [2, 0, 0]])


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"cat": 1.0}, "cat"),
        ({"cat": -1.0}, "against cat"),
        ({"cat": 1.0, "dog": -1.0}, "cat against dog"),
        ({"dog": -1.0, "cat": 1.0}, "cat against dog"),
        ({"cat": 0.5, "dog": -2.0}, "0.5 × cat + -2 × dog"),
        ({"cat": 1.0, "dog": 1.0}, "1 × cat + 1 × dog"),
        ({"cat": 0.0}, "nothing"),
    ],
)
def test_a_target_in_words(weights, words):
    assert str(Target(weights)) == words
    assert str(Target(weights, "probability")) == f"probability of {words}"
