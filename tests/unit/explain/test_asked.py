"""What input methods ask of a model, what is refused, and many photos one after the other."""

from __future__ import annotations

import keras
import networks
import numpy as np
import pytest
import twins
from keras import layers
from numpy.testing import assert_allclose, assert_array_equal

import explain
from explain.asked import CHUNK, Asked

QUICK = {"smooth-grad": {"samples": 2}, "integrated-gradients": {"steps": 2}}
INPUT = [name for name, method in explain.methods().items() if not method.layer]
LAYERED = [name for name, method in explain.methods().items() if method.layer]


@pytest.fixture(scope="module")
def pooled():
    return networks.explainer(networks.pooled(size=twins.SIZE, seed=0))


@pytest.fixture
def asked(twin_explainer):
    classifier = twin_explainer.classifier
    weights = explain.Target({"cat": 1.0, "bird": -2.0}).vector(networks.PETS)
    return Asked(classifier.network, classifier.scale, twins.PHOTO, weights, None)


def inputs(count):
    return np.random.default_rng(41).uniform(-1, 1, (count, *twins.SIZE, 3)).astype(np.float32)


def test_it_shows_the_photo_as_pixels_and_as_the_models_input(asked):
    assert_array_equal(asked.pixels, twins.PHOTO)
    assert_allclose(asked.batch[0], twins.X, rtol=1e-6)
    assert_allclose(asked.prepare(np.full((2, *twins.SIZE, 3), 255, np.float32)), 1)
    assert [layer.name for layer in asked.layers] == ["channels"]
    assert asked.layer is None


@pytest.mark.parametrize("count", [1, CHUNK, 2 * CHUNK + 3])
def test_scores_and_gradients_of_many_inputs_by_differences(asked, twin_model, count):
    again, batch = twins.Twin(twin_model), inputs(count)
    weights = np.array([1, 0, -2])
    assert_allclose(asked.scores(batch), [again.scores(x) @ weights for x in batch.astype(float)], rtol=1e-4, atol=1e-5)
    expected = [twins.slope(lambda x: again.scores(x) @ weights, x) for x in batch.astype(float)]
    found = asked.gradients(batch)
    assert found.dtype == np.float32
    assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_scores_of_probabilities(twin_explainer, twin_model):
    weights = explain.Target({"dog": 1.0}, "probability").vector(networks.PETS)
    asked = Asked(twin_explainer.classifier.network, twin_explainer.classifier.scale, twins.PHOTO, weights, None)
    scores = twins.Twin(twin_model).scores(twins.X)
    assert asked.scores(asked.batch)[0] == pytest.approx((np.exp(scores) / np.exp(scores).sum())[1], rel=1e-5)


def test_maps_of_layers_are_those_of_the_layer_method(asked, twin_explainer):
    (found,) = asked.maps("grad-cam++", ["channels"], normalize_alpha=True)
    target = explain.Target({"cat": 1.0, "bird": -2.0})
    expected = twin_explainer.explain(twins.PHOTO, "grad-cam++", target=target, normalize_alpha=True)
    assert_allclose(found.values, expected.map, rtol=1e-6)
    assert found.facts == {"singular": 0}
    assert isinstance(found.largest, float)


@pytest.mark.parametrize(
    ("method", "how", "passes"),
    [
        ("smooth-grad", {"samples": 2 * CHUNK + 1}, 3),
        ("integrated-gradients", {"steps": 1}, 5),  # the scores of photo and baseline, the integral, doubled twice
        ("gradients", {}, 1),
        ("guided-grad-cam", {}, 2),
        ("grad-cam", {"augment": "flip+scales"}, 6),
        ("gradients", {"augment": "flip"}, 2),
        ("all-layer-cam", {}, 1),
        ("full-grad", {}, 1),
    ],
)
def test_whoever_waits_is_told_of_each_pass_and_can_end_it(twin_model, method, how, passes):
    explainer, told = twins.explainer(twin_model), []
    expected = twins.explainer(twin_model).explain(twins.PHOTO, method, **how).map

    def end_the_last():
        told.append(True)
        if len(told) == passes:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        explainer.explain(twins.PHOTO, method, before_pass=end_the_last, **how)
    told.clear()
    found = explainer.explain(twins.PHOTO, method, before_pass=lambda: told.append(True), **how)
    assert len(told) == passes
    assert_array_equal(found.map, expected, err_msg="nothing is kept of what was not finished")
    explainer.explain(twins.PHOTO, method, before_pass=end_the_last, **how)  # is known


