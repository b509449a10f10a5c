"""Photos to learn from and to be judged by: from folders, tables and archives to pixels, labels and splits.

`models.sources` knows where photos are, `models.decoding` what they show, `models.splits` which split they belong to.
Plain NumPy and OpenCV: this module runs on every Keras backend.
"""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from models import sources, splits
from models.decoding import Pixels, decode, shrink
from models.errors import ModelError
from models.sources import Entry

__all__ = ["Example", "Fault", "Pixels", "Reading", "class_weights", "read", "read_all", "read_mask", "read_set"]

SHORT_SIDE = 448
_BLOCK = 64  # files that are in memory at once
_FINGERPRINT_SIDE = 64
_STEEPEST = 20.0

Result = TypeVar("Result")


@dataclass(frozen=True)
class Example:
    """One labelled photo.

    Attributes:
        file: its name inside the set.
        label: its class, or the species where the table has such a column.
        pixels: uint8 RGB, (height, width, 3).
        row: the whole row of the table.
    """

    file: str
    label: str
    pixels: Pixels
    row: dict[str, str]


@dataclass(frozen=True)
class Fault:
    """A photo that can't be read.

    Attributes:
        file: its name inside the set.
        reason: what is wrong with it; goes after its name.
    """

    file: str
    reason: str


@dataclass(frozen=True)
class Reading:
    """What `read` finds in one split.

    Attributes:
        examples: the photos.
        faults: what of the split can't be read.
        contradictions: photos that are the same or nearly the same under different labels, as groups of (file, label);
            only known where the split is made by content.
    """

    examples: list[Example]
    faults: list[Fault]
    contradictions: list[tuple[tuple[str, str], ...]]


def read_set(folder: Path, split: str, limit: int | None = None, short_side: int | None = SHORT_SIDE) -> list[Example]:
    """All photos of one split, as `read` gives them; what else it finds is printed."""
    reading = read(folder, split, limit, short_side)
    count = len(reading.examples) + len(reading.faults)
    if reading.faults:
        print(f"{folder.name} {split}: {len(reading.faults)} of {count} photos cannot be read and are left out:")
        _list(f"{fault.file} {fault.reason}" for fault in reading.faults)
    if reading.contradictions:
        print(f"{folder.name} {split}: the same or nearly the same photo under several labels, to be looked at:")
        _list(", ".join(f"{file} ({label})" for file, label in group) for group in reading.contradictions)
    return reading.examples


def read(source: Path, split: str, limit: int | None = None, short_side: int | None = SHORT_SIDE) -> Reading:
    """All photos of one split of a set; what can't be read is left out and listed.

    Where the set does not say which split a photo belongs to, `models.splits` decides by its content.

    Args:
        source: the set: a folder, a table or an archive, see `models.sources.FORMS`.
        split: for example "train".
        limit: the first so many only: of a table in its order, of folders from all classes in turn.
        short_side: photos are shrunk to a shorter side of so many pixels; None keeps them as they are. Packed sets
            are, in any case.

    Raises:
        ModelError: there is no such set or split, or none of its photos can be read; the text says what there is.
    """
    found = sources.find(source, split)
    names, groups = _splits(found.entries)
    chosen = [index for index, name in enumerate(names) if name == split][:limit]
    if not chosen:
        raise ModelError(_nothing(source, split, found.entries, names))
    entries = [found.entries[index] for index in chosen]
    photos, faults = read_all(entries, f"{source}, split {split!r},", None if found.packed else short_side)
    within = set(chosen)
    contradictions = [
        tuple(sorted((found.entries[index].file, found.entries[index].label) for index in group))
        for group in groups
        if within.intersection(group) and len({found.entries[index].label for index in group}) > 1
    ]
    return Reading([example for _, example in photos], faults, contradictions)


def read_all(
    entries: Sequence[Entry], where: str, short_side: int | None = SHORT_SIDE
) -> tuple[list[tuple[Entry, Example]], list[Fault]]:
    """All photos of a set, whatever their splits, each with where it is; and what can't be read.

    Args:
        entries: as `models.sources.find` gives them.
        where: what they are of, for the error.
        short_side: as for `read`.

    Raises:
        ModelError: none of the photos can be read.
    """
    decoded = _each(entries, lambda content, entry: _unsquash(decode(content, short_side), entry.row, short_side))
    photos, faults = [], []
    for entry, pixels in zip(entries, decoded, strict=True):
        if isinstance(pixels, str):
            faults.append(Fault(entry.file, pixels))
        else:
            photos.append((entry, Example(entry.file, entry.label, pixels, entry.row)))
    if not photos:
        first = ", ".join(f"{fault.file} {fault.reason}" for fault in faults[:3])
        raise ModelError(f"None of the {len(faults)} photos of {where} can be read: {first}.")
    return photos, faults


