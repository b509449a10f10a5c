from __future__ import annotations

import base64
import io
import json
import re

import networks
import numpy as np
import pytest
from PIL import Image

import explain

PHOTO = networks.noise(20, 30)
EXPLAINER = networks.explainer(networks.pooled(activation="softmax"), name="small")


@pytest.mark.parametrize("method", explain.methods())
def test_a_record_that_is_read_back_explains_the_same_again(method):
    target = explain.Target({"dog": 1.0, "bird": -0.5}, "probability") if explain.methods()[method].space else None
    parameters = {"augment": "flip"} | ({"samples": 3, "seed": 4} if method == "smooth-grad" else {})
    first = EXPLAINER.explain(PHOTO, method=method, target=target, **parameters)
    again = EXPLAINER.explain(PHOTO, **explain.read_record(json.dumps(first.record())))
    np.testing.assert_array_equal(again.map, first.map)
    assert again.target == first.target
    assert again.record() | {"milliseconds": 0} == first.record() | {"milliseconds": 0}


def test_the_layer_that_was_chosen_is_read_back():
    record = EXPLAINER.explain(PHOTO, layer="first", target="cat").record()
    arguments = explain.read_record(record)
    assert arguments == {
        "method": "grad-cam",
        "layer": "first",
        "target": explain.Target({"cat": 1.0}, "logit"),
        "augment": "none",
    }


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"method": "grad-cam"}', "nonsense", 3, None])
def test_what_is_no_record_is_refused_in_words(record):
    with pytest.raises(explain.ExplainError, match="no record of an explanation"):
        explain.read_record(record)


def test_an_explanation_says_in_one_line_what_it_is():
    said = repr(EXPLAINER.explain(PHOTO, layer="first", target=("cat", "dog")))
    assert said.startswith("<Explanation: Grad-CAM, why cat against dog; map of 8 × 8 at first; photo of 30 × 20: ")
    assert "\n" not in said
    assert "why" not in repr(EXPLAINER.explain(PHOTO, method="activations"))
    assert "over the input" in repr(EXPLAINER.explain(PHOTO, method="gradients"))
    assert "nothing to show" in repr(EXPLAINER.explain(PHOTO, target=("cat", "cat")))


def test_a_notebook_shows_the_overlay_and_what_it_is():
    found = EXPLAINER.explain(PHOTO, target="cat")._repr_html_()
    assert 'src="data:image/png;base64,iVBOR' in found
    assert "Grad-CAM, why cat" in found
    assert "<Explanation" not in found


def test_a_notebook_keeps_a_small_picture_of_a_large_photo():
    found = EXPLAINER.explain(networks.noise(3000, 4000))._repr_html_()
    picture = Image.open(io.BytesIO(base64.b64decode(re.search(r"base64,([^\"]+)", found)[1])))
    assert picture.size == (960, 720)
    assert len(found) < 3e6


def test_labels_with_markup_do_not_break_a_notebook():
    explainer = networks.explainer(networks.pooled(), ("<script>", "b", "c"))
    assert "<script>" not in explainer.explain(PHOTO, target="<script>")._repr_html_()
