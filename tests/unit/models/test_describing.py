from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest

import explain
import models
from models import describing, registry
from models.__main__ import main
from models.recipe import RECIPES

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
SHIPPED = registry.available()


def test_the_page_is_what_the_cards_say(capsys, monkeypatch):
    monkeypatch.delenv("WHYLIGHT_MODELS", raising=False)
    assert main(["describe"]) == 0
    assert capsys.readouterr().out == PAGE


def test_the_readme_quotes_the_page():
    """Each figure of a model in the README stands in its section of the page."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## The models that ship")[2].partition("\n## ")[0]
    figures = re.findall(r"\d+\.\d+ %", section)
    assert figures
    assert [figure for figure in figures if figure not in PAGE] == []


def test_a_row_for_each_score_and_a_column_for_each_kind_and_the_score_that_is_used_in_bold():
    told = {
        "threshold": 3.0,
        "quantile": 0.99,
        "familiar": 0.985,
        "familiar in whole photos": 0.93,
        "unfamiliar pets": 0.7,
        "unfamiliar noise": 1.0,
        "distance and entropy, against pets": 0.975,
        "distance, against pets": 0.86,
        "distance and entropy, against noise": 1.0,
        "distance, against noise": 0.9999,
    }
    card = dataclasses.replace(next(iter(SHIPPED.values())), familiar=told)
    assert describing.page([card]).endswith("""
It warns of photos unlike those that it learnt from: of 1.5 % of its own kind (set into whole photos: 7.0 %),
of 70.0 % of pets, of 100.0 % of noise.

| AUROC, its own kind against | pets | noise |
|---|---|---|
| **distance and entropy** | 0.9750 | 1.0000 |
| distance | 0.8600 | 0.9999 |
""")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_says_what_a_user_needs(name):
    card = SHIPPED[name]
    assert card.command == f"whylight models train {name} --data DATA"
    assert "research" in card.licence
    for text in (card.description, card.data):
        assert len(text) > 60
    assert 0.1 < card.temperature < 3
    assert card.familiar["distance and entropy, against made-up pictures"] > 0.9
    assert models.Card is type(card)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_was_trained_by_the_recipe_that_its_command_runs(name):
    card = SHIPPED[name]
    recipe = json.loads(json.dumps(dataclasses.asdict(RECIPES[name])))
    assert card.recipe == recipe | {"classes": list(card.classes)}
    assert (card.fit, card.size, card.network) == (RECIPES[name].fit, RECIPES[name].size, RECIPES[name].network)


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("pets", {"accuracy on val": 0.98}),
        ("pets-mobilenet", {"accuracy on val": 0.99}),
        (
            "cars",
            {"accuracy on val": 0.86, "among the first 5 on val": 0.97, "accuracy, set into whole photos": 0.7},
        ),
        ("cars-mobilenet", {"accuracy on val": 0.86, "accuracy, set into whole photos": 0.7}),
    ],
)
def test_a_shipped_model_is_good_enough(name, least):
    found = SHIPPED[name].metrics
    assert {what: found[what] for what, bound in least.items() if found[what] < bound} == {}


def test_the_taxi_among_other_taxis_is_a_camry():
    photo = ROOT / "assets" / "samples" / "taxi.jpg"
    ((label, _),) = explain.Explainer(models.load("cars")).predict(photo).top(1)
    assert label.startswith("Toyota Camry")


@pytest.mark.parametrize(
    ("name", "megabytes"), [("pets", 22), ("pets-mobilenet", 10), ("cars", 22), ("cars-mobilenet", 8)]
)
def test_a_shipped_model_is_small(name, megabytes):
    size = sum(file.stat().st_size for file in registry.folders()[name].iterdir())
    assert size <= megabytes * 1_000_000
