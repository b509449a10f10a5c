from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from callbacks import sprite


def unpacked(packed: dict[str, Any]) -> dict[str, NDArray[np.float64]]:
    """The maps, read as the page reads them."""
    image = Image.open(io.BytesIO(base64.b64decode(packed["src"].partition(",")[2])))
    assert image.mode == "L"
    sheet = np.asarray(image).astype(np.float64)
    high, low = np.split(sheet, 2)
    maps = {}
    for name, at in packed["maps"].items():
        place = np.s_[at["y"] : at["y"] + at["height"], at["x"] : at["x"] + at["width"]]
        maps[name] = at["low"] + (high[place] * 256 + low[place]) / sprite.STEPS * (at["high"] - at["low"])
    return maps


def test_maps_come_back_as_they_were() -> None:
    rng = np.random.default_rng(0)
    maps = {
        f"{side}-{number}": rng.random((side, side + number), np.float32) * 7
        for side in (112, 56, 14, 7, 1)
        for number in range(9)
    }
    back = unpacked(sprite.pack(maps))
    assert list(back) == list(maps)
    for name, values in maps.items():
        assert np.abs(back[name] - values).max() <= 7 / 255 / 2 + 1e-6, name


def test_a_small_positive_part_of_a_signed_map_keeps_its_steps() -> None:
    values = np.linspace(-1, 0.02, 400, dtype=np.float32).reshape(20, 20)
    back = unpacked(sprite.pack({"signed": values}))["signed"]
    positive = values > 0
    assert np.abs(back - values)[positive].max() < 0.02 / 255


def test_maps_of_nothing_stay_nothing() -> None:
    back = unpacked(sprite.pack({"zero": np.zeros((3, 4), np.float32), "one": np.ones((1, 1), np.float32)}))
    assert not back["zero"].any()
    assert back["one"] == 1


def test_no_two_maps_overlap() -> None:
    maps = {str(n): np.ones((5 + n % 3, 200), np.float32) for n in range(12)}
    taken = np.zeros((200, 700), int)
    for at in sprite.pack(maps)["maps"].values():
        taken[at["y"] : at["y"] + at["height"], at["x"] : at["x"] + at["width"]] += 1
    assert taken.max() == 1
