"""What a recipe may say: found out before anything is read or learnt.

Plain Keras: this module runs on every Keras backend.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from models import backbones, heads, optimizers
from models.architecture import Architecture
from models.errors import ModelError
from models.recipe import Recipe

CHOICES = {
    "optimizer": tuple(optimizers.OPTIMIZERS),
    "fit": ("stretch", "letterbox"),
    "batch_norm": ("inference", "train"),
    "view_of": ("sides", "pixels"),
    "compose_shape": ("true", "free"),
    "precision": ("float32", "mixed_bfloat16"),
}
"""Fields that are one of a few words."""

INFINITE = math.inf
RANGES = {
    "channels": (1, INFINITE),
    "dropout": (0, 0.99),
    "head_epochs": (0, INFINITE),
    "size": (1, INFINITE),
    "train_size": (1, INFINITE),
    "last_size": (0, INFINITE),
    "last_epochs": (0, INFINITE),
    "epochs": (0, INFINITE),
    "patience": (0, INFINITE),
    "batch": (1, INFINITE),
    "batch_neither": (0, INFINITE),
    "rate": (0, INFINITE),
    "head_rate": (0, INFINITE),
    "warmup": (0, INFINITE),
    "decay": (0, INFINITE),
    "average": (0, 0.999999),
    "smoothing": (0, 1),
    "soft": (0, 1),
    "distil_share": (0, 1),
    "view": (0.001, 1),
    "view_ratio": (0.01, 100),
    "compose": (0, 1),
    "compose_size": (0.01, 1),
    "crowd": (0, 1),
    "light": (0, 1),
    "rand_augment": (0, 1),
    "erasing": (0, 1),
    "mixup": (0, INFINITE),
    "cutmix": (0, INFINITE),
    "silence": (0, INFINITE),
    "concentration": (0, INFINITE),
    "seed": (0, 2**31 - 1),
}
"""The least and greatest value of every number, both allowed; of a pair, of either."""


def check(recipe: Recipe) -> None:
    """See that a recipe can be trained by.

    Raises:
        ModelError: a value is none that its field can have, there is no such backbone, stage or head, or two fields
            contradict each other.
    """
    for part in (recipe.network, recipe):
        for field in dataclasses.fields(part):
            _check_field(field.name, getattr(part, field.name))
    backbones.find(recipe.network.backbone).stage(recipe.network.cut)
    heads.find(recipe.network.head)
    for rule, broken in _rules(recipe, recipe.network).items():
        if broken:
            raise ModelError(f"The recipe contradicts itself: {rule}.")


def _check_field(name: str, value: Any) -> None:
    if name in CHOICES and value not in CHOICES[name]:
        choices = " or ".join(f'"{choice}"' for choice in CHOICES[name])
        raise ModelError(f"{name} is {choices}; received {value!r}.")
    if name not in RANGES:
        return
    low, high = RANGES[name]
    numbers = value if isinstance(value, tuple) else (value,)
    said = " ".join(map(str, numbers))
    if not all(low <= number <= high and math.isfinite(number) for number in numbers):  # nor is NaN
        most = "" if high == INFINITE else f" and at most {high}"
        raise ModelError(f"{name} must be at least {low}{most}; received {said}.")
    if list(numbers) != sorted(numbers):
        raise ModelError(f"{name} is the least and the greatest value, in this order; received {said}.")


def _rules(recipe: Recipe, network: Architecture) -> dict[str, Any]:
    """What does not go together, and whether the recipe does it."""
    local = heads.find(network.head).local
    quiet = recipe.silence or recipe.concentration
    return {
        "a head of dense layers has no scores of places, so it takes neither silence nor concentration": quiet
        and not local,
        "a head of dense layers has one size of input: train_size must be size, without last_epochs": not local
        and (recipe.last_epochs > 0 or recipe.train_size != recipe.size),
        "mixed photos have no places of their own: mixup and cutmix go without silence and concentration": quiet
        and (recipe.mixup or recipe.cutmix),
        "photos can only be composed freely with photos of neither class: name a set of them": recipe.compose
        and recipe.compose_shape == "free"
        and not recipe.neither,
        "last_epochs needs a last_size, and must not be more than epochs": recipe.last_epochs > 0
        and (not recipe.last_size or recipe.last_epochs > recipe.epochs),
        f"a model tells at least two classes apart, not {', '.join(recipe.classes)} alone": len(recipe.classes) == 1,
        "with epochs and head_epochs at 0 nothing would learn": not recipe.epochs and not recipe.head_epochs,
        'photos that are composed freely lose the shape that a letterbox keeps: compose_shape must be "true"': (
            recipe.fit == "letterbox" and recipe.compose and recipe.compose_shape == "free"
        ),
        "to learn from another model, say how much of the target is its: distil_share": bool(recipe.distil)
        and not recipe.distil_share,
        "to learn from a teacher, say how much of the target is its: soft": bool(recipe.teacher) and not recipe.soft,
    }