@pytest.mark.parametrize("method", INPUT)
def test_a_method_that_looks_at_no_layer_refuses_one(twin_explainer, method):
    with pytest.raises(explain.ExplainError, match=r"looks at no single layer; received 'channels': leave it out\."):
        twin_explainer.explain(twins.PHOTO, method, "channels")
    with pytest.raises(explain.ExplainError, match=r"looks at no single layer: ask for it with `explain`\."):
        twin_explainer.explain_layers(twins.PHOTO, method=method)
    with pytest.raises(explain.ExplainError, match="looks at no single layer"):
        next(twin_explainer.explain_photos([twins.PHOTO], method, "channels"))


@pytest.mark.parametrize("method", sorted({*INPUT, *LAYERED}))
def test_many_photos_are_explained_as_each_by_itself(pooled, method):
    photos, how = [networks.noise(*twins.SIZE, seed) for seed in range(5)], QUICK.get(method, {})
    photos[1][..., [0, 2]] = 0  # green alone is of another class
    found = list(pooled.explain_photos(iter(photos), method, batch=3, **how))
    assert len({one.prediction.index for one in found}) > 1
    for photo, one in zip(photos, found, strict=True):
        alone = explain.Explainer(pooled.classifier, cache_bytes=0).explain(photo, method, **how)
        assert_allclose(one.map, alone.map, rtol=1e-4, atol=1e-5 * max(np.abs(alone.map).max(), 1e-6))
        assert_allclose(one.prediction.logits, alone.prediction.logits, rtol=1e-5, atol=1e-6)
        assert (one.layer, one.method, one.target, one.flat) == (alone.layer, alone.method, alone.target, alone.flat)


def test_photos_are_taken_as_they_are_needed(pooled):
    taken = []

    def photos():
        for seed in range(7):
            taken.append(seed)
            yield networks.noise(*twins.SIZE, seed)

    found = pooled.explain_photos(photos(), "hires-cam", batch=2)
    assert taken == []
    next(found)
    assert taken == [0, 1]
    next(found)
    assert taken == [0, 1]
    assert len(list(found)) == 5


def test_a_photo_that_can_not_be_used_does_not_undo_the_batches_before(pooled):
    found = pooled.explain_photos([networks.noise(*twins.SIZE), networks.noise(*twins.SIZE, 1), b"no photo"], batch=2)
    assert next(found).map.shape == next(found).map.shape
    with pytest.raises(explain.PhotoError):
        next(found)


def test_no_photo_is_no_explanation(pooled):
    assert list(pooled.explain_photos([])) == []


@pytest.mark.parametrize("batch", [0, -1, 2.0, True, None, "3"])
def test_a_batch_is_a_number_of_photos(pooled, batch):
    with pytest.raises(explain.ExplainError, match="batch is a whole number of photos, at least 1; received"):
        next(pooled.explain_photos([twins.PHOTO], batch=batch))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"method": "grad-cma"}, r"There is no method 'grad-cma'\. Did you mean 'grad-cam'"),
        ({"method": "smoothgrad"}, r"There is no method 'smoothgrad'\. Did you mean 'smooth-grad'"),
        ({"method": "zzzz"}, r"There is no method 'zzzz'\. Known: activations, "),
        ({"method": None}, r"There is no method None\."),
        ({"method": ["cam"]}, r"There is no method \['cam'\]\."),
        ({"layer": "chanels"}, r"There is no layer 'chanels'\. Did you mean 'channels'\?"),
        ({"target": "cta"}, r"There is no class 'cta'\. Did you mean 'cat'\?"),
        ({"augments": "flip"}, r"There is no parameter of grad-cam 'augments'\. Did you mean 'augment'\?"),
        (
            {"method": "integrated-gradients", "baseline": "blak"},
            r"baseline of integrated-gradients is 'black', 'mean'",
        ),
        ({"method": "smooth-grad", "sample": 5}, r"Did you mean 'samples'\?"),
    ],
)
def test_errors_name_what_was_perhaps_meant(twin_explainer, how, message):
    with pytest.raises(explain.ExplainError, match=message):
        twin_explainer.explain(twins.PHOTO, **how)
    with pytest.raises(explain.ExplainError, match=message):
        next(twin_explainer.explain_photos([twins.PHOTO], **how))


def test_a_score_that_the_input_does_not_reach_is_an_error():
    photo = keras.Input((*twins.SIZE, 3))
    whole = keras.ops.cast(keras.ops.cast(photo, "int32"), "float32")
    x = layers.Conv2D(2, 1, name="channels")(whole)
    scores = layers.Dense(3)(layers.GlobalAveragePooling2D()(x))
    cut = networks.explainer(keras.Model(photo, scores), preprocessing=networks.as_it_is)
    with pytest.raises(explain.ExplainError, match="No gradient reaches the model's input"):
        cut.explain(twins.PHOTO, "gradients")
    assert cut.explain(twins.PHOTO, "grad-cam").map.shape == twins.SIZE
