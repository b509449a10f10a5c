"""One Explainer for many photos and many threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import networks
import numpy as np
import pytest
from conformance.asking import every, one
from numpy.testing import assert_array_equal

import explain
from explain.explainer import WARM

LIMIT = 6_000  # a handful of these networks' activations


@pytest.mark.parametrize("kind", ["functional", "residual"])
def test_many_photos_fill_neither_the_cache_nor_the_list_of_compiled_functions(kind):
    explainer = explain.Explainer(networks.kind(kind), cache_bytes=LIMIT)
    compiled = set()
    for seed in range(8):
        photo = networks.noise(12, 12, seed)
        for method in explain.methods():
            one(explainer, photo, method)
            for target in ("dog", ("bird", "cat"), explain.Target({"cat": seed + 0.5})):
                one(explainer, photo, method, target=target)
                if method != "cam":
                    one(explainer, photo, method, explainer.layers[1].name, target)
            every(explainer, photo, method)
        assert 0 < explainer._answers._cache.bytes <= LIMIT
        compiled.add(len(explainer._network._compiled))
        if seed == 1:
            compiled.clear()
    assert len(compiled) == 1


def test_without_a_cache_everything_is_answered_all_the_same():
    classifier = networks.kind("functional")
    explainer, other = explain.Explainer(classifier, cache_bytes=0), explain.Explainer(classifier)
    photo = networks.noise(20, 20)
    for method in explain.methods():
        for _ in range(2):
            assert_array_equal(one(explainer, photo, method).map, one(other, photo, method).map)
    assert explainer._answers._cache.bytes == 0


def test_two_explainers_of_one_classifier_agree():
    classifier = networks.kind("residual")
    first, other = explain.Explainer(classifier), explain.Explainer(classifier)
    photo = networks.noise(12, 12)
    assert_array_equal(first.explain(photo, target="dog").map, other.explain(photo, target="dog").map)


@pytest.mark.parametrize("kind", ["residual", "nested", "compiled subclass", "mixed precision"])
def test_eight_threads_get_the_maps_of_one(kind):
    classifier = networks.kind(kind)
    tasks = [
        (seed, method, layer, target)
        for seed in range(2)
        for method in explain.methods()
        for layer in (None, *networks.KINDS[kind].layers[:2])
        if layer is None or (explain.methods()[method].layer and method != "cam")
        for target in (None, "cat", ("dog", "bird"))
    ]

    def answer(explainer, task):
        seed, method, layer, target = task
        photo = networks.noise(14, 13, seed)
        found = one(explainer, photo, method, layer, target)
        together = every(explainer, photo, method, target)
        return [found.map, found.heat(), *(each.map for each in together.values()), found.prediction.logits]

    alone = [answer(explain.Explainer(classifier), task) for task in tasks[::5]]
    shared = explain.Explainer(networks.kind(kind), cache_bytes=LIMIT)  # threads evict what others have put
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda task: answer(shared, task), tasks))
    for expected, found in zip(alone, answers[::5], strict=True):
        for alone_found, other in zip(expected, found, strict=True):
            rounding = {"rtol": 1e-5, "atol": 1e-6} if kind != "mixed precision" else {"rtol": 1e-2, "atol": 1e-2}
            np.testing.assert_allclose(other, alone_found, **rounding)
    assert shared._answers._cache.bytes <= LIMIT


def test_while_one_thread_compiles_others_use_what_is_there():
    explainer, compiling, go_on = explain.Explainer(networks.kind("functional")), threading.Event(), threading.Event()

    def slow(score, _):
        compiling.set()
        go_on.wait(60)
        return [score]

    for seed in range(2):
        explainer.explain(networks.noise(12, 12, seed), target="cat")
    with ThreadPoolExecutor(2) as pool:
        slowly = pool.submit(explainer._network.decomposed, slow)
        assert compiling.wait(60)
        try:
            quickly = pool.submit(explainer.explain, networks.noise(12, 12, 2), target="cat")
            assert quickly.result(30).map.shape == (6, 6)
            assert not slowly.done()
        finally:
            go_on.set()


def test_models_that_share_layers_can_be_traced_in_several_threads():
    # Each trace sees the layers that it runs, and not those that another thread runs meanwhile.
    model = networks.KINDS["nested"].build()
    photo = networks.noise(12, 12)

    def made(_):
        for _ in range(5):
            model(np.zeros((1, 12, 12, 3), np.float32))  # plain use goes on
        explainer = networks.explainer(model)
        return [layer.name for layer in explainer.layers], explainer.explain(photo, target="cat").map

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(made, range(8)))
    for names, values in results:
        assert tuple(names) == networks.KINDS["nested"].layers
        assert_array_equal(values, results[0][1])


def test_warming_up_leaves_no_trace_in_the_cache():
    explainer = explain.Explainer(networks.kind("functional"))
    explainer.warm()
    assert explainer._answers._cache.bytes == 0
    compiled = len(explainer._network._compiled)
    photo = networks.noise(30, 40)
    for method in WARM:  # what a page needs first
        explainer.explain(photo, method=method)
        explainer.explain(photo, method=method, target="dog")
        explainer.explain_layers(photo, method=method)
    assert len(explainer._network._compiled) == compiled


def test_an_answer_may_be_written_into_without_spoiling_later_ones():
    explainer = explain.Explainer(networks.kind("functional"))
    photo = networks.noise(12, 12)
    for method in explain.methods():
        found = one(explainer, photo, method)
        expected = found.map.copy()
        found.map[:] = -1
        every(explainer, photo, method)[found.layer].map[:] = -1
        again = one(explainer, photo, method)
        assert_array_equal(again.map, expected)
        if found.channels is not None:
            channels = found.channels.copy()
            found.channels[:] = -1
            assert_array_equal(one(explainer, photo, method).channels, channels)


def test_a_prediction_cannot_be_written_into():
    prediction = explain.Explainer(networks.kind("functional")).predict(networks.noise(12, 12))
    for scores in (prediction.logits, prediction.probabilities):
        with pytest.raises(ValueError, match="read-only"):
            scores[0] = 0


@pytest.mark.parametrize("layer", ["stem", "inner", None])
def test_the_activations_of_a_new_photo_take_one_pass(layer, monkeypatch):
    prepared = []
    original = explain.Classifier.prepare
    monkeypatch.setattr(explain.Classifier, "prepare", lambda *given: prepared.append(1) or original(*given))
    explainer, photo = explain.Explainer(networks.kind("residual")), networks.noise(12, 12)
    found = explainer.explain(photo, "activations", layer)
    assert len(prepared) == 1
    again = explain.Explainer(networks.kind("residual"), cache_bytes=0).explain(photo, "activations", layer)
    np.testing.assert_allclose(found.channels, again.channels, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.map, found.channels.mean(-1), rtol=1e-5, atol=1e-6)
