"""tf-explain, which needs Keras 2: it reads `layer.output_shape`, which Keras 3 has no more."""

from __future__ import annotations

import itertools
from importlib.metadata import version

import numpy as np
import tensorflow as tf
from tf_explain.core.grad_cam import GradCAM

from bench.peers.rows import BATCH, CLASSES, SIDE, Library, measure, spread


def main() -> None:
    model = tf.keras.applications.ResNet50V2(weights=None, classes=CLASSES, classifier_activation=None)
    plain = tf.function(lambda x: model(x, training=False), input_signature=[tf.TensorSpec((None, SIDE, SIDE, 3))])
    photos = np.random.default_rng(0).uniform(0, 1, (BATCH, SIDE, SIDE, 3)).astype(np.float32)
    batch = tf.constant(photos)
    measure(
        lambda: plain(batch[:1]).numpy(),
        lambda: plain(batch).numpy(),
        {f"tf-explain {version('tf-explain')}": lambda: _library(model, photos)},
    )


def _library(model: tf.keras.Model, photos: np.ndarray) -> Library:
    explainer = GradCAM()
    convolutions = [layer.name for layer in model.layers if isinstance(layer, tf.keras.layers.Conv2D)]
    unused, others = iter(convolutions), itertools.cycle(range(CLASSES))

    def at(layer: str, count: int = 1, target: int = 5) -> object:
        return explainer.explain((photos[:count], None), model, target, layer, use_guided_grads=False)

    return Library(
        last=lambda: at("post_relu"),
        other=lambda: at("post_relu", target=next(others)),
        first=lambda: at(next(unused)),
        batch=lambda: at("post_relu", BATCH),
        every=None,
        some=tuple((lambda name=name: at(name)) for name in spread(convolutions)),
        notes=f"on TensorFlow {tf.__version__} with Keras 2; its pictures, coloured over the photo, are in "
        "it: it returns nothing else",
    )


if __name__ == "__main__":
    main()