def read_mask(folder: Path, split: str, rows: list[dict[str, str]]) -> list[Pixels]:
    """The mask of each row (column `mask`) of a packed set: uint8, (height, width), 1 where the object is.

    Raises:
        ModelError: a mask is missing or damaged.
    """
    archives = tuple(sorted(folder.glob(f"{folder.name}-{split}*.tar")))
    entries = [Entry(row["mask"], "", split, archives, row["mask"]) for row in rows]

    def grey(content: bytes, _: Entry) -> Pixels:
        mask = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE) if content else None
        if mask is None:
            raise ModelError("is no picture that can be read")
        return np.asarray(mask, np.uint8)

    masks = []
    for entry, mask in zip(entries, _each(entries, grey), strict=True):
        if isinstance(mask, str):
            raise ModelError(f"{folder}: the mask {entry.file} {mask}.")
        masks.append(mask)
    return masks


def class_weights(labels: Sequence[str], classes: Sequence[str]) -> npt.NDArray[np.float32]:
    """How much a photo of each class counts, so that rare classes count as much as frequent ones (King, Zeng 2001).

    Args:
        labels: one for each photo.
        classes: in the order of the result.

    Returns:
        float32, (classes,): inversely proportional to the class' share; the mean over all photos is 1.

    Raises:
        ModelError: a class has no photo, or a label is no class.
    """
    counts = Counter(labels)
    unknown, empty = sorted(counts.keys() - set(classes)), [name for name in classes if not counts[name]]
    if unknown or empty:
        raise ModelError(
            f"Labels that are no class: {', '.join(unknown) or 'none'}; classes without a photo: "
            f"{', '.join(empty) or 'none'}. The classes: {', '.join(classes)}."
        )
    return np.array([len(labels) / (len(classes) * counts[name]) for name in classes], np.float32)


def _each(entries: Sequence[Entry], work: Callable[[bytes, Entry], Result]) -> list[Result | str]:
    """The result of each entry's bytes, or why there is none: the text of a ModelError."""

    def attempt(item: tuple[int, bytes | str]) -> Result | str:
        index, content = item
        if isinstance(content, str):
            return content
        try:
            return work(content, entries[index])
        except ModelError as error:
            return str(error)

    results: list[Result | str] = [""] * len(entries)
    stream = sources.contents(entries)
    with ThreadPoolExecutor() as pool, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.|pillow_heif\b")  # ends in an error or does not matter
        while block := list(islice(stream, _BLOCK)):
            for (index, _), result in zip(block, pool.map(attempt, block), strict=True):
                results[index] = result
    return results


def _splits(entries: list[Entry]) -> tuple[list[str], list[list[int]]]:
    """The split of each entry, and indices of photos that are nearly the same where that had to be known."""
    if all(entry.split for entry in entries):
        return [entry.split for entry in entries], []
    return _by_content(tuple((entry, _stamp(entry)) for entry in entries))


@lru_cache(maxsize=8)  # whoever reads `train` reads `val` next
def _by_content(stamped: tuple[tuple[Entry, tuple[int, int]], ...]) -> tuple[list[str], list[list[int]]]:
    entries = [entry for entry, _ in stamped]

    def look(content: bytes, _: Entry) -> splits.Fingerprint:
        try:
            return splits.fingerprint(content, decode(content, _FINGERPRINT_SIDE))
        except ModelError:
            return splits.fingerprint(content, None)

    prints = [
        splits.Fingerprint(hashlib.sha256(entry.file.encode()).hexdigest()) if isinstance(one, str) else one
        for entry, one in zip(entries, _each(entries, look), strict=True)
    ]
    groups = splits.groups(prints)
    return splits.assign(prints, [entry.split for entry in entries], groups), groups


def _stamp(entry: Entry) -> tuple[int, int]:
    """What changes when the file does."""
    try:
        stat = entry.places[0].stat()
    except OSError:
        return 0, 0
    return stat.st_size, stat.st_mtime_ns


def _nothing(source: Path, split: str, entries: list[Entry], names: list[str]) -> str:
    there = ", ".join(f"{name} ({count})" for name, count in sorted(Counter(names).items())) or "no photos at all"
    by_content = not all(entry.split for entry in entries)
    if by_content and split in splits.NAMES:
        return (
            f"{source} says nothing about splits, and by their content none of its {len(entries)} photos falls into "
            f"{split!r}: {there}. Add photos, or say which are which: in folders {split}/<class>, or in a column split."
        )
    return f"{source} has no photos of a split {split!r}. There is: {there}."


def _unsquash(pixels: Pixels, row: dict[str, str], short_side: int | None) -> Pixels:
    """A squashed cut in the shape that it was cut in; no side shrinks for that, so nothing that was stored is lost."""
    if not (row.get("crop_w") or row.get("crop_h")):
        return pixels
    try:
        ratio = float(row.get("crop_w", "")) / float(row.get("crop_h", ""))
    except (ValueError, ZeroDivisionError):
        ratio = 0.0
    if not 1 / _STEEPEST <= ratio <= _STEEPEST:
        raise ModelError(f"can't have been cut {row.get('crop_w')!r} wide and {row.get('crop_h')!r} high")
    height, width = pixels.shape[:2]
    shape = (max(width, round(height * ratio)), max(height, round(width / ratio)))
    return shrink(np.asarray(cv2.resize(pixels, shape, interpolation=cv2.INTER_LINEAR), np.uint8), short_side)


def _list(lines: Iterable[str]) -> None:
    for line in lines:
        print(f"  {line}")
