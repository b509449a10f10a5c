from __future__ import annotations

import numpy as np
import pytest

from models import teacher


def test_the_fit_solves_its_equation():
    """At the optimum the gradient of the penalised log likelihood vanishes: X'(p - y) + ridge w = 0."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 4)), rng.integers(0, 2, 60)
    w = teacher._logistic_regression(x, y, ridge=2.0)
    gradient = x.T @ (1 / (1 + np.exp(-x @ w)) - y) + 2.0 * w
    assert np.abs(gradient).max() < 1e-9


def test_a_wrong_label_is_found_by_the_folds_that_have_not_seen_it():
    rng = np.random.default_rng(1)
    truth = np.arange(200) % 2
    x = truth[:, None] * 4.0 + rng.normal(size=(200, 3))
    labels = truth.copy()
    labels[7] = 1 - labels[7]
    soft = teacher.soft_labels(x, labels, ridge=1.0)
    assert abs(soft[7] - truth[7]) < 0.2
    assert np.mean((soft > 0.5) == truth) > 0.97
    assert soft.min() >= 0
    assert soft.max() <= 1


def test_a_constant_feature_is_no_trouble():
    x = np.ones((20, 2))
    soft = teacher.soft_labels(x, np.arange(20) % 2)
    assert soft == pytest.approx(np.full(20, 0.5), abs=0.2)
