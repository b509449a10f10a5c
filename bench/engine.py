"""The engine: ResNet50V2 at 224 px with fresh weights, one photo at a time."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

import explain
from bench.timing import medians, table
from explain.methods import find


def run() -> None:
    model = keras.applications.ResNet50V2(weights=None, classes=300, classifier_activation=None)
    classes = [f"class {n}" for n in range(300)]
    classifier = explain.Classifier(model, classes, "resnet_v2", name="ResNet50V2")
    explainer = explain.Explainer(classifier)
    network, method = classifier.network, find("grad-cam")
    plain = tf.function(lambda x: model(x, training=False), input_signature=[tf.TensorSpec((None, 224, 224, 3))])
    photos = _photos(224, 224)
    batch = tf.constant(classifier.prepare(explain.open_photo(next(photos)())))
    target = tf.constant(explain.Target({classes[5]: 1.0}).vector(classes)), tf.zeros(2)
    last = explainer.default_layer
    convolutions = [layer.name for layer in explainer.layers if layer.kind == "Conv2D"]
    one = network.maps(method, {}, [last], [])
    every = network.maps(method, {}, convolutions, [])
    known = next(photos)()
    explainer.explain(known)
    labels = itertools.cycle(classes)  # another one each time, so that no map is known already
    family = [name for name, one in explain.methods().items() if one.family == "cam" and name != "grad-cam"]
    for name in family:  # a method is compiled when it is first asked for
        explainer.explain(known, name, target=classes[-1])
    others = itertools.product(classes[:-1], family)
    unused = iter(convolutions)
    batch32 = tf.constant(np.random.default_rng(1).uniform(-1, 1, (32, 224, 224, 3)), tf.float32)
    small, large = _photos(768, 1024), _photos(3000, 4000)
    seconds = medians(
        {
            "forward": lambda: plain(batch).numpy(),
            "last": lambda: _fetched(one(batch, *target)),
            "every": lambda: _fetched(every(batch, *target)),
            "heat": lambda: explainer.explain(next(photos)()).heat(),
            "class": lambda: explainer.explain(known, target=next(labels)),
            "method": lambda: _other(explainer, known, *next(others)),
            "layer": lambda: explainer.explain(known, layer=next(unused)),
            "scale small": _scaling(classifier, next(small)()),
            "scale large": _scaling(classifier, next(large)()),
        }
    )
    many = medians(
        {"forward": lambda: plain(batch32).numpy(), "maps": lambda: _fetched(one(batch32, *target))}, rounds=7
    )
    forward = seconds.pop("forward")
    ratio = {name: f"{value / forward:.3f}" for name, value in seconds.items()}
    table(
        f"ResNet50V2, in forward passes (one: {1000 * forward:.0f} ms)",
        [
            ("Grad-CAM at the last layer, network part", ratio["last"], "1.05"),
            ("from a 224 × 224 array to `heat()`", ratio["heat"], "1.1"),
            (f"Grad-CAM at {len(convolutions)} convolutions in one call, network part", ratio["every"], "2.6"),
            ("another class, same photo and layer", ratio["class"], "0.05"),
            ("another method of the CAM family, same photo, layer and class", ratio["method"], "0.05"),
            (
                "Grad-CAM of 32 photos in one call, to their forward pass",
                f"{many['maps'] / many['forward']:.3f}",
                "1.05",
            ),
            ("a layer that was not used before", ratio["layer"], "35"),
            ("scaling a photo of 1024 × 768", ratio["scale small"], ""),
            ("scaling a photo of 12 megapixels", ratio["scale large"], ""),
        ],
    )


def _fetched(answer: tuple) -> list[np.ndarray]:
    """The maps as arrays: on a GPU the call itself returns before anything is computed."""
    return [np.asarray(one.values) for one in answer[-1]]


def _other(explainer: explain.Explainer, known: np.ndarray, target: str, method: str) -> None:
    explainer.explain(known, method, target=target)


def _photos(height: int, width: int) -> itertools.cycle[Callable[[], np.ndarray]]:
    """Photos without end, each different from all before: only so is nothing known of them."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    count = itertools.count()

    def another() -> np.ndarray:
        pixels[0, :3] = np.frombuffer(next(count).to_bytes(9, "big"), np.uint8).reshape(3, 3)
        return pixels

    return itertools.cycle([another])


def _scaling(classifier: explain.Classifier, pixels: np.ndarray) -> Callable[[], object]:
    photo = explain.open_photo(pixels)
    return lambda: classifier.prepare(photo)
