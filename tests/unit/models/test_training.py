from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from PIL import Image
from unit.models import sets

import explain
import models
from explain import drawing
from models import checkpoint, storage, training
from models.__main__ import main
from models.architecture import Architecture
from models.batches import Batches
from models.data import Example
from models.errors import ModelError
from models.recipe import RECIPES, Recipe
from models.targets import Distilled, labels

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
    assert set(card.metrics) == {
        "accuracy on val",
        "calibration error on val",
        "heat inside the mask",
        "hottest pixel in the head box",
    }
    assert card.temperature > 0
    assert card.familiar["threshold"] > 0
    assert card.controls["heat inside the mask, uniform"] == 1  # the masks of these photos are all animal
    assert card.command.startswith("whylight models train pets --data DATA --size 96 --train-size 64 --epochs 3")
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


def test_a_run_that_was_begun_before_a_setting_existed_goes_on_with_its_default(tmp_path):
    recipe = RECIPES["cars"]
    checkpoint.claim(tmp_path, recipe, None)
    begun = json.loads((tmp_path / "recipe.json").read_text())
    del begun["fit"]
    (tmp_path / "recipe.json").write_text(json.dumps(begun))
    (tmp_path / "checkpoint.npz").touch()
    checkpoint.claim(tmp_path, recipe, None)
    with pytest.raises(ModelError, match="was begun with fit = 'stretch', now it is 'letterbox'"):
        checkpoint.claim(tmp_path, dataclasses.replace(recipe, fit="letterbox"), None)


def test_the_rate_rises_straight_and_falls_along_a_cosine():
    """Of 100 steps 20 to warm up, a quarter at most: half the rate at 10, all at 20, half again at 60, none at 100."""
    inputs = keras.Input((2,))
    network = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    recipe = dataclasses.replace(RECIPES["cars"], rate=0.4, warmup=20, silence=0.0)
    learner = training._learner(recipe, network, 100)
    schedule = learner.optimizer._learning_rate
    rates = [float(schedule(step)) for step in (0, 10, 20, 40, 60, 100)]
    assert rates == pytest.approx([0, 0.2, 0.4, 0.4 * (1 + np.cos(np.pi / 4)) / 2, 0.2, 0], abs=1e-6)
    short = training._learner(dataclasses.replace(recipe, warmup=200), network, 100)
    assert float(short.optimizer._learning_rate(25)) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("classes", "wanted"),
    [(("a", "b"), [[0.15], [0.85]]), (("a", "b", "c"), [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]])],
)
def test_smoothed_labels_by_hand(classes, wanted):
    """Three tenths are shared out: .15 for each of two classes, of which one unit says the second; .1 of three."""
    recipe = Recipe(Architecture("mobilenetv2"), classes=classes, smoothing=0.3)
    photos = [Example(label, label, np.zeros((1, 1, 3), np.uint8), {}) for label in "ab"]
    assert labels(recipe, photos) == pytest.approx(np.array(wanted))


def test_missing_data_is_said(tmp_path):
    with pytest.raises(ModelError, match=r"pets is not there: a set is"):
        training.train(RECIPES["pets"], tmp_path, tmp_path / "run")


