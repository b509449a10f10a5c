"""A long life: what a thousand different photos in a row leave behind in the process."""

from __future__ import annotations

import itertools
from pathlib import Path

import keras
import numpy as np
from tensorflow.python.eager import context  # TensorFlow counts its functions there, and nowhere in public

import explain
from bench.timing import table

FIRST, ALL = 50, 1000
STATUS = Path("/proc/self/status")


def run() -> None:
    model = keras.applications.ResNet50V2(weights=None, classes=300, classifier_activation=None)
    classes = [f"class {n}" for n in range(300)]
    explainer = explain.Explainer(explain.Classifier(model, classes, "resnet_v2", name="ResNet50V2"))
    explainer.warm()
    warm = _state()
    rng, labels = np.random.default_rng(0), itertools.cycle(classes)
    before = {"megabytes": 0.0, "functions": 0}
    for number in range(ALL):
        photo = rng.integers(0, 256, (224, 224, 3)).astype(np.uint8)
        explainer.explain_layers(photo)
        explainer.explain(photo, target=next(labels)).heat()
        if number + 1 == FIRST:
            before = _state()
    after = _state()
    table(
        f"{ALL} different photos, all layers of ResNet50V2 and another class each, after the first {FIRST}",
        [
            ("the process once the model is warm", f"{warm['megabytes']:.0f} MB", "(reported)"),
            ("growth of the process", f"{after['megabytes'] - before['megabytes']:.0f} MB", "50 MB"),
            ("functions that TensorFlow has traced anew", str(after["functions"] - before["functions"]), "0"),
        ],
    )


def _state() -> dict[str, float]:
    lines = STATUS.read_text().splitlines() if STATUS.exists() else ["VmRSS: nan kB"]  # only Linux tells
    resident = next(line.split()[1] for line in lines if line.startswith("VmRSS"))
    return {
        "megabytes": float(resident) / 1e3,
        "functions": len(context.context().list_function_names()),
    }
