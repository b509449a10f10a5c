"""How good a model is: what it says of labelled photos, and under which circumstances that was measured.

The numbers that follow from it are in `models.measures` and `models.calibration`; where its heat lies, in
`models.focus`.
"""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tqdm import tqdm

import explain
from models import measures
from models.data import Example
from models.errors import ModelError
from models.focus import Focus, controls, focus

__all__ = ["Focus", "Judged", "accuracy", "circumstances", "controls", "focus", "installed", "judge"]

BATCH = 32


@dataclass(frozen=True, eq=False)
class Judged:
    """What a model says of labelled photos: everything that is measured is computed from this.

    Attributes:
        classes: the model's labels.
        kind: of its output, see `explain.Classifier`.
        logits: float32, (N, C), as in `explain.Prediction`.
        labels: the truth, (N,), indices of classes.
        files: names of the photos, N of them.
    """

    classes: tuple[str, ...]
    kind: str
    logits: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    files: tuple[str, ...]

    @property
    def predicted(self) -> npt.NDArray[np.int64]:
        """Indices of the most probable classes, (N,); by logits, as in `explain.Prediction.index`."""
        return np.asarray(self.logits.argmax(1), np.int64)


def judge(explainer: explain.Explainer, examples: Sequence[Example]) -> Judged:
    """What a model says of these photos: the same numbers as `explainer.predict`, in batches.

    Raises:
        ModelError: there are no photos, one's label is none of the model's classes, or its scores are not finite.
        PhotoError: a photo can't be used.
    """
    classifier = explainer.classifier
    indices = {label: index for index, label in enumerate(classifier.classes)}
    unknown = sorted({example.label for example in examples} - set(indices))
    if unknown or not examples:
        what = f"their labels include {', '.join(map(repr, unknown[:5]))}" if unknown else "there are no photos"
        raise ModelError(
            f"{classifier.name} can't be judged: {what}. It knows {', '.join(classifier.classes[:5])}"
            f"{', ...' if len(classifier.classes) > 5 else ''}."
        )
    forward = classifier.network.forward()
    found = []
    with tqdm(total=len(examples), desc="judging", unit="photo") as progress:
        for start in range(0, len(examples), BATCH):
            photos = [explain.open_photo(example.pixels) for example in examples[start : start + BATCH]]
            batch = np.concatenate([classifier.prepare(photo) for photo in photos])
            found.append(np.asarray(forward(tf.constant(batch))[0]))
            progress.update(len(batch))
    logits = np.concatenate(found)
    if not np.isfinite(logits).all():
        file = examples[int(np.argmin(np.isfinite(logits).all(1)))].file
        raise ModelError(f"The scores of {classifier.name} for {file} are not finite.")
    labels = np.array([indices[example.label] for example in examples], np.int64)
    files = tuple(example.file for example in examples)
    return Judged(classifier.classes, explainer.kind, logits, labels, files)


def accuracy(explainer: explain.Explainer, examples: Sequence[Example]) -> float:
    """Share of the photos whose most probable class is their label."""
    judged = judge(explainer, examples)
    return measures.accuracy(judged.logits, judged.labels)


def circumstances() -> str:
    """When, with which versions and on which machine something is measured, in one line."""
    versions = installed("tensorflow", "tensorflow-cpu", "keras", "dash", "plotly").items()
    packages = ", ".join(f"{name} {version}" for name, version in versions)
    today = datetime.datetime.now(datetime.UTC).date()
    machine = f"{platform.system()} on {os.cpu_count()} cores of {_processor()}"
    return f"{today}, {packages}; {machine}"


def installed(*packages: str) -> dict[str, str]:
    """Versions of Python and of those of these packages that are installed."""
    versions = {dist.metadata["Name"].lower().replace("_", "-"): dist.version for dist in distributions()}
    return {"python": platform.python_version()} | {name: versions[name] for name in packages if name in versions}


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()
