"""Ours against public libraries, by the numbers that they found; against the papers in NumPy where they deviate."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from oracles.libraries import network, page
from oracles.libraries.comparisons import AGREEING, AGREES, DEVIATING, Comparison, Deviation, Numbers
from oracles.libraries.ours import Ours, as_shown, difference

ROUNDED = 1e-4
"""Share of the largest value: the libraries add small constants to what they divide by."""


@pytest.fixture(scope="module")
def numbers():
    return Numbers()


@pytest.fixture(scope="module")
def ours(numbers):
    return Ours(numbers)


def names(comparisons: list[Comparison]) -> list[str]:
    return [f"{one.method} {one.call}" for one in comparisons]


@pytest.mark.parametrize("one", AGREEING, ids=names(AGREEING))
def test_a_library_finds_the_same(numbers, ours, one: Comparison):
    theirs = one.theirs(numbers.theirs(one.call))
    assert np.ptp(theirs) > 0
    assert difference(one.adapted(ours.found(one)), theirs) < one.tolerance


@pytest.mark.parametrize("one", DEVIATING, ids=names(DEVIATING))
def test_where_a_library_deviates_ours_is_the_paper(numbers, ours, one: Deviation):
    found, theirs = ours.found(one), one.theirs(numbers.theirs(one.call))
    assert difference(found, one.paper(numbers)) < AGREES
    assert difference(theirs, one.instead(numbers)) < ROUNDED
    assert np.abs(as_shown(one.adapted(found)) - as_shown(theirs)).max() > 0.1  # what is seen is another map


def test_gradients_along_the_path_are_not_contributions(numbers, ours):
    # Contributions add up to what the photo changes; gradients that were not multiplied by the way don't.
    change = float(np.subtract(numbers.torch["scores"], numbers.torch["scores of 0"])[network.TARGET])
    deviating = next(one for one in DEVIATING if one.call == "tf-explain IntegratedGradients")
    assert ours.found(deviating).sum() == pytest.approx(change, rel=0.05)
    assert numbers.theirs(deviating.call).sum() == pytest.approx(1.54 * change, rel=0.01)


def test_the_sign_of_a_singular_vector_is_arbitrary(numbers, ours):
    # What pytorch-grad-cam shows, the positive part, is here where the layer computes least.
    mean = numbers.a.mean(-1)
    deviating = next(one for one in DEVIATING if one.method == "eigen-cam")
    assert np.corrcoef(numbers.theirs(deviating.call).ravel(), mean.ravel())[0, 1] < -0.5
    assert np.corrcoef(ours.found(deviating).ravel(), mean.ravel())[0, 1] > 0.5
    centred = dataclasses.replace(deviating, parameters={"centred": True})
    assert difference(-numbers.theirs(deviating.call), ours.found(centred)) < AGREES


def test_the_page_is_printed_from_these_numbers():
    committed = Path(__file__).parents[2] / "docs" / "other-libraries.md"
    assert committed.read_text(encoding="utf-8") == page.text()
