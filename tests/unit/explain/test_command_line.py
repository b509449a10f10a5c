from __future__ import annotations

import json
from pathlib import Path

import networks
import numpy as np
import pytest
from PIL import Image

from explain.__main__ import main
from models import registry


@pytest.fixture(scope="module")
def classifier():
    return networks.explainer(networks.pooled(activation="softmax"), name="small").classifier


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch, classifier):
    """A small model answers to every name, and nothing is read from or written to the project."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "load", lambda *_: classifier)
    monkeypatch.setattr(registry, "familiar", lambda *_: None)
    monkeypatch.delenv("WHYLIGHT_MODELS", raising=False)


def photo(name: str, seed: int = 0, size=(20, 30)) -> str:
    Image.fromarray(networks.noise(*size, seed)).save(name)
    return name


def test_an_overlay_is_written_and_a_sentence_said(tmp_path, capsys):
    assert main([photo("rex.png")]) == 0
    overlay = np.asarray(Image.open(tmp_path / "explained" / "rex.png"))
    assert overlay.shape == (20, 30, 3)
    assert not np.array_equal(overlay, networks.noise(20, 30))
    said = capsys.readouterr()
    assert said.out.startswith("rex.png: ")
    assert " %, why " in said.out
    assert said.out.rstrip().endswith("-> explained/rex.png")
    assert said.err == ""


def test_a_photo_unlike_those_that_the_model_learnt_from_is_said_to_be(tmp_path, monkeypatch, capsys):
    monkeypatch.undo()  # the shipped models
    monkeypatch.chdir(tmp_path)
    samples = Path(__file__).parents[3] / "assets" / "samples"
    assert main([str(samples / "cat.jpg"), str(samples / "taxi.jpg")]) == 0
    cat, taxi = sorted(capsys.readouterr().out.splitlines(), key=lambda line: "taxi" in line)
    assert "unlike" not in cat
    assert " %, unlike the photos that the model learnt from, why " in taxi


def test_the_overlay_is_that_of_the_engine(tmp_path, classifier):
    assert main([photo("rex.png"), "--target", "cat", "--layer", "first", "--out", "there/deep"]) == 0
    expected = networks.explain.Explainer(classifier).explain("rex.png", layer="first", target="cat").overlay()
    assert np.array_equal(np.asarray(Image.open(tmp_path / "there" / "deep" / "rex.png")), np.asarray(expected))


def test_records_are_one_a_line(capsys):
    assert main([photo("one.png"), photo("two.jpg", 1), "--json", "--target", "dog"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["file"] for record in records] == ["one.png", "two.jpg"]
    assert [record["overlay"] for record in records] == ["explained/one.png", "explained/two.png"]
    assert [record["target"] for record in records] == ["dog", "dog"]
    assert all(record["layer"] == "last" and record["model"] == "small" for record in records)


def test_a_bad_file_is_named_and_the_others_are_explained(tmp_path, capsys):
    (tmp_path / "notes.jpg").write_text("no photo")
    assert main(["notes.jpg", photo("rex.png"), "gone.png", "--json"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["file"] == "rex.png"
    assert "notes.jpg: The file is not a photo" in said.err
    assert "gone.png: There is no file gone.png" in said.err
    assert "2 of 3 photos could not be explained" in said.err
    assert (tmp_path / "explained" / "rex.png").is_file()


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--layer", "lasst", "There is no layer 'lasst'. Did you mean 'last'?"),
        ("--target", "cta", "There is no class 'cta'. Did you mean 'cat'?"),
        ("--method", "gradcam", "There is no method 'gradcam'. Did you mean 'grad-cam'"),
    ],
)
def test_a_wrong_wish_ends_the_command_with_a_sentence(option, value, said, capsys):
    assert main([photo("a.png"), photo("b.png"), option, value]) == 1
    error = capsys.readouterr().err
    assert error.count(said) == 1
    assert "Traceback" not in error


def test_all_layers_make_a_contact_sheet(tmp_path, capsys):
    assert main([photo("rex.png"), "--layer", "all", "--json", "--method", "activations"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["layer"] == "all"
    assert record["layers"] == {
        "first": {"shape": [8, 8], "flat": False},
        "last": {"shape": [4, 4], "flat": False},
    }
    sheet = Image.open(tmp_path / "explained" / "rex.png")
    assert sheet.width > 2 * 200


def test_photos_of_one_name_do_not_overwrite_each_other(tmp_path, capsys):
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
    given = [photo("rex.png"), photo("rex.jpg", 1), photo("x/rex.png", 2), photo("y/rex.png", 3), photo("y/REX.png", 4)]
    assert main([*given, "--json"]) == 0
    overlays = [json.loads(line)["overlay"] for line in capsys.readouterr().out.splitlines()]
    assert len({overlay.lower() for overlay in overlays}) == 5
    assert overlays[0] == "explained/rex.png"
    assert all((tmp_path / overlay).is_file() for overlay in overlays)


def test_a_folder_is_the_photos_in_it(tmp_path, capsys):
    (tmp_path / "album").mkdir()
    for name in ("b.png", "a.JPG", "notes.txt"):
        photo(f"album/{name}") if name != "notes.txt" else (tmp_path / "album" / name).write_text("hello")
    assert main(["album", "album/b.png", "--json"]) == 0
    files = [json.loads(line)["file"] for line in capsys.readouterr().out.splitlines()]
    assert files == ["album/a.JPG", "album/b.png"]


def test_a_folder_without_photos_is_said(tmp_path, capsys):
    (tmp_path / "album").mkdir()
    assert main(["album"]) == 1
    assert "no photo" in capsys.readouterr().err


def test_the_photos_themselves_are_never_overwritten(tmp_path):
    before = (tmp_path / photo("rex.png")).read_bytes()
    assert main(["rex.png", "--out", "."]) == 0
    assert (tmp_path / "rex.png").read_bytes() == before


def test_an_impossible_name_is_said(capsys):
    assert main(["x" * 5000]) == 1
    assert "whylight explain: " in capsys.readouterr().err


def test_an_out_that_is_a_file_is_said(tmp_path, capsys):
    (tmp_path / "explained").write_text("in the way")
    assert main([photo("rex.png")]) == 1
    assert "whylight explain: " in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--layer"], ["rex.png", "--colour", "red"]])
def test_a_command_that_is_not_understood_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: whylight explain" in capsys.readouterr().err


def test_an_unknown_model_is_said(monkeypatch, capsys):
    monkeypatch.undo()
    assert main(["rex.png", "--model", "no-such-model"]) == 1
    assert "There is no model 'no-such-model'" in capsys.readouterr().err


def test_a_wrong_setting_is_said(monkeypatch, capsys):
    monkeypatch.setenv("WHYLIGHT_CACHE_BYTES", "lots")
    assert main([photo("rex.png")]) == 1
    assert "WHYLIGHT_CACHE_BYTES is 'lots'" in capsys.readouterr().err


def test_the_limits_of_the_settings_hold(monkeypatch, capsys):
    monkeypatch.setenv("WHYLIGHT_MAX_PIXELS", "100")
    assert main([photo("rex.png")]) == 1
    assert "more than the 100 that are taken" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "target", "method", "parameters"),
    [
        (["--target", "cat", "--versus", "dog"], "cat against dog", "grad-cam", {"augment": "none"}),
        (["--target", "cat", "--against"], "against cat", "grad-cam", {"augment": "none"}),
        (
            ["--target", "cat", "--versus", "dog", "--against", "--space", "probability"],
            "probability of dog against cat",
            "grad-cam",
            {"augment": "none"},
        ),
        (
            ["--method", "smooth-grad", "--set", "samples=3", "--set", "variant=squared", "--target", "dog"],
            "dog",
            "smooth-grad",
            {"samples": 3, "variant": "squared", "level": 0.15, "seed": 0, "reduce": "max_abs", "augment": "none"},
        ),
        (
            ["--method", "eigen-cam", "--set", "centred=True"],
            None,
            "eigen-cam",
            {"centred": True, "augment": "none"},
        ),
    ],
)
def test_targets_and_parameters_are_those_of_the_engine(capsys, options, target, method, parameters):
    assert main([photo("rex.png"), "--json", *options]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["target"], record["method"], record["parameters"]) == (target, method, parameters)


def test_against_alone_is_what_speaks_against_the_predicted_class(capsys):
    assert main([photo("rex.png"), "--json", "--against"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["weights"] == {record["predicted"]: -1.0}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--set", "samples=0", "--method", "smooth-grad"], "samples of smooth-grad is a whole number from 1 to 1000"),
        (["--set", "sample=3", "--method", "smooth-grad"], "Did you mean 'samples'"),
        (["--versus", "dgo"], "Did you mean 'dog'"),
        (["--method", "gradients", "--layer", "first"], "looks at no single layer"),
        (["--method", "gradients", "--layer", "all"], "looks at no single layer"),
    ],
)
def test_wrong_targets_and_parameters_are_said_once(capsys, options, said):
    assert main([photo("a.png"), photo("b.png"), *options]) == 1
    error = capsys.readouterr().err
    assert error.count(said) == 1
    assert "Traceback" not in error
