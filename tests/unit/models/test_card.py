from __future__ import annotations

import dataclasses
import json

import networks
import pytest

import explain
from models import card, registry, storage


@pytest.fixture(scope="module")
def pets():
    return card.read(registry.ZOO / "pets")


def test_the_card_keeps_the_temperature(pets, tmp_path):
    dataclasses.replace(pets, temperature=1.75).write(tmp_path)
    assert card.read(tmp_path).temperature == 1.75


def test_a_card_that_says_none_means_one(pets, tmp_path):
    pets.write(tmp_path)
    values = json.loads((tmp_path / card.FILE).read_text(encoding="utf-8"))
    del values["temperature"]
    (tmp_path / card.FILE).write_text(json.dumps(values), encoding="utf-8")
    assert card.read(tmp_path).temperature == 1


def test_the_model_runs_with_the_temperature_of_its_card(pets):
    described = dataclasses.replace(pets, temperature=2.0)
    plain, scaled = (
        explain.Explainer(storage.classifier(networks.pooled(1), one)).predict(networks.noise(8, 8))
        for one in (dataclasses.replace(pets, temperature=1.0), described)
    )
    assert scaled.logits.tolist() == plain.logits.tolist()
    odds = [one.probabilities[1] / one.probabilities[0] for one in (plain, scaled)]
    assert odds[1] ** 2 == pytest.approx(odds[0], rel=1e-5)


def test_a_damaged_temperature_is_said(pets):
    with pytest.raises(explain.ExplainError, match=r"temperature must be a positive, finite number; received 0\.0"):
        storage.classifier(networks.pooled(1), dataclasses.replace(pets, temperature=0.0))
