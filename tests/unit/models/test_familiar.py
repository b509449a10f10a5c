"""What is familiar to a model: numbers worked out by hand."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path

import makes
import numpy as np
import pytest

import explain
from models import card, familiar, registry
from models.errors import ModelError
from models.familiar import Familiar

LN2 = np.log(2)
SURE, UNSURE = [1, 0], [0.5, 0.5]  # entropy 0 and ln 2

BY_HAND = Familiar(
    mean=np.array([0.6, 0.8], np.float32),
    directions=np.array([[1, 0]], np.float16),
    variances=np.array([0.04], np.float32),
    rest=0.16,
    usual=np.array([1, LN2 / 2]),
    spread=np.array([0.5, LN2 / 4]),
    threshold=2.0,
)


def test_a_distance_by_hand() -> None:
    """The roots of (9, 16) are (3, 4), of length one (0.6, 0.8), which is the mean.

    (1, 0) lies (0.4, -0.8) from it: (0.16 / 0.04 + 0.64 / 0.16) / 2 = 4, so the distance is 2.
    """
    assert BY_HAND.distance([[9, 16], [1, 0], [10, 0]]) == pytest.approx([0, 2, 2], abs=1e-6)


def test_only_the_proportions_of_the_features_count() -> None:
    features = np.random.default_rng(0).random((5, 2))
    assert BY_HAND.distance(features) == pytest.approx(BY_HAND.distance(7 * features))


@pytest.mark.parametrize(
    ("probabilities", "entropy"),
    [
        ([0.5, 0.25, 0.25], 1.5 * LN2),
        ([0.25] * 4, 2 * LN2),
        ([1, 0, 0], 0),
        ([0.5, 0, 0.5], LN2),
        ([1 / 196] * 196, np.log(196)),
    ],
)
def test_an_entropy_by_hand(probabilities: list[float], entropy: float) -> None:
    assert familiar.entropy([probabilities]) == pytest.approx([entropy])


def test_entropies_of_several_photos_and_of_probabilities_too_small_for_single_precision() -> None:
    rows = np.array([[1, 1e-46], [0.5, 0.5], [1e-30, 1]], np.float32)
    assert rows[0, 1] == 0
    assert familiar.entropy(rows) == pytest.approx([0, LN2, 1e-30 * 30 * np.log(10)])


def test_a_strangeness_by_hand() -> None:
    """Distances 0 and 2 are -2 and 2 standard deviations off, entropies 0 and ln 2 are too; each counts alike."""
    features = [[9, 16], [9, 16], [1, 0], [1, 0]]
    found = BY_HAND.strangeness(features, [SURE, UNSURE, SURE, UNSURE])
    assert found == pytest.approx([-4, 0, 0, 4], abs=1e-5)


def test_what_lies_beyond_the_threshold_is_unlike() -> None:
    features, probabilities = [[9, 16], [1, 0], [1, 0]], [UNSURE, SURE, UNSURE]
    for threshold, unlike in ((3.9, [False, False, True]), (4.1, [False, False, False]), (-4.1, [True, True, True])):
        found = dataclasses.replace(BY_HAND, threshold=threshold)
        assert found.unlike(features, probabilities).tolist() == unlike


def test_no_features_at_all_are_far_but_not_infinitely() -> None:
    """(0, 0) lies (0.6, 0.8) from the mean: (0.36 / 0.04 + 0.64 / 0.16) / 2 = 6.5."""
    assert BY_HAND.distance([[0, 0]]) == pytest.approx([np.sqrt(6.5)])


def test_features_of_another_model_are_refused() -> None:
    with pytest.raises(ModelError, match=r"2 features.*\(1, 3\)"):
        BY_HAND.distance([[1, 2, 3]])
    with pytest.raises(ModelError, match=r"2 features.*\(1, 3\)"):
        BY_HAND.unlike([[1, 2, 3]], [SURE])


def test_photos_and_probabilities_that_differ_in_number_are_refused() -> None:
    with pytest.raises(ModelError, match="of 2 photos, probabilities of 1"):
        BY_HAND.strangeness([[9, 16], [1, 0]], [SURE])
    with pytest.raises(ModelError, match="of 2 photos, probabilities of 3"):
        familiar.fit([[9, 16], [16, 9]], [[9, 16], [1, 0]], [SURE] * 3)


def test_a_fit_by_hand() -> None:
    """Directed, they are (0.6, 0.8) and (0.8, 0.6), which vary around (0.7, 0.7) by 0.04 along (1, -1) and by nothing
    along (1, 1). Shrunk half-way to the ball of 0.02 that is 0.03 and 0.01.

    (9, 16) lies (-0.1, 0.1) from the mean: 0.02 / 0.03 / 2 = 1/3. (1, 0) lies (0.3, -0.7) from it, that is 0.5 along
    the first direction and 0.08 along the second: (0.5 / 0.03 + 0.08 / 0.01) / 2 = 37/3.
    """
    found = familiar.fit([[9, 16], [16, 9]], held_out=[[9, 16], [1, 0]], probabilities=[SURE, UNSURE])
    near, far = np.sqrt(1 / 3), np.sqrt(37 / 3)
    assert found.mean == pytest.approx([0.7, 0.7])
    assert found.variances == pytest.approx([0.03, 0.01])
    assert found.distance([[9, 16], [1, 0]]) == pytest.approx([near, far], rel=1e-3)  # directions in half precision
    assert found.usual == pytest.approx([(near + far) / 2, LN2 / 2], rel=1e-3)
    assert found.spread == pytest.approx([(far - near) / 2, LN2 / 2], rel=1e-3)


@pytest.mark.parametrize(
    ("probabilities", "quantile", "threshold"),
    [
        ([SURE, UNSURE], 1, 2),  # the far photo is one standard deviation off in both
        ([SURE, UNSURE], 0, -2),
        ([SURE, UNSURE], 0.75, 1),
        ([UNSURE, SURE], 1, 0),  # the one makes up for the other
        ([SURE, SURE], 1, 1),  # only the distances differ
    ],
)
def test_a_threshold_by_hand(probabilities: list[list[float]], quantile: float, threshold: float) -> None:
    """Of two values, each is one standard deviation from their mean."""
    found = familiar.fit([[9, 16], [16, 9]], [[9, 16], [1, 0]], probabilities, quantile=quantile)
    assert found.threshold == pytest.approx(threshold, abs=1e-9)


def test_a_threshold_between_two_photos_by_hand() -> None:
    """Entropies 0, 0, 0, 0, ln 2 have the mean 0.2 ln 2 and the standard deviation 0.4 ln 2: they are -0.5, four times,
    and 2 off. Their 90 % quantile lies 0.6 of the way between the fourth and the fifth. The distances are all alike."""
    found = familiar.fit([[9, 16], [16, 9]], [[9, 16]] * 5, [SURE] * 4 + [UNSURE], quantile=0.9)
    assert found.spread == pytest.approx([1, 0.4 * LN2])
    assert found.threshold == pytest.approx(-0.5 + 0.6 * 2.5)


def test_without_the_entropy_the_distance_counts_alone() -> None:
    """Distances of the held-out photos are all alike, so that they count as they are."""
    found = familiar.fit([[9, 16], [16, 9]], [[9, 16]] * 5, [SURE] * 4 + [UNSURE], undecided=False)
    assert found.threshold == pytest.approx(0, abs=1e-6)
    sure, unsure = found.strangeness([[1, 0], [1, 0]], [SURE, UNSURE])
    assert sure == unsure == pytest.approx(found.distance([[1, 0]])[0] - found.distance([[9, 16]])[0])


@pytest.mark.parametrize("certain", [[1, 0], [1, 1e-9], [0.7, 0.3]])
def test_held_out_photos_that_are_all_alike_leave_finite_numbers(certain: list[float]) -> None:
    """Then a distance counts as it is and an entropy in nats; rounding noise is no spread."""
    probabilities = np.array([certain, np.array(certain) * (1 + 1e-7), certain], np.float32)
    found = familiar.fit([[9, 16], [16, 9]], [[9, 16], [18, 32], [27, 48]], probabilities)
    assert found.spread.tolist() == [1, 1]
    assert found.threshold == pytest.approx(0, abs=1e-6)
    further = found.distance([[1, 0]])[0] - found.distance([[9, 16]])[0]
    surprise = LN2 - familiar.entropy([certain])[0]
    assert found.strangeness([[1, 0]], [UNSURE]) == pytest.approx([further + surprise], abs=1e-6)


def test_what_lies_in_no_direction_counts_by_its_mean_variance() -> None:
    """Four vectors of length one that vary in two of three features; one of the two directions is kept."""
    features = np.array([[1, 0.2, 0.1], [1, -0.2, 0.1], [1, 0.2, -0.1], [1, -0.2, -0.1]])
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    length = 1 / np.sqrt(1.05)
    along, across = 4 * (0.2 * length) ** 2 / 3, 4 * (0.1 * length) ** 2 / 3
    ball = (along + across) / 3
    found = familiar.fit(features**2 * np.sign(features), features, [SURE] * 4, rank=1)
    assert found.variances == pytest.approx([(along + ball) / 2], rel=1e-5)
    assert found.rest == pytest.approx((across / 2 + ball) / 2, rel=1e-5)


@pytest.mark.parametrize(("learnt", "held_out"), [([[1, 2]], [[1, 2], [2, 1]]), ([[1, 2], [2, 1]], [[1, 2]])])
def test_one_photo_is_too_few(learnt: list[list[float]], held_out: list[list[float]]) -> None:
    with pytest.raises(ModelError, match="two at least"):
        familiar.fit(learnt, held_out, [SURE] * len(held_out))


def test_photos_that_are_all_the_same_teach_nothing() -> None:
    with pytest.raises(ModelError, match="the same"):
        familiar.fit([[1, 2], [2, 4]], [[1, 2], [2, 1]], [SURE, UNSURE])


def test_the_threshold_is_of_held_out_photos_and_leaves_one_in_a_hundred_out() -> None:
    rng = np.random.default_rng(0)
    learnt, held_out = rng.random((50, 30)), rng.random((400, 30))
    probabilities = rng.dirichlet([1, 1, 1], 400)
    found = familiar.fit(learnt, held_out, probabilities)
    assert found.unlike(held_out, probabilities).mean() == pytest.approx(0.01)
    assert found.distance(learnt).max() < np.quantile(found.distance(held_out), 0.99)


def test_what_is_stored_is_what_was_fitted(tmp_path: Path) -> None:
    folder = makes.store(tmp_path)
    assert registry.familiar(folder) is None
    rng = np.random.default_rng(0)
    found = familiar.fit(*rng.random((2, 300, 32)), rng.dirichlet([1, 1, 1], 300))
    described = dataclasses.replace(
        card.read(folder), familiar={"threshold": found.threshold}, familiar_checksum=found.save(folder)
    )
    described.write(folder)
    again = registry.familiar("cars", tmp_path)
    assert again is not None
    features, probabilities = rng.random((9, 32)), rng.dirichlet([1, 1, 1], 9)
    assert (again.strangeness(features, probabilities) == found.strangeness(features, probabilities)).all()
    assert again.threshold == found.threshold

    (folder / familiar.FILE).write_bytes((folder / familiar.FILE).read_bytes()[:-1])
    with pytest.raises(explain.ExplainError, match="another sha256"):
        registry.familiar("cars", tmp_path)
    (folder / familiar.FILE).unlink()
    with pytest.raises(explain.ExplainError, match="copy the folder again"):
        registry.familiar("cars", tmp_path)
    with pytest.raises(explain.ExplainError, match="Did you mean 'cars'"):
        registry.familiar("car", tmp_path)


@pytest.mark.parametrize("missing", [("usual",), ("usual", "spread"), ("directions", "variances", "rest")])
def test_a_file_of_an_older_form_says_how_to_make_it_again(tmp_path: Path, missing: Sequence[str]) -> None:
    """Before entropies counted there were neither `usual` nor `spread`."""
    folder = makes.store(tmp_path)
    BY_HAND.save(folder)
    with np.load(folder / familiar.FILE) as arrays:
        kept = {name: arrays[name] for name in arrays.files if name not in missing}
    np.savez(folder / familiar.FILE, **kept)
    described = dataclasses.replace(
        card.read(folder),
        familiar={"threshold": 1.0},
        familiar_checksum=hashlib.sha256((folder / familiar.FILE).read_bytes()).hexdigest(),
    )
    described.write(folder)
    with pytest.raises(explain.ExplainError, match=r"another version: run `whylight models familiar cars --data DATA`"):
        registry.familiar(folder)
