"""Every method of the registry on every kind of network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import networks
import numpy as np
import pytest
from conformance.asking import every, one, works
from numpy.testing import assert_allclose, assert_array_equal

import explain

PHOTO = networks.noise(30, 40)


@dataclass(frozen=True)
class Case:
    name: str
    kind: networks.Kind
    classifier: explain.Classifier
    explainer: explain.Explainer
    before: dict[str, Any]


def state(model, shape) -> dict[str, Any]:
    """All that using a model must not change."""
    layers = [model, *model._flatten_layers(include_self=False)]
    photo = networks.noise(*shape[:2])[None, ..., : shape[2]] / np.float32(255)
    return {
        "numbers": [np.asarray(model(photo)), *(weight.numpy() for weight in model.weights)],
        "trainable": [layer.trainable for layer in layers],
        "attributes": [sorted(vars(layer)) for layer in layers],
        "functions": [{name: value for name, value in vars(layer).items() if callable(value)} for layer in layers],
        "calls": [layer.call for layer in layers],
    }


@pytest.fixture(scope="module", params=networks.KINDS)
def case(request):
    described = networks.KINDS[request.param]
    built = described.build()
    before = state(built, described.shape)
    classifier = networks.kind(request.param, built)
    return Case(request.param, described, classifier, explain.Explainer(classifier), before)


def test_layers_are_listed_in_running_order(case):
    assert tuple(layer.name for layer in case.explainer.layers) == case.kind.layers


def test_the_default_layer_is_what_the_pooling_reads(case):
    assert case.explainer.default_layer == case.kind.default
    assert case.explainer.explain(PHOTO).layer == case.kind.default


def test_the_kind_of_output_is_found(case):
    assert case.explainer.kind == case.kind.output


def test_the_prediction_is_what_the_model_says(case):
    said = np.array(case.classifier.model(case.classifier.prepare(explain.open_photo(PHOTO)), training=False))[0]
    prediction = case.explainer.predict(PHOTO)
    ends_in_probabilities = np.all((said >= 0) & (said <= 1)) and "one unit" not in case.name
    found = prediction.probabilities if ends_in_probabilities else prediction.logits
    expected = said if len(said) > 1 else [1 - said[0], said[0]] if ends_in_probabilities else [-said[0], said[0]]
    assert_allclose(found, expected, rtol=1e-5 if case.name != "mixed precision" else 1e-2, atol=1e-6)
    assert prediction.probabilities.dtype == prediction.logits.dtype == np.float32
    assert sum(prediction.probabilities) == pytest.approx(1) or case.kind.output == "multilabel"


@pytest.mark.parametrize("method", explain.methods())
def test_every_layer_has_a_finite_map_of_its_size(case, method):
    if not works(method, case.name):
        with pytest.raises(explain.ExplainError, match="pooling"):
            every(case.explainer, PHOTO, method)
        return
    found, described = every(case.explainer, PHOTO, method), explain.methods()[method]
    expected = (case.kind.default,) if method == "cam" else case.kind.layers if described.layer else (None,)
    assert tuple(found) == expected
    shapes = {layer.name: layer.shape[:2] for layer in case.explainer.layers}
    for layer, one_found in found.items():
        assert one_found.map.dtype == np.float32
        assert one_found.map.shape == (shapes[layer] if described.in_graph else case.classifier.size)
        assert np.isfinite(one_found.map).all()
        assert described.signed or one_found.map.min() >= 0
        assert (one_found.method, one_found.layer) == (method, layer)
        heat = one_found.heat()
        assert heat.shape == (30, 40)
        assert heat.dtype == np.float32
        assert heat.min() >= 0
        assert heat.max() == (0 if one_found.flat else 1)
    first = case.classifier.classes[0]
    targets = (first, explain.Target({first: -1.0}))  # nothing may speak for a class, but then something is against it
    assert any(not shown.flat for target in targets for shown in every(case.explainer, PHOTO, method, target).values())


@pytest.mark.parametrize("method", explain.methods())
def test_an_answer_from_what_is_kept_is_the_answer_of_a_full_pass(case, method):
    if not works(method, case.name):
        return
    forgetful = explain.Explainer(case.classifier, cache_bytes=0)
    remembering = explain.Explainer(case.classifier)
    for layer in every(remembering, PHOTO, method):
        for target in (*case.classifier.classes, case.classifier.classes[:2], None):
            full = one(forgetful, PHOTO, method, layer, target)
            kept = one(remembering, PHOTO, method, layer, target)
            tolerance = 1e-5 if case.name != "mixed precision" else 1e-2
            assert_allclose(kept.map, full.map, rtol=tolerance, atol=tolerance * max(np.abs(full.map).max(), 1e-6))
            assert (kept.flat, kept.layer, kept.target) == (full.flat, full.layer, full.target)


def test_behind_a_pooling_the_evidence_for_and_against_adds_up_to_the_score(case):
    # Of a linear head behind a global average pooling: what is for minus what is against is the score minus its bias.
    if not case.kind.head:
        assert case.name in ("flattened", "pooled by maximum")
        return
    (head,) = (layer for layer in case.classifier.model._flatten_layers() if layer.name == case.kind.head)
    bias = head.get_weights()[1]
    bias = [-bias[0], bias[0]] if case.kind.output == "sigmoid" else bias
    for index, label in enumerate(case.classifier.classes):
        up = case.explainer.explain(PHOTO, target=label).map.sum(dtype=np.float64)
        down = case.explainer.explain(PHOTO, target=explain.Target({label: -1.0})).map.sum(dtype=np.float64)
        score = float(case.explainer.predict(PHOTO).logits[index] - bias[index])
        assert up - down == pytest.approx(score, rel=1e-4 if case.name != "mixed precision" else 2e-2)


def test_the_model_is_left_as_it_was(case):
    for method in explain.methods():
        if works(method, case.name):
            every(case.explainer, PHOTO, method, 0)
    after = state(case.classifier.model, case.kind.shape)
    for first, other in zip(case.before.pop("numbers"), after.pop("numbers"), strict=True):
        assert_array_equal(first, other)
    assert after == case.before
