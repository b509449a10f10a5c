"""What a stored model says of itself: everything needed to use it, to judge it and to make it again."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.architecture import Architecture
from models.errors import ModelError

FILE = "card.json"
WEIGHTS = "weights.npz"


@dataclass(frozen=True)
class Card:
    """The contents of `card.json`.

    Attributes:
        name: the model's name, which is also its folder's.
        title: what people call it.
        description: what it does, how it was made and what it is bad at.
        classes: labels in the order of its scores.
        network: what it is made of.
        size: side of the input in pixels.
        fit: how a photo meets the input, see `explain.Classifier`.
        preprocessing: name of the input scaling, see `explain.Classifier`.
        kind: kind of output, see `explain.Classifier`.
        data: the photos it learnt from.
        licence: what they and the model may be used for.
        metrics: what it reached, by name.
        controls: what a map that knows nothing of the photo reaches in the same tests, by name.
        versions: of Python and the packages it was trained with.
        command: how to train it again.
        recipe: every setting of that training.
        checksum: sha256 of the weights' file, in hexadecimal.
        reference: logits of `storage.reference_photos()`, one row each.
        temperature: what its scores are divided by before they become probabilities, see `explain.Classifier`.
        measured: when its metrics were, with which versions and on which machine.
        familiar: of the fit to the photos that it learnt from, see `fitting.fit_model`: its threshold, and how well it
            tells other photos; empty if there is none.
        familiar_checksum: sha256 of that fit's file, in hexadecimal.
    """

    name: str
    title: str
    description: str
    classes: tuple[str, ...]
    network: Architecture
    size: int
    fit: str
    preprocessing: str
    kind: str
    data: str
    licence: str
    metrics: dict[str, float]
    controls: dict[str, float]
    versions: dict[str, str]
    command: str
    recipe: dict[str, Any]
    checksum: str
    reference: tuple[tuple[float, ...], ...]
    temperature: float = 1.0
    measured: str = ""
    familiar: dict[str, float] = field(default_factory=dict)
    familiar_checksum: str = ""

    def write(self, folder: Path) -> None:
        """Store the card in a model's folder."""
        text = json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False)
        (folder / FILE).write_text(text + "\n", encoding="utf-8")


def read(folder: Path) -> Card:
    """The card of a model's folder.

    Raises:
        ModelError: there is none, or it is not what a card should be.
    """
    file = folder / FILE
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        values["network"] = Architecture(**values["network"])
        values["classes"] = tuple(values["classes"])
        values["reference"] = tuple(tuple(row) for row in values["reference"])
        return Card(**values)
    except FileNotFoundError:
        raise ModelError(f"{folder} holds no model: it has no {FILE}.") from None
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{file} is damaged or of another version: {error}") from error