class TestThreeClasses:
    """Photos of one's own, in a folder for each class: red, green and blue ones."""

    SMALL = ("--backbone", "mobilenetv2", "--cut", "stage2", "--weights", "", "--average", "0.5")
    SHORT = ("--size", "64", "--train-size", "32", "--batch", "6", "--warmup", "2", "--rate", "0.003")

    @pytest.fixture(scope="class")
    @staticmethod
    def photos(tmp_path_factory):
        folder = tmp_path_factory.mktemp("colours")
        rng = np.random.default_rng(0)
        for split, count in (("train", 10), ("val", 4)):
            for channel, label in enumerate(("red", "green", "blue")):
                (folder / split / label).mkdir(parents=True)
                for n in range(count):
                    pixels = rng.integers(0, 90, (48, 64, 3)).astype(np.uint8)
                    pixels[..., channel] += 120
                    (folder / split / label / f"{n}.png").write_bytes(sets.encode(pixels, ".png"))
        return folder

    @classmethod
    def train(cls, photos, out, *more):
        command = ["train", "--photos", str(photos), "--run", str(out / "run"), "--out", str(out), "--name", "mine"]
        return main([*command, *cls.SMALL, *cls.SHORT, *more])

    @pytest.fixture(scope="class")
    @classmethod
    def taught(cls, photos, tmp_path_factory):
        out = tmp_path_factory.mktemp("taught")
        assert (
            cls.train(photos, out, "--epochs", "8", "--last-epochs", "2", "--last-size", "48", "--compose", "0.3") == 0
        )
        return out

    def test_it_learns_them_and_writes_down_how(self, taught):
        card = models.available(taught)["mine"]
        assert card.classes == ("blue", "green", "red")
        assert card.kind == "softmax"
        assert card.metrics["accuracy on val"] == 1
        assert card.command.startswith("whylight models train --backbone mobilenetv2 --cut stage2")
        assert "--photos PHOTOS" in card.command
        assert str(taught) not in json.dumps(card.recipe)
        red = np.full((30, 40, 3), (170, 40, 40), np.uint8)
        assert explain.Explainer(models.load("mine", taught)).predict(red).top(1)[0][0] == "red"

    def test_it_can_teach_another(self, photos, taught, tmp_path, capsys):
        teacher = ("--distil", str(taught / "mine"), "--distil-share", "1")
        assert self.train(photos, tmp_path, "--epochs", "8", *teacher) == 0
        assert models.available(tmp_path)["mine"].metrics["accuracy on val"] == 1
        other = dict(json.loads((taught / "mine" / "card.json").read_text()), classes=["a", "b", "c"])
        (taught / "other").mkdir()
        (taught / "other" / "card.json").write_text(json.dumps(other))
        assert self.train(photos, tmp_path / "no", *teacher, "--distil", str(taught / "other")) == 1
        assert (
            "other can't teach this model: it tells other classes apart, or in another order, a, b, c; here they"
            in capsys.readouterr().err
        )

    def test_it_stops_when_nothing_is_won_any_more(self, photos, tmp_path):
        """At a rate of nothing, the first epoch is as good as any: after two more it is over."""
        assert (
            self.train(photos, tmp_path, "--epochs", "9", "--patience", "2", "--rate", "0", "--head-epochs", "0") == 0
        )
        history = (tmp_path / "run" / "history.jsonl").read_text().splitlines()
        assert [json.loads(line)["epoch"] for line in history] == [1, 2, 3]

    def test_the_weights_of_the_best_epoch_are_kept_and_a_run_that_is_over_stays_so(
        self, photos, tmp_path, monkeypatch
    ):
        """The second of four epochs is said to be the best. What is over is neither learnt nor judged again."""
        accuracies, seen = iter([0.1, 0.9, 0.2, 0.3]), []

        def judged(monitor):
            seen.append([weights.copy() for weights in monitor._network.get_weights()])
            return next(accuracies)

        monkeypatch.setattr(training._Monitor, "_right", judged)
        options = ("--epochs", "9", "--patience", "2", "--head-epochs", "0", "--checkpoint-every", "5")
        for _ in range(2):
            assert self.train(photos, tmp_path, *options) == 0
            assert len(seen) == 4
            kept = models.load("mine", tmp_path).model.get_weights()
            difference = [
                max(np.abs(one - other).max() for one, other in zip(kept, weights, strict=True)) for weights in seen
            ]
            assert difference[1] < min(difference[0], difference[2], difference[3]) / 3, "but for half precision"

    def test_as_the_shipped_residual_networks_learn_and_with_a_letterbox(self, photos, tmp_path):
        how = ("--optimizer", "sgd", "--rate", "0.05", "--batch-norm", "train", "--precision", "mixed_bfloat16")
        head = ("--head", "conv-norm", "--channels", "32", "--silence", "0.01", "--head-epochs", "0")
        assert self.train(photos, tmp_path, *how, *head, "--epochs", "20", "--fit", "letterbox") == 0
        card = models.available(tmp_path)["mine"]
        assert card.fit == models.load("mine", tmp_path).fit == "letterbox"
        assert card.metrics["accuracy on val"] > 0.8

    def test_a_head_alone_learns_on_features(self, photos, tmp_path):
        """All of the backbone is frozen, and the rest learns nothing after its own epochs."""
        alone = ("--freeze", "all", "--rate", "0", "--decay", "0", "--epochs", "1", "--head-epochs", "30")
        assert self.train(photos, tmp_path, *alone, "--head-rate", "0.01") == 0
        assert models.available(tmp_path)["mine"].metrics["accuracy on val"] > 0.6

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (("--head", "dense", "--silence", "0.1"), "has no scores of places"),
            (("--mixup", "0.2", "--silence", "0.1"), "mixed photos have no places"),
            (("--last-epochs", "2"), "last_epochs needs a last_size"),
            (("--compose", "0.5", "--compose-shape", "free"), "photos can only be composed freely"),
            (("--optimizer", "adam"), 'optimizer is "adamw" or "sgd"'),
            (("--fit", "crop"), 'fit is "stretch" or "letterbox"'),
            (
                ("--fit", "letterbox", "--compose", "0.1", "--compose-shape", "free", "--neither", "photos"),
                "lose the shape that a letterbox keeps",
            ),
            (("--view-of", "side"), 'view_of is "sides" or "pixels"'),
            (("--compose-shape", "round"), 'compose_shape is "true" or "free"'),
            (("--distil", "pets"), "how much of the target is its: distil_share"),
            (("--distil", "nosuch", "--distil-share", "1"), "There is no model 'nosuch'"),
            (("--distil", "pets", "--distil-share", "1"), "tells other classes apart, or in another order, cat, dog;"),
            (("--judge", "nowhere"), "nowhere is not there: say with --data in which folder nowhere is."),
            (("--name", "a/b"), "A model's name is its folder's, without any '/'; received 'a/b'."),
            (("--name", ".."), "received '..'."),
            (("--size", "16"), "can't be built for photos of 16 × 16"),
            (("--classes", "red"), "a model tells at least two classes apart, not red alone"),
            (("--classes", "red", "blue"), "10 of the photos of train have the label 'green', which is none of the"),
            (("--out", "/dev/null/x"), "/dev/null/x/mine: Not a directory."),
            (("--rate", "nan"), "rate must be at least 0; received nan."),
            (("--teacher", "weights.npz"), "how much of the target is its: soft"),
            (("--freeze", "stage9"), "'stage9' names no layer and no stage"),
            (("--cut", "stage9"), "has no stage 'stage9'"),
            (("--head", "round"), "There is no head 'round'"),
        ],
    )
    def test_what_contradicts_itself_is_said(self, photos, tmp_path, capsys, options, said):
        assert self.train(photos, tmp_path, *options) == 1
        assert said in capsys.readouterr().err

    def test_a_setting_may_be_mended_until_something_was_learnt(self, photos, tmp_path, capsys):
        assert self.train(photos, tmp_path, "--freeze", "stage9") == 1
        assert self.train(photos, tmp_path, "--epochs", "1", "--head-epochs", "0") == 0
        assert self.train(photos, tmp_path, "--epochs", "1", "--head-epochs", "0", "--cut", "stage1") == 1
        assert "was begun with network.cut = 'stage2', now it is 'stage1'" in capsys.readouterr().err

    def test_a_head_alone_is_kept(self, photos, tmp_path):
        """Without epochs of the whole, there is no average of its weights."""
        alone = ("--epochs", "0", "--head-epochs", "30", "--head-rate", "0.01")
        assert self.train(photos, tmp_path, *alone) == 0
        assert models.available(tmp_path)["mine"].metrics["accuracy on val"] > 0.6

    def test_a_rate_that_breaks_the_weights_is_said(self, photos, tmp_path, capsys):
        assert self.train(photos, tmp_path, "--optimizer", "sgd", "--rate", "1e30", "--head-epochs", "0") == 1
        assert re.search(r"loss is no number any more at step \d+: take a lower rate", capsys.readouterr().err)
        assert not (tmp_path / "mine" / "card.json").exists()

    def test_what_is_learnt_from_and_judged_is_counted(self, photos, tmp_path, capsys):
        shutil.copytree(photos, tmp_path / "photos")
        shutil.rmtree(tmp_path / "photos" / "val" / "green")
        shutil.copy(photos / "train" / "red" / "3.png", tmp_path / "photos" / "val" / "blue" / "leak.png")
        assert self.train(tmp_path / "photos", tmp_path, "--epochs", "1", "--head-epochs", "0") == 0
        said = capsys.readouterr().out
        assert "train: 30 photos (blue 10, green 10, red 10)\n" in said
        assert "val: 9 photos (blue 5, green 0, red 4); without any of green, nothing will be known of these\n" in said
        assert "1 of the 9 photos of val are the same as one of train or nearly so" in said
        assert "val/blue/leak.png (as train/red/3.png)." in said

    def test_one_class_is_none(self, photos, tmp_path, capsys):
        shutil.copytree(photos, tmp_path / "photos")
        for split in ("train", "val"):
            for label in ("red", "blue"):
                shutil.rmtree(tmp_path / "photos" / split / label)
        one = "All 10 photos of train are of one class, 'green': a model tells at least two apart."
        assert self.train(tmp_path / "photos", tmp_path) == 1
        assert one in capsys.readouterr().err
        assert main(["preview", "--photos", str(tmp_path / "photos"), "--out", str(tmp_path / "sheet.png")]) == 1
        assert one in capsys.readouterr().err

    def test_ctrl_c_ends_in_a_sentence(self, photos, tmp_path, monkeypatch, capsys):
        def stopped(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(Batches, "step", stopped)
        assert self.train(photos, tmp_path, "--head-epochs", "0") == 130
        assert capsys.readouterr().err.endswith("whylight models train: stopped. The same command goes on.\n")

    @pytest.mark.parametrize("option", ["--limit", "--checkpoint-every"])
    @pytest.mark.parametrize("count", ["0", "-3", "two"])
    def test_a_count_is_at_least_one(self, photos, tmp_path, capsys, option, count):
        with pytest.raises(SystemExit):
            self.train(photos, tmp_path, f"{option}={count}")
        assert f"must be a whole number of at least 1, not '{count}'" in capsys.readouterr().err

    def test_a_stored_model_s_share_of_the_target(self, taught):
        """A quarter is what it says of the very view, as the engine finds it, and the rest the view's own."""
        view = np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.uint8)
        folder, own = taught / "mine", np.array([[0.1, 0.2, 0.7]], np.float32)
        logits = explain.Explainer(models.load(folder)).predict(view).logits  # before the temperature
        said = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
        mixed = Distilled(folder, self.pupil(), 64)(view[None].astype(np.float32), own)
        np.testing.assert_allclose(mixed[0], 0.75 * own[0] + 0.25 * said, atol=1e-5)

    @staticmethod
    def pupil(**changes):
        recipe = Recipe(Architecture("mobilenetv2"), classes=("blue", "green", "red"), distil="mine", distil_share=0.25)
        return dataclasses.replace(recipe, **changes)

    def test_a_teacher_sees_photos_at_its_own_size_and_by_its_own_fit(self, taught, tmp_path):
        """A head of dense layers has one size. Plain views are the same at every size."""
        network = Architecture("mobilenetv2", cut="stage2", head="dense", channels=4)
        card = dataclasses.replace(models.available(taught)["mine"], network=network, size=32)
        teacher = network.network(32, 3)
        kernel = teacher.get_layer("logits").weights[0]
        kernel.assign(1000 * kernel)  # fresh ones say next to nothing
        storage.save(teacher, card, tmp_path)
        plain, own = np.full((1, 64, 64, 3), 90, np.float32), np.full((1, 3), 1 / 3, np.float32)
        large = Distilled(tmp_path / "mine", self.pupil(), 64)(plain, own)
        small = Distilled(tmp_path / "mine", self.pupil(), 32)(plain[:, :32, :32], own)
        np.testing.assert_allclose(large, small, atol=1e-5)
        assert abs(large - own).max() > 1e-4
        with pytest.raises(ModelError, match="knows photos by 'stretch', not by 'letterbox'"):
            Distilled(taught / "mine", self.pupil(fit="letterbox"), 64)

    def test_a_label_that_is_only_watched_is_said_at_once(self, photos, tmp_path, capsys):
        shutil.copytree(photos, tmp_path / "photos")
        shutil.copytree(photos / "val" / "red", tmp_path / "photos" / "val" / "mauve")
        assert self.train(tmp_path / "photos", tmp_path) == 1
        said = capsys.readouterr().err
        assert (
            "4 of the photos of val have the label 'mauve', which is none of the classes learnt: blue, green," in said
        )
        assert not (tmp_path / "run" / "checkpoint.npz").exists()

    def test_a_preview_shows_views_with_their_labels(self, photos, tmp_path, monkeypatch):
        captions = []
        drawn = drawing.contact_sheet
        monkeypatch.setattr(drawing, "contact_sheet", lambda views, said: captions.extend(said) or drawn(views, said))
        sheet = tmp_path / "sheet.png"
        assert main(["preview", "--photos", str(photos), "--train-size", "64", "--out", str(sheet)]) == 0
        assert main(["preview", "--photos", str(photos), "--out", str(tmp_path / "sheet.xyz")]) == 1
        with Image.open(sheet) as picture:
            assert picture.width > 300
            assert picture.height > 300
        assert set(captions) == {"red", "green", "blue"}


