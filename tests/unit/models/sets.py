"""A small data folder with everything that a recipe names: photos that are easy to tell apart, and fresh weights."""

from __future__ import annotations

import csv
import io
import tarfile
from pathlib import Path

import cv2
import numpy as np

from models import backbones, weights
from models.recipe import RECIPES

SIDE = 64


def photo(label: str, rng: np.random.Generator) -> np.ndarray:
    """Red for cats, blue for dogs, grey for neither, each with noise: uint8 RGB."""
    colour = {"cat": (200, 60, 60), "dog": (60, 60, 200)}.get(label, (120, 120, 120))
    return np.clip(np.array(colour) + rng.normal(0, 20, (SIDE, SIDE + 16, 3)), 0, 255).astype(np.uint8)


def encode(pixels: np.ndarray, kind: str) -> bytes:
    return bytes(cv2.imencode(kind, pixels[..., ::-1] if pixels.ndim == 3 else pixels)[1])


def write_set(folder: Path, split: str, labels: list[str], **columns: object) -> None:
    """A table and its archive, as `models.data` reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(len(labels))
    with (
        tarfile.open(folder / f"{folder.name}-{split}.tar", "w") as tar,
        (folder / f"{folder.name}-{split}.csv").open("w", newline="") as table,
    ):
        rows = [
            {"file": f"{split}/{label}/{n}.png", "label": label, "split": split, **columns}
            for n, label in enumerate(labels)
        ]
        files = {row["file"]: encode(photo(row["label"], rng), ".png") for row in rows}
        if "mask" in columns:
            files[str(columns["mask"])] = encode(np.ones((SIDE, SIDE + 16), np.uint8), ".png")
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        writer = csv.DictWriter(table, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def write_data(data: Path) -> Path:
    """All sets and weights of the recipe for pets."""
    recipe = RECIPES["pets"]
    write_set(data / recipe.photos, "train", ["cat", "dog"] * 12)
    write_set(data / recipe.photos, "val", ["cat", "dog"] * 3)
    write_set(data / recipe.neither, "train", ["car"] * 6, crop_w=80, crop_h=64)
    boxes = {"mask": "mask.png", "head_x0": 0, "head_y0": 0, "head_x1": SIDE + 16, "head_y1": SIDE}
    write_set(data / recipe.judge, "judge", ["cat", "dog"], **boxes)
    (data / "weights").mkdir()
    weights.write(recipe.network.body(SIDE), data / recipe.weights)
    weights.write(backbones.backbone("mobilenetv2", SIDE), data / recipe.teacher)
    return data
