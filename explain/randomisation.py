"""Does a map depend on what the model has learnt? Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim, NeurIPS 2018,
arXiv 1810.03292.

Layers lose what they have learnt one after the other, from the scores down to the input; after each the same class of
the same photo is explained again. A map that hardly changes shows the photo rather than the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import cv2
import keras
import numpy as np
import numpy.typing as npt

from explain.classifier import Classifier
from explain.explainer import Explainer
from explain.photo import Source, open_photo

Floats = npt.NDArray[np.floating[Any]]


def layers(model: keras.Model) -> list[keras.Layer]:
    """The layers with weights of their own, from the scores down to the input, each once."""
    found = [layer for layer in model._flatten_layers() if layer._trainable_variables or layer._non_trainable_variables]
    return list(dict.fromkeys(reversed(found)))


def randomise(layer: keras.Layer, seed: int) -> None:
    """Give a layer fresh weights by its own initialisers; a normalisation forgets its statistics too."""
    for number, variable in enumerate([*layer._trainable_variables, *layer._non_trainable_variables]):
        if not keras.backend.is_float_dtype(variable.dtype):
            continue  # the state of a random generator
        initializer = getattr(layer, f"{variable.name}_initializer", None) or "glorot_uniform"
        config = keras.initializers.serialize(keras.initializers.get(initializer))
        if "seed" in config["config"]:
            config["config"]["seed"] = seed + number
        fresh = keras.initializers.deserialize(config)
        variable.assign(fresh(variable.shape, dtype=variable.dtype))


def cascade(model: keras.Model, seed: int = 0) -> Iterator[str]:
    """Randomise one layer more at each step, and yield its name; when it ends, or is closed, all weights are back.

    Args:
        model: whose weights are changed meanwhile: nobody else may use it.
        seed: of the fresh weights.
    """
    kept = [weight.numpy() for weight in model.weights]
    try:
        for number, layer in enumerate(layers(model)):
            randomise(layer, seed + 1000 * number)
            yield layer.name
    finally:
        for weight, values in zip(model.weights, kept, strict=True):
            weight.assign(values)


def similarities(
    classifier: Classifier,
    source: Source,
    methods: Mapping[str, Mapping[str, Any]],
    steps: Sequence[float] = (1.0,),
    seed: int = 0,
) -> dict[str, list[dict[str, float | None]]]:
    """How alike the heat is before and after the upper layers of a model lost what they had learnt.

    Args:
        classifier: its model's weights are changed meanwhile, and are back in the end: nobody else may use it.
        source: the photo; the class that is predicted of it at first is explained throughout.
        methods: names of methods with their parameters.
        steps: shares of the layers, counted from the scores, after which the maps are compared; 1 is all of them.
        seed: of the fresh weights.

    Returns:
        By method, for each step: "rank" (Spearman's correlation of the absolute values) and "ssim" (structural
        similarity), each at most 1; None where one of the two maps is the same everywhere, and nothing can be compared.
    """
    photo = open_photo(source)
    prediction = Explainer(classifier).predict(photo)

    def heats() -> dict[str, Floats]:
        explainer = Explainer(classifier, cache_bytes=0)  # which remembers nothing of other weights
        return {
            name: explainer.explain(photo, name, target=prediction.index, **parameters).heat()
            for name, parameters in methods.items()
        }

    before = heats()
    found: dict[str, list[dict[str, float | None]]] = {name: [] for name in methods}
    count = len(layers(classifier.model))
    wanted = {max(1, round(step * count)) for step in steps}
    for number, _ in enumerate(cascade(classifier.model, seed), start=1):
        if number in wanted:
            for name, heat in heats().items():
                found[name].append(alike(before[name], heat))
    return found


def alike(one: Floats, other: Floats) -> dict[str, float | None]:
    """How alike two maps (H, W) in 0..1 are: see `similarities`."""
    return {"rank": spearman(one, other), "ssim": ssim(one, other)}


def spearman(one: npt.ArrayLike, other: npt.ArrayLike) -> float | None:
    """Spearman's rank correlation in -1..1; equal values share the mean of their ranks. None if one is constant."""
    first, second = _ranks(np.abs(np.ravel(one))), _ranks(np.abs(np.ravel(other)))
    if first.size == 0 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def _ranks(values: Floats) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse])


def ssim(one: Floats, other: Floats) -> float | None:
    """Structural similarity of maps (H, W) in 0..1: Wang, Bovik, Sheikh, Simoncelli 2004, with its Gaussian window of
    deviation 1.5 and constants; the mean over all places. None if one is constant."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    x, y = np.asarray(one, np.float64), np.asarray(other, np.float64)

    def mean(values: Floats) -> Floats:
        return np.asarray(cv2.GaussianBlur(values, (11, 11), 1.5))

    c1, c2 = 0.01**2, 0.03**2
    mx, my = mean(x), mean(y)
    vx, vy, both = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    return float(np.mean((2 * mx * my + c1) * (2 * both + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))))
