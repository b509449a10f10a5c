"""Models with many classes for tests of what surrounds a model: small, untrained, and decided in what they say."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from models import backbones, storage
from models.architecture import Architecture
from models.card import Card

MAKES = ("Acura", "BMW", "Chevrolet", "Dodge", "Ferrari", "Ford", "Hyundai", "Toyota")
KINDS = ("Camry Sedan", "Silverado 1500 Hybrid Crew Cab", "M3 Coupe", "Caliber Wagon")
YEARS = tuple(range(2007, 2013))
CARS = tuple(f"{make} {kind} {year}" for make, kind, year in itertools.product(MAKES, KINDS, YEARS))
CLASSES = (*CARS[:150], "dog", "cat", *CARS[150:], "Audi TTS Coupe 2012", "Geo Metro Convertible 1993")
"""196 labels. Two are those of `pets`, at other places."""


def store(folder: Path, name: str = "cars", title: str = "Cars: 196 makes and years") -> Path:
    """A model of these classes; its maps are small, its weights random.

    Returns:
        The model's own folder.
    """
    body = Architecture("mobilenetv2", cut=backbones.find("mobilenetv2").stages[1].name, channels=32)
    network = body.network(96, len(CLASSES), name=name)
    rng = np.random.default_rng(0)
    for weight in network.weights:
        if weight.path.endswith("kernel"):
            weight.assign(rng.normal(0, np.sqrt(2 / np.prod(weight.shape[:-1])), weight.shape))
    dense = network.get_layer("logits").weights[0]
    dense.assign(rng.normal(0, 4, dense.shape))
    described = Card(
        name=name,
        title=title,
        description="For tests.",
        classes=CLASSES,
        network=body,
        size=96,
        fit="crop",
        preprocessing=body.preprocessing,
        kind="softmax",
        data="",
        licence="",
        metrics={},
        controls={},
        versions={},
        command="",
        recipe={},
        checksum="",
        reference=(),
    )
    storage.save(network, described, folder)
    return folder / name
