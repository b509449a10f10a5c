"""Explanations as an animation."""

from __future__ import annotations

import io
from pathlib import Path

import networks
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

import explain
from explain import ExplainError
from explain.animation import BAR


@pytest.fixture(scope="module")
def layers() -> dict[str, explain.Explanation]:
    explainer = networks.explainer(networks.pooled(size=(48, 64)))
    photo = np.asarray(Image.fromarray(networks.noise(4, 6)).resize((160, 96), Image.Resampling.BILINEAR))
    return explainer.explain_layers(photo, layers=["last", "first", "last"], method="layer-cam")


def frames(image: Image.Image) -> list[np.ndarray]:
    found = []
    for number in range(image.n_frames):  # type: ignore[attr-defined]
        image.seek(number)
        found.append(np.asarray(image.convert("RGB")))
    return found


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_a_frame_for_each_layer_of_the_given_side_and_duration(layers, kind, tmp_path: Path):
    file = tmp_path / f"film.{kind}"
    explain.film(layers, file, side=80, milliseconds=120, opacity=0.8, colormap="inferno")
    film = Image.open(file)
    assert film.format == kind.upper()
    assert film.n_frames == len(layers) == 2
    assert film.size == (80, 48 + BAR)
    assert film.info["loop"] == 0, "round and round"
    durations = []
    for number in range(2):
        film.seek(number)
        film.load()
        durations.append(film.info["duration"])
    assert durations == [120, 600]


def test_the_first_frame_is_the_overlay_with_a_line_below(layers):
    first = next(iter(layers.values()))
    overlay = np.asarray(first.overlay(opacity=0.6, colormap="magma"), np.float32)
    for kind in ("webp", "gif"):
        stream = io.BytesIO()
        explain.film(layers, stream, kind, side=None, opacity=0.6, colormap="magma")
        found = frames(Image.open(stream))
        seen = found[0][:-BAR].astype(np.float32)
        assert seen.shape == overlay.shape
        other = np.asarray(list(layers.values())[1].overlay(opacity=0.6, colormap="magma"), np.float32)
        assert np.abs(seen - overlay).mean() < 0.4 * np.abs(seen - other).mean(), "compressed, but the same picture"
        assert found[0][-BAR:].min() < 80, "with letters"
        assert np.abs(found[0][-BAR:].astype(int) - found[1][-BAR:]).max() > 80, "other ones for another layer"


def test_a_smaller_photo_is_drawn_exactly_as_it_is(layers, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "explain.animation._captioned", lambda picture, words: drawn.append((picture, words)) or picture
    )
    explain.film(list(layers.values()), io.BytesIO(), "webp", side=400)
    assert [words for _, words in drawn] == ["last · 24 × 32 · 1 of 2", "first · 48 × 64 · 2 of 2"]
    for (picture, _), one in zip(drawn, layers.values(), strict=True):
        assert_array_equal(np.asarray(picture), np.asarray(one.overlay()))


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"file": "film.mp4"}, "received 'mp4'"),
        ({"file": io.BytesIO()}, "received ''"),
        ({"explanations": []}, "at least one"),
        ({"side": 8}, "side is a whole number from 32"),
        ({"milliseconds": 0}, "milliseconds is a whole number from 10"),
        ({"opacity": 2}, "Opacity"),
    ],
)
def test_what_is_wrong_is_said(layers, tmp_path: Path, how, words):
    given = {"explanations": layers, "file": "film.webp", **how}
    if isinstance(given["file"], str):
        given["file"] = tmp_path / given["file"]
    with pytest.raises(ExplainError, match=words):
        explain.film(**given)
    assert not list(tmp_path.iterdir())
