"""Whylight: from the pixels of a photo to `heat()`, one value for each pixel."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

import explain
from bench.peers.rows import BATCH, CLASSES, SIDE, Library, measure


def main() -> None:
    model = keras.applications.ResNet50V2(weights=None, classes=CLASSES, classifier_activation=None)
    plain = tf.function(lambda x: model(x, training=False), input_signature=[tf.TensorSpec((None, SIDE, SIDE, 3))])
    batch = tf.random.stateless_uniform((BATCH, SIDE, SIDE, 3), (1, 2), -1, 1)
    measure(lambda: plain(batch[:1]).numpy(), lambda: plain(batch).numpy(), {"Whylight": lambda: _library(model)})


def _library(model: keras.Model) -> Library:
    classes = [f"class {number}" for number in range(CLASSES)]
    explainer = explain.Explainer(explain.Classifier(model, classes, "resnet_v2", name="ResNet50V2"))
    convolutions = [layer.name for layer in explainer.layers if layer.kind == "Conv2D"]
    photos, unused, others = _photos(), iter(convolutions), itertools.cycle(classes)
    known = next(photos).copy()
    explainer.explain(known)
    return Library(
        last=lambda: explainer.explain(next(photos)).heat(),
        other=lambda: explainer.explain(known, target=next(others)).heat(),
        first=lambda: explainer.explain(known, layer=next(unused)).heat(),
        batch=lambda: [
            one.heat() for one in explainer.explain_photos([next(photos).copy() for _ in range(BATCH)], batch=BATCH)
        ],
        every=lambda: [one.heat() for one in explainer.explain_layers(next(photos), convolutions).values()],
        some=(),
        notes="from an array of pixels to heat of the photo's size; decoding is not in it, scaling is",
    )


def _photos() -> Iterator[np.ndarray]:
    """Photos without end, uint8 (SIDE, SIDE, 3), each different from all before: only so is nothing known of them."""
    pixels = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    for number in itertools.count():
        pixels[0, :3] = np.frombuffer(number.to_bytes(9, "big"), np.uint8).reshape(3, 3)
        yield pixels


if __name__ == "__main__":
    main()
