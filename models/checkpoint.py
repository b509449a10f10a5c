"""What a run leaves on disk while it works, so that it can go on where it was stopped.

Plain Keras: this module runs on every Keras backend.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import ModelError
from models.recipe import Recipe

CHECKPOINT = "checkpoint.npz"
BEST = "best.npz"
"""The weights of the best epoch so far, where a recipe has patience."""
LABELS = "teacher.npy"
"""What a teacher says of the photos."""

WORDS = ("title", "description", "origin", "licence", "judge")
"""What of a recipe may change while it is trained: no step depends on it."""

DEFAULTS = {field.name: field.default for field in dataclasses.fields(Recipe) if field.name != "network"}
"""What a run was trained by where its folder says nothing, because it was begun before a recipe could say it."""


def claim(run: Path, recipe: Recipe, limit: int | None) -> None:
    """Write down what the run folder is for, or see that it is for this. It may be changed until something was learnt.

    Raises:
        ModelError: it was begun with another recipe.
    """
    run.mkdir(parents=True, exist_ok=True)
    mine = json.loads(json.dumps({**dataclasses.asdict(recipe), "limit": limit}))
    file = run / "recipe.json"
    learnt = any((run / name).exists() for name in (CHECKPOINT, BEST))
    if not learnt and (not file.exists() or mine != json.loads(file.read_text())):
        (run / LABELS).unlink(missing_ok=True)  # they may be of other photos
        text = json.dumps(mine, indent=2)
        replace(file, lambda stream: stream.write(text.encode()))
    theirs = json.loads(json.dumps(DEFAULTS)) | json.loads(file.read_text())
    mine, theirs = _flat(mine), _flat(theirs)
    differ = [key for key in mine if key not in WORDS and mine[key] != theirs.get(key)]
    if differ:
        raise ModelError(
            f"{run} was begun with {differ[0]} = {theirs.get(differ[0])!r}, now it is {mine[differ[0]]!r}: "
            "name another folder with --run, or delete it."
        )


def _flat(recipe: dict[str, Any]) -> dict[str, Any]:
    """With the settings of the network as settings of their own."""
    return recipe | {"network": None} | {f"network.{key}": value for key, value in recipe["network"].items()}


def save(variables: Sequence[Any], file: Path, step: int) -> None:
    """Store variables, and how many steps they have seen."""
    arrays = {str(n): variable.numpy() for n, variable in enumerate(variables)}
    replace(file, lambda stream: np.savez(stream, step=np.array(step), **arrays))


def restore(variables: Sequence[Any], file: Path) -> int:
    """Load a checkpoint if there is one; the number of steps that it has seen."""
    if not file.exists():
        return 0
    with np.load(file, allow_pickle=False) as archive:
        for n, variable in enumerate(variables):
            variable.assign(archive[str(n)])
        return int(archive["step"])


def replace(file: Path, write: Callable[[Any], object]) -> None:
    """Write a file whole or not at all: whoever fails or is killed meanwhile leaves the old one."""
    fresh = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        with fresh.open("wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
