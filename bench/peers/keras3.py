"""tf-keras-vis and xplique."""

from __future__ import annotations

import itertools
from importlib.metadata import version

import keras
import numpy as np
import tensorflow as tf
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.utils.scores import CategoricalScore
from xplique.attributions import GradCAM

from bench.peers.rows import BATCH, CLASSES, SIDE, Library, measure, spread

LAST = "post_relu"


def main() -> None:
    model = keras.applications.ResNet50V2(weights=None, classes=CLASSES, classifier_activation=None)
    plain = tf.function(lambda x: model(x, training=False), input_signature=[tf.TensorSpec((None, SIDE, SIDE, 3))])
    photos = np.random.default_rng(0).uniform(-1, 1, (BATCH, SIDE, SIDE, 3)).astype(np.float32)
    batch = tf.constant(photos)
    convolutions = [layer.name for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    measure(
        lambda: plain(batch[:1]).numpy(),
        lambda: plain(batch).numpy(),
        {
            f"tf-keras-vis {version('tf-keras-vis')}": lambda: _tf_keras_vis(model, photos, convolutions),
            f"xplique {version('xplique')}": lambda: _xplique(model, photos, convolutions),
        },
    )


def _tf_keras_vis(model: keras.Model, photos: np.ndarray, convolutions: list[str]) -> Library:
    explainer = Gradcam(model, clone=False)
    unused, others = iter(convolutions), itertools.cycle(range(CLASSES))

    def at(layer: str, count: int = 1, target: int = 5) -> object:
        scores = CategoricalScore([target] * count)
        return explainer(scores, photos[:count], penultimate_layer=layer, seek_penultimate_conv_layer=False)

    return Library(
        last=lambda: at(LAST),
        other=lambda: at(LAST, target=next(others)),
        first=lambda: at(next(unused)),
        batch=lambda: at(LAST, BATCH),
        every=None,
        some=tuple((lambda name=name: at(name)) for name in spread(convolutions)),
        notes=f"on TensorFlow {tf.__version__} with Keras {version('keras')}",
    )


def _xplique(model: keras.Model, photos: np.ndarray, convolutions: list[str]) -> Library:
    targets = np.eye(CLASSES, dtype=np.float32)
    kept = {name: GradCAM(model, conv_layer=name) for name in (LAST, *spread(convolutions))}
    unused = (name for name in convolutions if name not in kept)
    others = itertools.cycle(range(CLASSES))

    def at(layer: str, count: int = 1, target: int = 5) -> np.ndarray:
        explainer = kept.get(layer) or GradCAM(model, conv_layer=layer)
        return explainer(photos[:count], np.repeat(targets[target : target + 1], count, 0)).numpy()

    return Library(
        last=lambda: at(LAST),
        other=lambda: at(LAST, target=next(others)),
        first=lambda: at(next(unused)),
        batch=lambda: at(LAST, BATCH),
        every=None,
        some=tuple((lambda name=name: at(name)) for name in spread(convolutions)),
        notes=f"on TensorFlow {tf.__version__} with Keras {version('keras')}; each layer has a compiled "
        "explainer of its own: the numbers for all convolutions leave out the first use of each",
    )


if __name__ == "__main__":
    main()
