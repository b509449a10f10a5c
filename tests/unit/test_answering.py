"""How the service answers for and against at once, and makes what is kept; the rest is tested through page, engine."""

from __future__ import annotations

import io
from typing import Any

import networks
import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

import explain
from models.serving import Served
from service.answering import answer, explanation, film
from service.messages import Answer, Question

PHOTO = explain.open_photo(networks.noise(8, 8))


@pytest.fixture(scope="module")
def model() -> Served:
    return Served(networks.explainer(networks.pooled()), "Pets", None)


def both(model: Served, method: str, **how: Any) -> Answer:
    question = Question("pets", method, evidence="both", **{"target": "cat", **how})
    return answer(model, PHOTO, question, before_pass=lambda: None)


@pytest.mark.parametrize("everything", [True, False])
def test_both_is_the_map_before_the_relu(model, everything):
    found = both(model, "grad-cam", everything=everything)
    cam = model.explainer.explain(PHOTO, "cam", target="cat").map
    assert (found.shown, found.evidence, found.note) == ("signed", "both", "")
    assert set(found.maps) == ({"first", "last"} if everything else {"last"})
    assert_allclose(found.maps["last"], cam / cam.size, rtol=1e-4, atol=1e-6)


def test_both_of_one_class_against_another_is_the_difference_of_their_maps(model):
    found = both(model, "grad-cam", against="dog")
    cams = [model.explainer.explain(PHOTO, "cam", target=label).map for label in ("cat", "dog")]
    assert found.against == 1
    assert_allclose(found.maps["last"], (cams[0] - cams[1]) / cams[0].size, rtol=1e-4, atol=1e-6)


def test_a_signed_method_has_both_in_its_map(model):
    assert_allclose(
        both(model, "hires-cam").maps["last"], model.explainer.explain(PHOTO, "hires-cam", target="cat").map
    )
    assert both(model, "gradient-x-input").shown == "signed"


@pytest.mark.parametrize(("method", "note"), [("gradients", "not for or against what"), ("activations", "")])
def test_a_method_without_a_sign_answers_as_ever_and_says_so(model, method, note):
    found = both(model, method)
    assert found.evidence == "for"
    assert found.shown != "signed"
    assert note in found.note


def test_a_film_shows_all_layers_in_the_colours_of_the_question(model):
    def frame(evidence: str) -> np.ndarray:
        made = film(
            model, PHOTO, Question("pets", evidence=evidence, target="cat", everything=False), "webp", opacity=1.0
        )
        image = Image.open(io.BytesIO(made))
        assert image.n_frames == 2
        image.seek(1)
        return np.asarray(image.convert("RGB"), float)[:8]

    for evidence, shown in (("for", "viridis"), ("both", explain.drawing.DIVERGING)):
        one = model.explainer.explain(PHOTO, "cam", target="cat").overlay(1.0, shown)
        assert np.abs(frame(evidence) - np.asarray(one, float)).mean() < 45, "eight pixels, compressed"
    with pytest.raises(explain.ExplainError, match="no maps of all layers"):
        film(model, PHOTO, Question("pets", "gradients"), "webp")


@pytest.mark.parametrize("evidence", ["for", "against", "both"])
@pytest.mark.parametrize("method", ["grad-cam", "hires-cam", "gradients"])
def test_what_is_kept_is_what_is_shown(model, method, evidence):
    layer = None if method == "gradients" else "first"
    question = Question("pets", method, layer=layer, target="cat", against="dog", evidence=evidence)
    shown = answer(model, PHOTO, question, before_pass=lambda: None)
    kept = explanation(model, PHOTO, question)
    assert_allclose(kept.map, shown.maps[layer or ""], rtol=1e-4, atol=1e-6)
    assert (kept.layer, kept.record()["layer"]) == (layer, layer)
    assert ("less" in kept.record()) == ((method, evidence) == ("grad-cam", "both"))


def test_a_layer_that_can_not_be_explained_has_nothing_to_keep(model):
    with pytest.raises(explain.ExplainError, match="can't explain first"):
        explanation(model, PHOTO, Question("pets", "cam", layer="first"))
