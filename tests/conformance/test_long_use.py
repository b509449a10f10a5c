"""What a long life of a model and its Explainer must not leave behind: traces, memory, wrappers."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from pathlib import Path

import keras
import networks
import numpy as np
import pytest
from conformance.asking import every, one
from keras import layers
from numpy.testing import assert_array_equal
from tensorflow.python.eager import context  # TensorFlow counts its functions there, and nowhere in public

import explain

STATUS = Path("/proc/self/status")
TESTS = Path(__file__).parents[1]


class Counting(layers.Layer):
    """Hands its input on and counts how often Python runs it: once for each trace."""

    def __init__(self, **how) -> None:
        super().__init__(**how)
        self.runs = 0

    def call(self, x):
        self.runs += 1
        return x * 1.0


def counted(size: int = 12, channels: int = 5):
    photo = keras.Input((size, size, 3))
    x = layers.Conv2D(channels, 3, activation="relu", padding="same", name="first")(photo)
    x = layers.Conv2D(channels, 3, activation="relu", padding="same", name="last")(Counting(name="counting")(x))
    return networks.randomise(keras.Model(photo, layers.Dense(3)(layers.GlobalAveragePooling2D()(x))))


def test_a_model_is_traced_once_however_it_is_used():
    model = counted()
    runs = model.get_layer("counting").runs
    explainer = networks.explainer(model)
    assert model.get_layer("counting").runs == runs + 1
    explainer.warm()
    for number in range(20):
        photo = networks.noise(12 + number, 20, seed=number)
        explainer.predict(photo)
        for method in explain.methods():
            every(explainer, photo, method)
            one(explainer, photo, method, "last", networks.PETS[number % 3])
    another = explain.Explainer(explainer.classifier)
    another.explain(networks.noise(12, 12))
    assert model.get_layer("counting").runs == runs + 3  # once more for each rule of gradients


def test_tensorflow_traces_nothing_anew_for_further_photos():
    explainer = networks.explainer(counted())

    def use(seed):
        photo = networks.noise(12 + seed, 20, seed=seed)
        for method in explain.methods():
            every(explainer, photo, method)
            one(explainer, photo, method, target=networks.PETS[seed % 3])
        for layer in (None, "first"):
            explainer.explain(photo, "activations", layer, channel=seed % 5)
        explainer.explain_layers(photo, method="activations", channel=seed % 5)
        explainer.explain(photo, "all-layer-cam", start=seed / 12, stop=1 - seed / 24)  # one layer from the sixth on

    for seed in range(3):  # every class is once the predicted one, or not
        use(seed)
    functions = set(context.context().list_function_names())
    for seed in range(3, 12):
        use(seed)
    assert set(context.context().list_function_names()) <= functions  # those of other tests may go meanwhile


def resident() -> float:
    """The memory that this process has now, in MB."""
    gc.collect()
    lines = STATUS.read_text().splitlines()
    return next(float(line.split()[1]) / 1e3 for line in lines if line.startswith("VmRSS"))


def growth(cache_bytes: int) -> float:
    """By how many MB a process grows in fifty photos, after ten."""
    explainer = explain.Explainer(networks.explainer(counted(128, 32)).classifier, cache_bytes)  # activations of 2 MB
    for number in range(60):
        if number == 10:
            before = resident()
        photo = networks.noise(128, 128, seed=number)
        explainer.explain_layers(photo, target=number % 3)
        explainer.explain(photo, layer="first").heat()
    return resident() - before


@pytest.mark.skipif(not STATUS.exists(), reason="only Linux tells how much memory a process has")
def test_memory_stays_flat():
    """Each in a process of its own: in one that has done other things, what is kept lies in memory that these freed."""

    def grown(cache_bytes):
        command = f"from conformance.test_long_use import growth; print(growth({cache_bytes}))"
        paths = os.pathsep.join(map(str, (TESTS.parent, TESTS)))
        return float(
            subprocess.run(
                [sys.executable, "-c", command],
                env=os.environ | {"PYTHONPATH": paths},
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            ).stdout
        )

    assert grown(4_000_000) < 30
    assert grown(1_000_000_000) > 60  # what is kept is seen: 50 activations are 100 MB


def test_a_model_in_use_elsewhere_is_traced_without_its_tensors():
    model, photo = counted(), np.ones((1, 12, 12, 3), np.float32)
    expected, stop, wrong = np.asarray(model(photo)), threading.Event(), []

    def use():
        while not stop.is_set():
            if not np.array_equal(np.asarray(model(photo)), expected):
                wrong.append("other scores")

    user = threading.Thread(target=use)
    user.start()
    try:
        for _ in range(5):
            explainer = networks.explainer(model)
            assert [layer.name for layer in explainer.layers] == ["first", "counting", "last"]
    finally:
        stop.set()
        user.join()
    assert not wrong


def test_after_a_failed_trace_nothing_is_left_behind():
    class Failing(layers.Layer):
        fails = False

        def call(self, x):
            if self.fails:
                raise RuntimeError("out of order")
            return x

    photo = keras.Input((8, 8, 3))
    x = layers.Conv2D(3, 3, name="first")(photo)
    model = keras.Model(photo, layers.Dense(3)(layers.GlobalAveragePooling2D()(Failing(name="failing")(x))))
    failing = model.get_layer("failing")
    failing.fails = True
    with pytest.raises(explain.ExplainError, match="out of order"):
        networks.explainer(model)
    assert not any("call" in vars(layer) for layer in model.layers)
    failing.fails = False
    assert_array_equal(networks.explainer(model).explain(networks.noise(8, 8)).map.shape, (6, 6))
