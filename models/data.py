"""Photos to learn from and to be judged by: tar archives with a table beside them.

A set is a folder `<set>/` with `<set>-<split>.csv` (columns `file` and `label`, one row a photo) and one or more
`<set>-<split>*.tar` that hold the files. Plain NumPy and OpenCV: this module runs on every Keras backend.
"""

from __future__ import annotations

import csv
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from models.errors import ModelError

Pixels = npt.NDArray[np.uint8]


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


def read_set(folder: Path, split: str, limit: int | None = None) -> list[Example]:
    """All photos of one split in the order of its table; what cannot be read is left out and said.

    Args:
        folder: the set, for example `data/pets`.
        split: for example "train".
        limit: the first so many only.

    Raises:
        ModelError: the table or the archives are not there, or no photo of it can be read.
    """
    table = folder / f"{folder.name}-{split}.csv"
    if not table.is_file():
        raise ModelError(f"{table} is not there: a set is a folder with a table of its photos and their .tar files.")
    with table.open(newline="", encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row.get("split", split) == split][:limit]
    files = dict(_members(folder, split, {row["file"] for row in rows}))
    with ThreadPoolExecutor() as pool:
        photos = list(pool.map(lambda row: _decode(files.get(row["file"]), row), rows))
    examples = [
        Example(row["file"], row.get("species") or row["label"], pixels, row)
        for row, pixels in zip(rows, photos, strict=True)
        if pixels is not None
    ]
    if not examples:
        raise ModelError(f"{folder} holds no photo of the split {split!r} that can be read.")
    if len(examples) < len(rows):
        print(
            f"{folder.name} {split}: {len(rows) - len(examples)} of {len(rows)} photos cannot be read and are left out"
        )
    return examples


def read_mask(folder: Path, split: str, rows: list[dict[str, str]]) -> list[Pixels]:
    """The mask of each row (column `mask`): uint8, (height, width), 1 where the object is."""
    files = dict(_members(folder, split, {row["mask"] for row in rows}))
    return [
        np.asarray(cv2.imdecode(np.frombuffer(files[row["mask"]], np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)
        for row in rows
    ]


def _members(folder: Path, split: str, wanted: set[str]) -> Iterator[tuple[str, bytes]]:
    for archive in sorted(folder.glob(f"{folder.name}-{split}*.tar")):
        with tarfile.open(archive) as tar:
            for member in tar:
                file = tar.extractfile(member) if member.name in wanted else None
                if file is not None:
                    yield member.name, file.read()


def _decode(content: bytes | None, row: dict[str, str]) -> Pixels | None:
    if content is None:
        return None
    bgr = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        return None
    if "crop_w" in row:  # a squashed cut gets its shape back; no side shrinks, so nothing that was stored is lost
        height, width = bgr.shape[:2]
        ratio = float(row["crop_w"]) / float(row["crop_h"])
        shape = (max(width, round(height * ratio)), max(height, round(width / ratio)))
        bgr = cv2.resize(bgr, shape, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(bgr[..., ::-1], dtype=np.uint8)
