"""Every method on one network written in every way that Keras allows: the maps are the same."""

from __future__ import annotations

import functools

import networks
import numpy as np
import pytest
from conformance.asking import one
from conformance.variants import SIZE, VARIANTS
from numpy.testing import assert_allclose

import explain

PHOTO = networks.noise(*SIZE, seed=3)


@functools.cache
def explainer(name: str) -> explain.Explainer:
    return VARIANTS[name].explainer()


def assert_same(found: np.ndarray, expected: np.ndarray, precise: bool) -> None:
    tolerance = 1e-5 if precise else 2e-2
    assert np.abs(expected).max() > 0
    assert_allclose(found, expected, atol=tolerance * np.abs(expected).max(), rtol=0)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_scores_are_those_of_the_plain_network(name):
    assert_allclose(
        explainer(name).predict(PHOTO).logits,
        explainer("plain").predict(PHOTO).logits,
        atol=1e-5 if VARIANTS[name].precise else 2e-2,
    )


@pytest.mark.parametrize("method", explain.methods())
@pytest.mark.parametrize("name", VARIANTS)
def test_the_maps_are_those_of_the_plain_network(name, method):
    variant = VARIANTS[name]
    assert explainer(name).default_layer == variant.last
    places = [(variant.first, "first"), (variant.last, "last"), (None, None)]
    for target in ("cat", "dog", ("bird", "cat")):
        for path, layer in {"cam": places[1:]}.get(method, places) if explain.methods()[method].layer else places[2:]:
            # Half precision puts some points on a path to the other side of a kink; of many, these do not matter.
            found = one(explainer(name), PHOTO, method, path, target, few=variant.precise)
            expected = one(explainer("plain"), PHOTO, method, layer, target, few=variant.precise)
            assert found.map.dtype == np.float32
            assert found.layer == (path or (variant.last if explain.methods()[method].layer else None))
            assert found.flat == expected.flat
            if not expected.flat:
                assert_same(found.map, expected.map, variant.precise)


def test_a_layer_that_runs_twice_has_two_names():
    found = explainer("shared")
    assert [layer.name for layer in found.layers] == ["body/first", "body/last", "body/first:2", "body/last:2", "sum"]
    mirrored = found.explain(PHOTO, "activations", "body/last:2").map
    expected = explainer("plain").explain(np.ascontiguousarray(PHOTO[:, ::-1]), "activations", "last").map
    assert_allclose(mirrored, expected, atol=1e-6)
    assert found.explain(PHOTO, layer="body/last:2").flat  # no score depends on it
    assert not found.explain(PHOTO, layer="body/last").flat


@pytest.mark.parametrize("method", explain.methods())
@pytest.mark.parametrize("activation", [None, "sigmoid"])
def test_one_sigmoid_unit_is_two_classes(method, activation):
    single = networks.pooled(1, activation, SIZE)
    two = networks.pooled(2, None, SIZE)
    kernel, bias = single.get_layer("scores").get_weights()
    for layer in ("first", "last"):
        two.get_layer(layer).set_weights(single.get_layer(layer).get_weights())
    two.get_layer("scores").set_weights([np.hstack([-kernel, kernel]), np.hstack([-bias, bias])])
    unit = networks.explainer(single, ("cat", "dog"))
    pair = networks.explainer(two, ("cat", "dog"), kind="multilabel")
    assert unit.kind == "sigmoid"
    assert_allclose(unit.predict(PHOTO).logits, pair.predict(PHOTO).logits, rtol=1e-5)
    assert_allclose(unit.predict(PHOTO).probabilities, pair.predict(PHOTO).probabilities, rtol=1e-5)
    assert unit.predict(PHOTO).probabilities.sum() == pytest.approx(1)
    for target in (None, "cat", "dog", ("cat", "dog")):
        expected = one(pair, PHOTO, method, target=target)
        found = one(unit, PHOTO, method, target=target)
        assert_allclose(found.map, expected.map, rtol=1e-5, atol=1e-6 * np.abs(expected.map).max())
        assert found.flat == expected.flat