@pytest.mark.parametrize(("balance", "share"), [((), 0.25), (("--balance",), 0.5)])
def test_rare_classes_count_as_much_as_frequent_ones(tmp_path, balance, share):
    """The same photo thrice of one class and once of another: a head can say no more than how much each one counts."""
    photo = sets.encode(np.full((40, 40, 3), 120, np.uint8), ".png")
    for split in ("train", "val"):
        for label, count in (("a", 3), ("b", 1)):
            (tmp_path / "photos" / split / label).mkdir(parents=True)
            for n in range(count):
                (tmp_path / "photos" / split / label / f"{n}.png").write_bytes(photo)
    alone = (
        "--freeze",
        "all",
        "--rate",
        "0",
        "--decay",
        "0",
        "--epochs",
        "1",
        "--head-epochs",
        "150",
        "--smoothing",
        "0",
    )
    options = (
        *TestThreeClasses.SMALL,
        *TestThreeClasses.SHORT,
        *alone,
        "--batch",
        "4",
        "--head-rate",
        "0.05",
        *balance,
    )
    out = tmp_path / "out"
    assert (
        main(
            ["train", "--photos", str(tmp_path / "photos"), "--run", str(tmp_path / "run"), "--out", str(out), *options]
        )
        == 0
    )
    logits = explain.Explainer(models.load("photos", out)).predict(np.full((40, 40, 3), 120, np.uint8)).logits
    assert 1 / (1 + np.exp(-logits[1])) == pytest.approx(share, abs=0.05)


