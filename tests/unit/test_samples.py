from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import explain
import models
from service import samples

SAMPLES = Path(__file__).parents[2] / "assets" / "samples"
LEAST = 0.9
"""How sure the model is of the wrong class."""


def test_every_sample_has_a_caption_and_there_is_no_other() -> None:
    notes = samples.notes(SAMPLES)
    assert set(notes) == {file.name for file in SAMPLES.glob("*.jpg")}
    assert all(note["caption"] for note in notes.values())


def test_the_model_gets_those_with_a_lesson_wrong_and_all_others_right() -> None:
    explainer = explain.Explainer(models.load("pets"))
    notes = samples.notes(SAMPLES)
    lessons = [name for name, note in notes.items() if "lessons" in note]
    assert lessons
    for name, note in notes.items():
        if "shows" in note:
            [(label, probability)] = explainer.predict(SAMPLES / name).top(1)
            assert (label == note["shows"]) == (name not in lessons)
            assert probability > LEAST


def test_the_evidence_lies_on_the_eyes_behind_wires() -> None:
    found = explain.Explainer(models.load("pets")).explain(SAMPLES / "wires.jpg", target="dog")
    hot = found.heat() >= 0.5
    eyes = np.zeros_like(hot)
    eyes[80:170, 125:215] = eyes[95:175, 285:355] = True
    assert (hot & eyes).sum() > 0.8 * hot.sum()


def test_the_photo_behind_wires_is_made_again() -> None:
    made = runpy.run_path(str(SAMPLES / "make.py"))["behind_wires"](Image.open(SAMPLES / "chelsea.jpg"))
    kept = Image.open(SAMPLES / "wires.jpg")
    assert np.abs(np.asarray(made, np.float32) - np.asarray(kept, np.float32)).mean() < 3, "but for JPEG"


def test_notes_need_not_be_there(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert samples.notes(tmp_path) == {}
    (tmp_path / "samples.json").write_text(json.dumps({"a.jpg": {"caption": 3}}))
    assert samples.notes(tmp_path) == {}
    assert "samples.json can't be read" in caplog.text
