from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from unit.models import sets

import explain
import models
from models import training
from models.__main__ import main
from models.batches import Batches
from models.data import Example
from models.errors import ModelError
from models.recipe import RECIPES

TINY = [
    "--train-size",
    "64",
    "--batch",
    "6",
    "--epochs",
    "3",
    "--warmup",
    "2",
    "--precision",
    "float32",
    "--size",
    "96",
]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return sets.write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    """A model trained by the command line without a break: (folder of models, run folder)."""
    out, run = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("run")
    assert main(["train", "pets", "--data", str(data), "--run", str(run), "--out", str(out), *TINY]) == 0
    return out, run


def test_a_killed_run_goes_on_to_the_same_weights(data, trained, tmp_path):
    """kill -9 in the middle, then the same command again: bit for bit what an unbroken run gives."""
    command = ["train", "pets", "--data", str(data), "--run", str(tmp_path / "run"), "--out", str(tmp_path), *TINY]
    process = subprocess.Popen(
        [sys.executable, "-m", "models", *command, "--checkpoint-every", "1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    checkpoint = tmp_path / "run" / "checkpoint.npz"
    deadline = time.monotonic() + 240
    while not checkpoint.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with np.load(checkpoint) as archive:
        step = int(archive["step"])
    assert 1 <= step < 12, "the run was over before it was killed"

    assert main([*command, "--checkpoint-every", "100"]) == 0
    with np.load(trained[0] / "pets" / "weights.npz") as whole, np.load(tmp_path / "pets" / "weights.npz") as resumed:
        assert whole.files == resumed.files
        for key in whole.files:
            np.testing.assert_array_equal(whole[key], resumed[key], err_msg=key)


def test_a_trained_model_is_loaded_with_its_card(trained):
    out, _ = trained
    card = models.available(out)["pets"]
    assert card.classes == ("cat", "dog")
    assert card.kind == "sigmoid"
    assert set(card.metrics) == {"accuracy on val", "heat inside the mask", "hottest pixel in the head box"}
    assert card.controls["heat inside the mask, uniform"] == 1  # the masks of these photos are all animal
    assert card.command.startswith("whylight models train pets --data DATA --epochs 3 --batch 6 --train-size 64")
    assert len(card.checksum) == 64
    classifier = models.load("pets", out)
    assert classifier.name == "pets"
    probabilities = explain.Explainer(classifier).predict(np.zeros((50, 60, 3), np.uint8)).probabilities
    assert probabilities.shape == (2,)
    assert probabilities.sum() == pytest.approx(1)


def test_a_run_folder_belongs_to_one_recipe(data, trained, capsys):
    _, run = trained
    assert main(["train", "pets", "--data", str(data), "--run", str(run), *TINY, "--seed", "12"]) == 1
    assert "was begun with seed = 11, now it is 12" in capsys.readouterr().err


def test_missing_data_is_said(tmp_path):
    with pytest.raises(ModelError, match=r"pets-train\.csv is not there"):
        training.train(RECIPES["pets"], tmp_path, tmp_path / "run")


def batches(photos, neither, **changes):
    recipe = dataclasses.replace(RECIPES["pets"], **changes)
    targets, counts = np.zeros((len(photos), 1), np.float32), np.ones(len(photos), np.float32)
    return Batches(recipe, photos, neither, targets, counts)


def some(label, count, rng):
    return [Example(f"{label}{n}", label, sets.photo(label, rng), {}) for n in range(count)]


@pytest.mark.parametrize("shape", ["free", "true"])
def test_photos_of_neither_class_and_places_around_a_photo_must_be_silent(shape):
    rng = np.random.default_rng(0)
    changes = {"batch": 8, "batch_neither": 3, "compose": 1.0, "compose_shape": shape}
    batch = batches(some("cat", 8, rng), some("car", 1, rng), **changes).step(0, 64, 4)
    assert batch.x.shape == (11, 64, 64, 3)
    assert batch.counts.tolist() == [1] * 8 + [0] * 3
    may_speak = batch.may_speak[..., 0]
    assert may_speak[8:].max() == 0
    assert (may_speak[:8].max((1, 2)) == 1).all()
    for photo, cells in zip(batch.x[:8], may_speak[:8], strict=True):
        red = photo[..., 0] - photo[..., 2] > 60  # the cat's photo on the grey one
        seen = red.reshape(4, 16, 4, 16).mean((1, 3))
        assert (seen[cells == 0] < 0.05).all()
        assert (seen[cells == 1] > 0).all()


def test_steps_are_drawn_from_seed_and_step_alone():
    rng = np.random.default_rng(0)
    photos = some("cat", 9, rng)
    drawn = batches(photos, photos, batch=4, rand_augment=0.3, erasing=0.3, mixup=0.4, cutmix=0.5)
    first, again, next_one = (drawn.step(step, 32, 2).x for step in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, next_one)
    of_range = [batch.x for batch in drawn.range(4, 7, 32, 2)]
    assert np.array_equal(of_range[1], first)
    assert np.array_equal(of_range[2], next_one)


class TestStored:
    """What is wrong with a stored model is said when it is loaded."""

    @pytest.fixture
    def folder(self, trained, tmp_path):
        for file in (trained[0] / "pets").iterdir():
            (tmp_path / "pets").mkdir(exist_ok=True)
            (tmp_path / "pets" / file.name).write_bytes(file.read_bytes())
        return tmp_path / "pets"

    def test_other_weights(self, folder):
        content = bytearray((folder / "weights.npz").read_bytes())
        content[-1] ^= 1
        (folder / "weights.npz").write_bytes(content)
        with pytest.raises(explain.ExplainError, match="not the file that its card was written for"):
            models.load(folder)

    def test_other_outputs(self, folder):
        card = json.loads((folder / "card.json").read_text())
        card["reference"][0][0] += 1.0
        (folder / "card.json").write_text(json.dumps(card))
        with pytest.raises(explain.ExplainError, match="computes other outputs"):
            models.load(folder)

    def test_a_damaged_card(self, folder):
        (folder / "card.json").write_text("{")
        with pytest.raises(explain.ExplainError, match=r"card\.json is damaged"):
            models.load(folder)

    def test_no_weights(self, folder):
        (folder / "weights.npz").unlink()
        with pytest.raises(explain.ExplainError, match=r"has no weights\.npz"):
            models.load(folder)

    def test_verify_names_what_is_wrong_and_goes_on(self, folder, monkeypatch, capsys):
        (folder / "weights.npz").unlink()
        (folder.parent / "other").mkdir()
        monkeypatch.setenv("WHYLIGHT_MODELS", str(folder.parent))
        assert main(["verify", "pets", "nonsense"]) == 1
        said = capsys.readouterr().err
        assert "pets: " in said
        assert "There is no model 'nonsense'" in said


def test_an_unknown_name_gets_the_closest():
    with pytest.raises(explain.ExplainError, match=r"no model 'pet'. Did you mean 'pets'\?"):
        models.load("pet")
