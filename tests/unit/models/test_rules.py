from __future__ import annotations

import dataclasses
import math

import pytest

from models import options, rules
from models.architecture import Architecture
from models.errors import ModelError
from models.recipe import RECIPES, Recipe

PLAIN = Recipe(Architecture("mobilenetv2"))
NUMBERS = [
    field.name
    for part in (PLAIN, PLAIN.network)
    for field in dataclasses.fields(part)
    if isinstance(getattr(part, field.name), (int, float)) and not isinstance(getattr(part, field.name), bool)
]
PAIRS = ["view", "view_ratio", "compose_size"]


def said(**changes: object) -> str:
    with pytest.raises(ModelError) as caught:
        rules.check(options.changed(PLAIN, changes))
    return str(caught.value)


@pytest.mark.parametrize("name", RECIPES)
def test_the_shipped_recipes_and_the_defaults_are_fine(name):
    rules.check(RECIPES[name])
    rules.check(PLAIN)


def test_every_number_has_a_range():
    assert set(rules.RANGES) == {*NUMBERS, *PAIRS}


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [-1, math.nan, math.inf])
def test_no_number_is_negative_or_endless(name, value):
    low, _ = rules.RANGES[name]
    assert said(**{name: value}).startswith(f"{name} must be at least {low}")
    assert said(**{name: value}).endswith(f"received {value}.")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"batch": 0}, "batch must be at least 1; received 0."),
        ({"channels": 0}, "channels must be at least 1; received 0."),
        ({"size": 0}, "size must be at least 1; received 0."),
        ({"dropout": 1.5}, "dropout must be at least 0 and at most 0.99; received 1.5."),
        ({"smoothing": 2.0}, "smoothing must be at least 0 and at most 1; received 2.0."),
        ({"rand_augment": 7.0}, "rand_augment must be at least 0 and at most 1; received 7.0."),
        ({"view": (2.0, 3.0)}, "view must be at least 0.001 and at most 1; received 2.0 3.0."),
        ({"view": (0.9, 0.2)}, "view is the least and the greatest value, in this order; received 0.9 0.2."),
        ({"compose_size": (2.0, 3.0)}, "compose_size must be at least 0.01 and at most 1; received 2.0 3.0."),
        ({"precision": "float8"}, 'precision is "float32" or "mixed_bfloat16"; received \'float8\'.'),
        ({"epochs": 0, "head_epochs": 0}, "The recipe contradicts itself: with epochs and head_epochs at 0"),
        ({"backbone": "mobilenet9"}, "There is no backbone 'mobilenet9'. Known: convnexttiny, densenet121"),
        ({"cut": "stage9"}, "MobileNetV2 has no stage 'stage9'. Its stages: "),
        ({"head": "round"}, "There is no head 'round'. Known: pool, conv, conv-norm, dense."),
    ],
)
def test_what_can_t_be_is_said_with_what_can(changes, text):
    assert said(**changes).startswith(text)
