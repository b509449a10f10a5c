"""A model on disk, `<name>/card.json` and `<name>/weights.npz`, and how it becomes a Classifier.

Loading runs no code from the files: the card names an architecture of this package, the archive holds arrays.
"""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

import explain
from models import backbones, card, weights
from models.architecture import units
from models.card import WEIGHTS, Card
from models.errors import ModelError
from models.evaluation import installed
from models.recipe import Recipe

# In logits, and in shares of the largest one where that is above 1; GPUs multiply in 19 bits (TF32).
TOLERANCE = {"CPU": 1e-4, "GPU": 2e-2}


def network(described: Card) -> Any:
    """The architecture that a card describes, with fresh weights: preprocessed photos to logits."""
    outputs = 1 if described.kind == "sigmoid" else len(described.classes)
    return described.network.network(described.size, outputs, name=described.name)


def classifier(model: Any, described: Card) -> explain.Classifier:
    """A network together with what its card says of its input and output."""
    return explain.Classifier(
        model,
        classes=described.classes,
        preprocessing=described.preprocessing,
        fit=described.fit,
        kind=described.kind,
        name=described.name,
        temperature=described.temperature,
    )


def fresh(name: str, recipe: Recipe, command: str) -> Card:
    """The card of a network that has just been trained, but for what is measured on the stored one.

    Args:
        name: of the model.
        recipe: it was trained by.
        command: that makes it again.
    """
    return Card(
        name=name,
        title=recipe.title,
        description=recipe.description,
        classes=recipe.classes,
        network=recipe.network,
        size=recipe.size,
        fit=recipe.fit,
        preprocessing=recipe.network.preprocessing,
        kind="sigmoid" if units(recipe.classes) == 1 else "softmax",
        data=recipe.origin,
        licence=recipe.licence,
        metrics={},
        controls={},
        versions=installed("whylight", "tensorflow", "tensorflow-cpu", "keras", "numpy", "opencv-python-headless"),
        command=command,
        recipe=dataclasses.asdict(recipe),
        checksum="",
        reference=(),
    )


def save(model: Any, described: Card, folder: Path) -> Card:
    """Store a network under `folder/<name>`, with the checksum and reference outputs of what was really stored.

    Returns:
        The card as stored.
    """
    place = folder / described.name
    place.mkdir(parents=True, exist_ok=True)
    weights.write(model, place / WEIGHTS)
    stored = network(described)
    weights.read(stored, place / WEIGHTS)
    logits = _logits(stored, described)
    described = dataclasses.replace(
        described,
        checksum=_checksum(place / WEIGHTS),
        reference=tuple(tuple(float(value) for value in row) for row in logits),
    )
    described.write(place)
    return described


def load(folder: Path) -> explain.Classifier:
    """The model of a folder, checked: its file is the one that the card was written for, and it computes the same.

    Raises:
        ModelError: something is missing, damaged, or gives other outputs than it did when it was stored.
    """
    described = card.read(folder)
    file = folder / WEIGHTS
    if not file.is_file():
        raise ModelError(f"{folder} has no {WEIGHTS}.")
    if _checksum(file) != described.checksum:
        raise ModelError(f"{file} is not the file that its card was written for (another sha256): copy both again.")
    model = network(described)
    weights.read(model, file)
    logits, reference = _logits(model, described), np.array(described.reference)
    tolerance = TOLERANCE["GPU" if keras.distribution.list_devices("gpu") else "CPU"]
    off = float(np.abs(logits - reference).max() / max(1.0, np.abs(reference).max()))
    if not off <= tolerance:
        raise ModelError(
            f"{folder.name} computes other outputs here than when it was stored (off by {off:.1e}, "
            f"allowed {tolerance:.0e}): the installed versions of Keras or TensorFlow do not agree with it."
        )
    return classifier(model, described)


def reference_photos(size: int) -> npt.NDArray[np.float32]:
    """Two made-up photos whose outputs tell whether a model computes what it should: (2, size, size, 3) in 0..255."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (2, 7, 7, 3)).astype(np.float32)
    nearest = np.arange(size) * 7 // size  # exact on every machine, as no interpolation is
    return coarse[:, nearest][:, :, nearest]


def _logits(model: Any, described: Card) -> npt.NDArray[np.float32]:
    scale = backbones.scaling(described.preprocessing)
    return np.asarray(model(scale(reference_photos(described.size)), training=False), np.float32)


def _checksum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
