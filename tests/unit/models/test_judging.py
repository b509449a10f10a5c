"""What `whylight models evaluate` measures, on a model that is right about red and wrong about everything else."""

from __future__ import annotations

import csv
import dataclasses

import keras
import numpy as np
import pytest
from unit.models import sets

from models import card, storage
from models.__main__ import main
from models.architecture import Architecture
from models.card import Card
from models.recipe import Recipe

CLASSES = tuple(f"class {n}" for n in range(7))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model of seven classes that always puts them in their own order: the first is what it says."""
    network = Architecture("mobilenetv2", cut="stage1", head="pool")
    recipe = Recipe(network, classes=CLASSES, photos="photos", neither="others", weights="")
    described = Card(
        name="first",
        title="Always the first",
        description="",
        classes=CLASSES,
        network=network,
        size=32,
        fit="stretch",
        preprocessing="mobilenet_v2",
        kind="softmax",
        data="",
        licence="",
        metrics={},
        controls={},
        versions={},
        command="",
        recipe=dataclasses.asdict(recipe),
        checksum="",
        reference=(),
    )
    model = described.network.network(32, 7)
    kernel = model.get_layer("logits").weights[0]
    rising = np.zeros(kernel.shape, np.float32)
    rising[:] = -np.arange(7)  # what it reads is positive, so the first class is always ahead
    kernel.assign(rising)
    out = tmp_path_factory.mktemp("models")
    storage.save(model, described, out)
    return out / "first"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Two photos of the first class, one of the fifth and one of the seventh; cuts that were squashed to squares."""
    data = tmp_path_factory.mktemp("data")
    labels = [CLASSES[n] for n in (0, 0, 4, 6)]
    sets.write_set(data / "photos", "val", labels, crop_w=160, crop_h=64)
    sets.write_set(data / "others", "val", ["car"] * 3)
    return data


def printed(text):
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| **")]
    return {what.strip(" *"): float(value.strip(" *%")) for what, value in rows}


def test_the_label_first_and_among_the_first_five(folder, data, capsys):
    assert main(["evaluate", str(folder), "--data", str(data)]) == 0
    said = printed(capsys.readouterr().out)
    for how in (" on val", ", photos squashed to squares", ", set into whole photos"):
        assert said[f"accuracy{how}"] == 50
        assert said[f"among the first 5{how}"] == 75
    assert 0 <= said["calibration error on val"] <= 100


def test_on_photos_of_one_s_own(folder, tmp_path, capsys):
    rng = np.random.default_rng(0)
    with (tmp_path / "photos.csv").open("w", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(("file", "label", "split"))
        for n, (label, split) in enumerate([("class 0", "test"), ("class 0", "mine"), ("class 1", "mine")]):
            (tmp_path / f"{n}.png").write_bytes(sets.encode(sets.photo("cat", rng), ".png"))
            table.writerow((f"{n}.png", label, split))
    report = tmp_path / "report.html"
    photos = ["--photos", str(tmp_path / "photos.csv"), "--split", "test", "mine"]
    assert main(["evaluate", str(folder), *photos, "--report", str(report)]) == 0
    assert printed(capsys.readouterr().out)["accuracy of 3 photos"] == pytest.approx(66.7)
    assert "Always the first" in report.read_text(encoding="utf-8")


def test_a_set_that_is_not_there_is_said(folder, tmp_path, capsys):
    assert main(["evaluate", str(folder), "--data", str(tmp_path)]) == 1
    assert "photos" in capsys.readouterr().err


def test_the_card_stays_as_it_is(folder, data):
    before = card.read(folder)
    assert main(["evaluate", str(folder), "--data", str(data)]) == 0
    assert card.read(folder) == before
    assert keras.config.dtype_policy().name == "float32"
