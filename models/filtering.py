"""Photos of one kind out of many: what an ImageNet network makes of each photo decides.

Scraped sets of cars are full of dashboards and wheels. The probabilities of all ImageNet classes that show the thing
wanted, added up, say how surely a photo shows it, whichever of them it is.
Plain Keras: this module runs on every Keras backend.
"""

from __future__ import annotations

import csv
import io
import os
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import keras
import numpy as np
import numpy.typing as npt

from models import checkpoint, imagenet, sources, weights
from models.augment import resize
from models.data import Example
from models.errors import ModelError
from models.sources import Entry

# Measured with MobileNetV2 and the group "car", chosen on other photos than these: kept are 98 % of 400 photos of cars,
# none of 400 of cats and dogs, none of 200 details from the middle of cars and 1 % of 200 from their lower left.
THRESHOLD = 0.2
SIZE = 224


def network(file: Path | None = None) -> Any:
    """MobileNetV2 with its 1000 classes (Sandler et al. 2018, arXiv 1801.04381).

    Args:
        file: its weights, as `models.weights` stores them; None takes Keras' own, which are loaded from the web once.

    Raises:
        ModelError: the file is missing or belongs to another network, or can't be fetched.
    """
    if file is None:
        return weights.fetched("MobileNetV2")
    built = keras.applications.MobileNetV2(weights=None)
    weights.read(built, file)
    return built


def accumulated(
    network: Any, examples: Sequence[Example], indices: Sequence[int], batch: int = 32
) -> npt.NDArray[np.float32]:
    """How surely each photo shows one of some classes.

    Args:
        network: (N, 224, 224, 3) in -1..1 -> the probabilities of the 1000 classes, as `network` gives it.
        examples: photos; each is stretched to the network's square.
        indices: of the classes, see `models.imagenet.indices`; one that comes twice counts once.
        batch: photos in a step.

    Returns:
        float32, (N,), in 0..1: the sum of the classes' probabilities.

    Raises:
        ModelError: the network gives something else than 1000 probabilities.
    """
    chosen = sorted(set(indices))
    sums = np.zeros(len(examples), np.float32)
    for start in range(0, len(examples), batch):
        photos = [resize(example.pixels, SIZE, SIZE) for example in examples[start : start + batch]]
        x = np.stack(photos).astype(np.float32) / 127.5 - 1
        y = np.asarray(keras.ops.convert_to_numpy(network(x, training=False)), np.float32)
        if y.shape[1:] != (len(imagenet.NAMES),) or y.min() < 0 or np.abs(y.sum(1) - 1).max() > 1e-2:
            raise ModelError(
                f"The filter needs a network that gives probabilities of the {len(imagenet.NAMES)} ImageNet classes; "
                f"this one gives the shape {y.shape[1:]}, and sums of {y.sum(-1).min():.3g} to {y.sum(-1).max():.3g}."
            )
        sums[start : start + batch] = y[:, chosen].sum(1)
    return np.clip(sums, 0, 1)


def keep(
    network: Any, examples: Sequence[Example], wanted: Iterable[str | int], threshold: float = THRESHOLD
) -> tuple[list[Example], list[tuple[str, float]]]:
    """Only the photos that show one of some classes.

    Args:
        network: as `network` gives it.
        examples: photos.
        wanted: groups, names or numbers of ImageNet classes, see `models.imagenet.indices`; for example `["car"]`.
        threshold: the least accumulated probability that is kept, in 0..1.

    Returns:
        The photos kept, in their order, and of each other one its file and its accumulated probability.

    Raises:
        ModelError: there is no such class, the threshold is no probability, or the network is none for this.
    """
    if not 0 <= threshold <= 1:
        raise ModelError(f"The threshold must be a probability from 0 to 1; received {threshold}.")
    sums = accumulated(network, examples, imagenet.indices(wanted))
    kept = [example for example, share in zip(examples, sums, strict=True) if share >= threshold]
    rest = [(example.file, float(share)) for example, share in zip(examples, sums, strict=True) if share < threshold]
    return kept, rest


def write(entries: Sequence[Entry], file: Path) -> None:
    """A set of these photos: a table of where they lie, or an archive with the photos in it.

    Either has every column that the photos' own table has; an archive has the photos alone, no masks.

    Args:
        entries: where the photos are.
        file: a table if it ends in `.csv`, else an archive; what is there is replaced.

    Raises:
        ModelError: a table can't name photos that lie in an archive, or a photo has gone.
    """
    check(entries, file)
    if file.suffix.lower() == ".csv":
        places = [os.path.relpath(entry.places[0], file.parent) for entry in entries]  # from where the table lies
        checkpoint.replace(file, lambda stream: stream.write(_table(entries, places)))
    else:
        checkpoint.replace(file, lambda stream: _pack(entries, stream))  # the photos may come from this very file


def check(entries: Sequence[Entry], file: Path) -> None:
    """Say at once that `write` can't."""
    if file.suffix.lower() == ".csv" and any(entry.member for entry in entries):
        raise ModelError("These photos lie in an archive, where a table can't name them: pack them, --out kept.tar.")


def _pack(entries: Sequence[Entry], stream: BinaryIO) -> None:
    names = [f"{index:06}-{Path(entry.file).name}" for index, entry in enumerate(entries)]
    with tarfile.open(fileobj=stream, mode="w") as tar:
        _add(tar, "photos.csv", _table(entries, names))
        for index, content in sources.contents(entries):
            if isinstance(content, str):
                raise ModelError(f"{entries[index].file} {content}.")
            _add(tar, names[index], content)


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def _table(entries: Sequence[Entry], files: Sequence[str]) -> bytes:
    rows = [entry.row | {"file": file, "split": entry.split} for entry, file in zip(entries, files, strict=True)]
    columns = dict.fromkeys(column for row in rows for column in row) or ("file", "label", "split")
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, columns, restval="")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode()
