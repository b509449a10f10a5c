"""Training on a Keras backend other than TensorFlow: in a process of its own, because a backend is chosen once."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from unit.models import sets

import models
from models.__main__ import main

TRAIN = """
import sys
sys.modules["tensorflow"] = None  # as if it were not installed: Keras imports it wherever it is
from pathlib import Path
import keras, numpy as np
from models import options, training, weights
from models.recipe import RECIPES

assert keras.backend.backend() == "jax"
data, run, photos, out = map(Path, sys.argv[1:])
recipe = options.changed(RECIPES["pets"], {changes})
network, _ = training.train(recipe, data, run)
weights.write(network, out / "weights.npz")
stored = recipe.network.network(recipe.size, 1)
weights.read(stored, out / "weights.npz")
np.save(out / "logits.npy", stored.predict_on_batch(np.load(photos)))
"""
CHANGES = {"train_size": 64, "size": 64, "batch": 6, "epochs": 2, "warmup": 2, "precision": "float32"}


@pytest.mark.slow
@pytest.mark.parametrize("norms", ["inference", "train"])
def test_a_model_that_was_trained_on_jax_says_the_same_on_tensorflow(tmp_path, norms):
    """Trained on JAX, stored from its run folder by the same command on TensorFlow, and loaded."""
    data, run, there = sets.write_data(tmp_path / "data"), tmp_path / "run", tmp_path / "jax"
    there.mkdir()
    photos = np.random.default_rng(0).uniform(-1, 1, (3, 64, 64, 3)).astype(np.float32)
    np.save(tmp_path / "photos.npy", photos)
    changes = CHANGES | {"batch_norm": norms}
    script = TRAIN.replace("{changes}", repr(changes))
    subprocess.run(
        [sys.executable, "-c", script, str(data), str(run), str(tmp_path / "photos.npy"), str(there)],
        env=os.environ | {"KERAS_BACKEND": "jax"},
        check=True,
    )
    typed = [word for name, value in changes.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    assert main(["train", "pets", "--data", str(data), "--run", str(run), "--out", str(tmp_path), *typed]) == 0

    with np.load(there / "weights.npz") as theirs, np.load(tmp_path / "pets" / "weights.npz") as ours:
        assert set(ours.files) == set(theirs.files)
        for key in ours.files:
            assert np.array_equal(ours[key], theirs[key]), key
    logits = np.asarray(models.load("pets", tmp_path).model(photos, training=False))
    np.testing.assert_allclose(logits, np.load(there / "logits.npy"), rtol=1e-4, atol=1e-4)
