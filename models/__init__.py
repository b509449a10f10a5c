"""Classifiers: what is shipped, and the tools that load, train and judge transfer models.

`available` and `load` bring in the engine, and TensorFlow with it, only when they are called: training runs on every
Keras backend.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from models.card import Card
from models.errors import ModelError

if TYPE_CHECKING:
    from explain import Classifier

__all__ = ["Card", "ModelError", "available", "load"]


def available(own: Path | None = None) -> dict[str, Card]:
    """The cards of all models by name, see `models.registry.available`."""
    from models import registry

    return registry.available(own)


def load(name: str | Path, own: Path | None = None) -> Classifier:
    """A model by its name or by the path of its folder, see `models.registry.load`."""
    from models import registry

    return registry.load(name, own)
