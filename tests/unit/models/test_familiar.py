"""What is familiar to a model: numbers worked out by hand, and the whole way on a small set of photos."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import makes
import numpy as np
import pytest
from unit.models import sets

import explain
import models
from models import card, familiar, registry
from models.errors import ModelError
from models.familiar import Familiar
from models.recipe import RECIPES

BY_HAND = Familiar(
    mean=np.array([0.6, 0.8], np.float32),
    directions=np.array([[1, 0]], np.float16),
    variances=np.array([0.04], np.float32),
    rest=0.16,
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


def test_what_lies_beyond_the_threshold_is_unlike() -> None:
    found = dataclasses.replace(BY_HAND, threshold=1.9)
    assert found.unlike([[9, 16], [1, 0]]).tolist() == [False, True]


def test_no_features_at_all_are_far_but_not_infinitely() -> None:
    """(0, 0) lies (0.6, 0.8) from the mean: (0.36 / 0.04 + 0.64 / 0.16) / 2 = 6.5."""
    assert BY_HAND.distance([[0, 0]]) == pytest.approx([np.sqrt(6.5)])


def test_features_of_another_model_are_refused() -> None:
    with pytest.raises(ModelError, match=r"2 features.*\(1, 3\)"):
        BY_HAND.distance([[1, 2, 3]])


def test_a_fit_by_hand() -> None:
    """Directed, they are (0.6, 0.8) and (0.8, 0.6), which vary around (0.7, 0.7) by 0.04 along (1, -1) and by nothing
    along (1, 1). Shrunk half-way to the ball of 0.02 that is 0.03 and 0.01.

    (9, 16) lies (-0.1, 0.1) from the mean: 0.02 / 0.03 / 2 = 1/3. (1, 0) lies (0.3, -0.7) from it, that is 0.5 along
    the first direction and 0.08 along the second: (0.5 / 0.03 + 0.08 / 0.01) / 2 = 37/3.
    """
    found = familiar.fit([[9, 16], [16, 9]], held_out=[[9, 16], [1, 0]], quantile=0.5)
    near, far = np.sqrt(1 / 3), np.sqrt(37 / 3)
    assert found.mean == pytest.approx([0.7, 0.7])
    assert found.variances == pytest.approx([0.03, 0.01])
    assert found.distance([[9, 16], [1, 0]]) == pytest.approx([near, far], rel=1e-3)  # directions in half precision
    assert found.threshold == pytest.approx((near + far) / 2, rel=1e-3)


def test_what_lies_in_no_direction_counts_by_its_mean_variance() -> None:
    """Four vectors of length one that vary in two of three features; one of the two directions is kept."""
    features = np.array([[1, 0.2, 0.1], [1, -0.2, 0.1], [1, 0.2, -0.1], [1, -0.2, -0.1]])
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    length = 1 / np.sqrt(1.05)
    along, across = 4 * (0.2 * length) ** 2 / 3, 4 * (0.1 * length) ** 2 / 3
    ball = (along + across) / 3
    found = familiar.fit(features**2 * np.sign(features), features, rank=1)
    assert found.variances == pytest.approx([(along + ball) / 2], rel=1e-5)
    assert found.rest == pytest.approx((across / 2 + ball) / 2, rel=1e-5)


@pytest.mark.parametrize(("learnt", "held_out"), [([[1, 2]], [[1, 2], [2, 1]]), ([[1, 2], [2, 1]], [[1, 2]])])
def test_one_photo_is_too_few(learnt: list[list[float]], held_out: list[list[float]]) -> None:
    with pytest.raises(ModelError, match="two at least"):
        familiar.fit(learnt, held_out)


def test_photos_that_are_all_the_same_teach_nothing() -> None:
    with pytest.raises(ModelError, match="the same"):
        familiar.fit([[1, 2], [2, 4]], [[1, 2], [2, 1]])


def test_the_threshold_is_of_held_out_photos_and_leaves_one_in_a_hundred_out() -> None:
    rng = np.random.default_rng(0)
    learnt, held_out = rng.random((50, 30)), rng.random((400, 30))
    found = familiar.fit(learnt, held_out)
    assert found.unlike(held_out).mean() == pytest.approx(0.01)
    assert found.distance(learnt).max() < found.threshold


def test_what_is_unlike_scores_high() -> None:
    """The features of the others are stronger: the norm, of which less is unlike, is wrong about all of them."""
    own, others = np.array([[3.0, 4.0], [6.0, 8.0]]), np.array([[30.0, 40.0]])
    found = familiar.report(BY_HAND, (own, own), {"far": (others, others)}, "softmax")
    assert found["norm, against far"] == 0


def test_simpler_scores_by_hand() -> None:
    """Two logits 0 and ln 3: probability 3/4, energy -ln 4."""
    found = familiar.scores(BY_HAND, [[9, 16]], [[0, np.log(3)]], "softmax")
    assert found["probability"] == pytest.approx([-0.75])
    assert found["energy"] == pytest.approx([-np.log(4)])
    assert found["logit"] == pytest.approx([-np.log(3)])
    assert found["norm"] == pytest.approx([-np.sqrt(337)])
    assert found["distance"] == pytest.approx([0], abs=1e-6)


def test_of_one_unit_probability_energy_and_logit_are_one_and_the_same() -> None:
    """Its logits are -z and z: each of the three only knows |z|."""
    z = np.random.default_rng(0).normal(0, 3, 40)
    features = np.ones((40, 2))
    own, others = (features[:20], np.stack([-z, z], 1)[:20]), (features[20:], np.stack([-z, z], 1)[20:])
    found = familiar.report(BY_HAND, own, {"others": others}, "sigmoid")
    alike = {found[f"{score}, against others"] for score in ("probability", "energy", "logit")}
    assert len(alike) == 1
    pairs = -np.abs(z[20:, None]) - -np.abs(z[:20])
    assert alike == {np.mean(pairs > 0)}


def test_what_is_stored_is_what_was_fitted(tmp_path: Path) -> None:
    folder = makes.store(tmp_path)
    assert registry.familiar(folder) is None
    found = familiar.fit(*np.random.default_rng(0).random((2, 300, 32)))
    described = dataclasses.replace(
        card.read(folder), familiar={"threshold": found.threshold}, familiar_checksum=found.save(folder)
    )
    described.write(folder)
    again = registry.familiar("cars", tmp_path)
    assert again is not None
    features = np.random.default_rng(1).random((9, 32))
    assert (again.distance(features) == found.distance(features)).all()
    assert again.threshold == found.threshold

    (folder / familiar.FILE).write_bytes((folder / familiar.FILE).read_bytes()[:-1])
    with pytest.raises(explain.ExplainError, match="another sha256"):
        registry.familiar("cars", tmp_path)
    (folder / familiar.FILE).unlink()
    with pytest.raises(explain.ExplainError, match="copy the folder again"):
        registry.familiar("cars", tmp_path)
    with pytest.raises(explain.ExplainError, match="Did you mean 'cars'"):
        registry.familiar("car", tmp_path)


def test_a_file_that_is_no_fit_is_said(tmp_path: Path) -> None:
    folder = makes.store(tmp_path)
    np.savez(folder / familiar.FILE, mean=np.zeros(3))
    described = dataclasses.replace(
        card.read(folder),
        familiar={"threshold": 1.0},
        familiar_checksum=hashlib.sha256((folder / familiar.FILE).read_bytes()).hexdigest(),
    )
    described.write(folder)
    with pytest.raises(explain.ExplainError, match="damaged or of another version"):
        registry.familiar(folder)


def test_measured_features_are_the_mean_of_what_the_pooling_reads(tmp_path: Path) -> None:
    classifier = models.load(makes.store(tmp_path))
    explainer = explain.Explainer(classifier)
    pictures = familiar.made_up()[:3]
    features, logits = familiar.measure(explainer, pictures)
    assert features.shape == (3, 32)
    dense = classifier.model.get_layer("logits").weights[0].numpy()
    assert features @ dense == pytest.approx(logits, rel=1e-3, abs=1e-3)


def test_a_model_is_fitted_to_its_photos_and_told_from_others(tmp_path: Path) -> None:
    """Red and blue photos are learnt; grey ones and made-up pictures are not."""
    folder = makes.store(tmp_path / "zoo")
    recipe = dataclasses.replace(RECIPES["pets"], photos="own", neither="others")
    sets.write_set(tmp_path / "own", "train", ["cat", "dog"] * 12)
    sets.write_set(tmp_path / "own", "val", ["cat", "dog"] * 8)
    sets.write_set(tmp_path / "others", "train", ["car"] * 8)  # no val: then this is what there is
    told = familiar.fit_model(folder, recipe, tmp_path)
    described = card.read(folder)
    assert described.familiar == told
    assert (folder / familiar.FILE).stat().st_size < 300_000
    assert told["quantile"] == familiar.QUANTILE
    assert told["distance, against others"] > 0.9
    assert told["distance, against made-up pictures"] > 0.9
    assert {name for name in told if name.endswith("against others")} == {
        f"{score}, against others" for score in ("distance", "probability", "energy", "logit", "norm")
    }
    found = registry.familiar(folder)
    assert found is not None
    assert found.threshold == told["threshold"]


def test_the_shipped_models_that_have_a_fit_know_their_samples() -> None:
    """The cats and dogs on the page are familiar to `pets`, the taxi is not."""
    found = registry.familiar("pets")
    assert found is not None
    samples = Path(__file__).parents[3] / "assets" / "samples"
    explainer = explain.Explainer(models.load("pets"))

    def unlike(name: str) -> bool:
        channels = explainer.explain(samples / name, method="activations").channels
        assert channels is not None
        return bool(found.unlike(channels.mean((0, 1))[None])[0])

    assert {name: unlike(name) for name in ("cat.jpg", "chelsea.jpg", "dog.jpg", "dog-human.jpg", "taxi.jpg")} == {
        "cat.jpg": False,
        "chelsea.jpg": False,
        "dog.jpg": False,
        "dog-human.jpg": False,
        "taxi.jpg": True,
    }