def test_neither_a_recipe_nor_photos_is_said(capsys):
    assert main(["train"]) == 1
    assert "Name a recipe, or photos of your own with --photos." in capsys.readouterr().err


def test_what_learns_is_summed_up():
    network = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, name="a"), keras.layers.Flatten()])
    network.add(keras.layers.BatchNormalization(name="norm"))
    network.add(keras.layers.Dense(2, name="b"))
    network.get_layer("a").trainable = network.get_layer("norm").trainable = False
    assert training.summary(network).splitlines() == [
        "frozen  a  112 weights",
        "learns  b  290 weights",
        "batch norms: 0 of 1 learn, the others keep their statistics",
        "290 of 978 weights learn",
    ]


def batches(photos, neither, **changes):
    recipe = dataclasses.replace(RECIPES["pets"], **changes)
    targets, counts = np.zeros((len(photos), 1), np.float32), np.ones(len(photos), np.float32)
    return Batches(recipe, photos, neither, targets, counts)


def some(label, count, rng):
    return [Example(f"{label}{n}", label, sets.photo(label, rng), {}) for n in range(count)]


@pytest.mark.parametrize(("shape", "fit"), [("free", "stretch"), ("true", "stretch"), ("true", "letterbox")])
def test_photos_of_neither_class_and_places_around_a_photo_must_be_silent(shape, fit):
    rng = np.random.default_rng(0)
    changes = {"batch": 8, "batch_neither": 3, "compose": 1.0, "compose_shape": shape, "fit": fit}
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


def test_the_bars_of_a_letterbox_must_be_silent():
    """The whole of a photo of 30 x 60 is the middle half of a square: two of the four rows of cells."""
    whole = {"compose": 0.0, "view": (1.0, 1.0), "view_ratio": (1.0, 1.0), "light": 0.0, "fit": "letterbox"}
    photo = Example("wide", "cat", np.full((30, 60, 3), 255, np.uint8), {})
    batch = batches([photo], [], batch=1, batch_neither=0, **whole).step(0, 64, 4)
    assert (batch.x[0, 16:48] == 255).all()
    assert (batch.x[0, :16] == 127).all()
    assert (batch.x[0, 48:] == 127).all()
    assert batch.may_speak[0, ..., 0].tolist() == [[0] * 4, [1] * 4, [1] * 4, [0] * 4]


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
