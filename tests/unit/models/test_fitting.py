"""How well unfamiliar photos are told: scores worked out by hand, and the whole way on a small set of photos."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import makes
import numpy as np
import numpy.typing as npt
import pytest
from unit.models import sets

import explain
import models
from models import calibration, card, familiar, fitting, registry
from models.errors import ModelError
from models.evaluation import BATCH
from models.familiar import Familiar
from models.fitting import Measured
from models.recipe import RECIPES

SCORES = ("distance and entropy", "distance", "entropy", "probability", "energy", "logit", "norm")
LN2 = np.log(2)
FOUND = Familiar(
    mean=np.array([0.6, 0.8], np.float32),
    directions=np.array([[1, 0]], np.float16),
    variances=np.array([0.04], np.float32),
    rest=0.16,
    usual=np.array([1, LN2 / 2]),
    spread=np.array([0.5, LN2 / 4]),
    threshold=2.0,
)
NEAR, FAR = [9, 16], [1, 0]  # distance 0 and 2, see test_familiar
SURE, UNSURE = [1, 0], [0.5, 0.5]


def measured(features: npt.ArrayLike, probabilities: npt.ArrayLike, logits: npt.ArrayLike | None = None) -> Measured:
    values = np.array(probabilities, np.float32)
    return Measured(
        np.array(features, np.float32),
        np.zeros(values.shape, np.float32) if logits is None else np.array(logits, np.float32),
        values,
    )


def test_scores_by_hand() -> None:
    """Two logits 0 and ln 3: probability 3/4, energy -ln 4; after a temperature, both classes are equally likely."""
    found = fitting.scores(FOUND, measured([NEAR], [UNSURE], [[0, np.log(3)]]), "softmax")
    assert tuple(found) == SCORES
    assert found["distance and entropy"] == pytest.approx([-2 + 2], abs=1e-5)
    assert found["distance"] == pytest.approx([0], abs=1e-6)
    assert found["entropy"] == pytest.approx([LN2])
    assert found["probability"] == pytest.approx([-0.75])
    assert found["energy"] == pytest.approx([-np.log(4)])
    assert found["logit"] == pytest.approx([-np.log(3)])
    assert found["norm"] == pytest.approx([-np.sqrt(337)])


def test_entropy_tells_what_the_distance_can_not_and_the_other_way_round() -> None:
    """Of the others, some have usual features and some are answered surely; none has and is both."""
    own = measured([NEAR, NEAR], [SURE, SURE])
    others = {
        "usual features": measured([NEAR, NEAR], [UNSURE, UNSURE]),
        "sure answers": measured([FAR, FAR], [SURE, SURE]),
        "half of each": measured([NEAR, FAR], [UNSURE, SURE]),
    }
    found = fitting.report(FOUND, own, others, "softmax")
    areas = {
        name: [found[f"{score}, against {name}"] for score in ("distance", "entropy", "distance and entropy")]
        for name in others
    }
    assert areas == {"usual features": [0.5, 1, 1], "sure answers": [1, 0.5, 1], "half of each": [0.75, 0.75, 1]}


def test_what_is_unlike_scores_high() -> None:
    """The features of the others are stronger: the norm, of which less is unlike, is wrong about all of them."""
    own, others = measured([[3, 4], [6, 8]], [SURE, SURE]), measured([[30, 40]], [SURE])
    found = fitting.report(FOUND, own, {"far": others}, "softmax")
    assert found["norm, against far"] == 0


def test_of_one_unit_probability_energy_logit_and_entropy_are_one_and_the_same() -> None:
    """Its logits are -z and z: each of the four only knows |z|."""
    z = np.random.default_rng(0).normal(0, 3, 40).astype(np.float32)
    logits = np.stack([-z, z], 1)
    photos = measured(np.ones((40, 2)), calibration.probabilities(logits, "sigmoid"), logits)
    own, others = (Measured(*(values[half] for values in photos)) for half in (slice(20), slice(20, None)))
    found = fitting.report(FOUND, own, {"others": others}, "sigmoid")
    alike = {found[f"{score}, against others"] for score in ("probability", "energy", "logit", "entropy")}
    assert len(alike) == 1
    pairs = -np.abs(z[20:, None]) - -np.abs(z[:20])
    assert alike == {np.mean(pairs > 0)}


@pytest.fixture
def tempered(tmp_path: Path) -> explain.Explainer:
    """A model with a temperature."""
    folder = makes.store(tmp_path)
    dataclasses.replace(card.read(folder), temperature=3.0).write(folder)
    return explain.Explainer(models.load(folder))


def test_what_is_measured_in_batches_is_what_single_photos_give(tempered: explain.Explainer) -> None:
    """Of one more photo than fits a batch; features are the mean of what the pooling reads, so that the last layer
    makes logits of them."""
    pictures = (fitting.made_up() * 2)[: BATCH + 1]
    found = fitting.measure(tempered, pictures)
    assert found.features.shape == (BATCH + 1, 32)
    dense = tempered.classifier.model.get_layer("logits").weights[0].numpy()
    assert found.features @ dense == pytest.approx(found.logits, rel=1e-3, abs=1e-3)
    assert found.probabilities == pytest.approx(calibration.probabilities(found.logits, "softmax", 3), abs=1e-5)
    for place in (0, 9, BATCH - 1, BATCH):
        one = tempered.explain(pictures[place].pixels, method="activations")
        assert one.channels is not None
        assert found.features[place] == pytest.approx(one.channels.mean((0, 1)), rel=1e-4, abs=1e-5)
        assert found.logits[place] == pytest.approx(one.prediction.logits, rel=1e-4, abs=1e-4)
        assert found.probabilities[place] == pytest.approx(one.prediction.probabilities, rel=1e-3, abs=1e-6)


def test_no_photos_and_numbers_that_overflow_are_said(tempered: explain.Explainer) -> None:
    with pytest.raises(ModelError, match="no photos"):
        fitting.measure(tempered, [])
    dense = tempered.classifier.model.get_layer("logits").weights[0]
    dense.assign(np.full(dense.shape, np.inf))
    with pytest.raises(ModelError, match=r"cars computes for 0\.png is not finite"):
        fitting.measure(tempered, fitting.made_up()[:2])


def test_a_model_is_fitted_to_its_photos_and_told_from_others(tmp_path: Path) -> None:
    """Red and blue photos are learnt; grey ones and made-up pictures are not."""
    folder = makes.store(tmp_path / "zoo")
    recipe = dataclasses.replace(RECIPES["pets"], photos="own", neither="others", compose_shape="true")
    sets.write_set(tmp_path / "own", "train", ["cat", "dog"] * 12)
    sets.write_set(tmp_path / "own", "val", ["cat", "dog"] * 8)
    sets.write_set(tmp_path / "others", "train", ["car"] * 8)  # no val: then this is what there is
    told = fitting.fit_model(folder, recipe, tmp_path)
    described = card.read(folder)
    assert described.familiar == told
    assert (folder / familiar.FILE).stat().st_size < 300_000
    assert told["quantile"] == familiar.QUANTILE
    assert 0 <= told["familiar in whole photos"] < told["familiar"] == 1, "most of a whole one is grey"
    assert told["distance, against others"] > 0.9
    assert told["distance, against made-up pictures"] > 0.9
    assert [name for name in told if name.endswith("against others")] == [
        f"{score}, against others" for score in SCORES
    ]
    found = registry.familiar(folder)
    assert found is not None
    assert found.threshold == told["threshold"]


@pytest.mark.parametrize("name", ["pets", "cars"])
def test_the_shipped_models_know_their_samples(name: str) -> None:
    """The cats and dogs on the page are familiar to `pets`, the taxi is to `cars`; the others are not."""
    found = registry.familiar(name)
    assert found is not None
    samples = Path(__file__).parents[3] / "assets" / "samples"
    explainer = explain.Explainer(models.load(name))
    for sample in ("cat.jpg", "chelsea.jpg", "dog.jpg", "dog-human.jpg", "taxi.jpg"):
        seen = explainer.explain(samples / sample, method="activations")
        assert seen.channels is not None
        unlike = found.unlike(seen.channels.mean((0, 1))[None], seen.prediction.probabilities[None])
        assert unlike.tolist() == [(sample == "taxi.jpg") == (name == "pets")], sample
