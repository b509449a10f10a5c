"""The families of `keras.applications`, with fresh weights: Grad-CAM against Keras' own gradients, and every method."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import keras
import networks
import numpy as np
import pytest
import tensorflow as tf
from conformance.asking import FEW

import explain

PHOTO = networks.noise(80, 96)
SIDE = 80


@dataclass(frozen=True)
class Family:
    """A network of `keras.applications`.

    Attributes:
        preprocessing: its module.
        last: the layer that its pooling reads, or its last map.
        side: of its input in pixels.
        refuses: methods that can't explain it.
    """

    preprocessing: str
    last: str
    side: int = SIDE
    refuses: tuple[str, ...] = ()


FAMILIES = {
    "ResNet50V2": Family("resnet_v2", "post_relu"),
    "MobileNetV2": Family("mobilenet_v2", "out_relu"),
    "EfficientNetV2B0": Family("efficientnet_v2", "top_activation"),
    "ResNet50": Family("resnet", "conv5_block3_out"),
    "VGG16": Family("vgg16", "block5_pool", refuses=("cam",)),  # fully connected layers instead of a pooling
    "MobileNetV3Small": Family("mobilenet_v3", "activation_17", refuses=("cam",)),  # a hidden layer behind the pooling
    "Xception": Family("xception", "block14_sepconv2_act"),
    "InceptionV3": Family("inception_v3", "mixed10", side=139),  # of 80 pixels one place would be left
    "DenseNet121": Family("densenet", "relu"),
    "ConvNeXtTiny": Family("convnext", "add_17", refuses=("cam",)),  # an operation between layers; a norm behind it
}
IN_MAKE_TEST = ("ResNet50V2", "MobileNetV2", "EfficientNetV2B0")
EACH = [pytest.param(name, marks=() if name in IN_MAKE_TEST else pytest.mark.slow) for name in FAMILIES]


@functools.lru_cache(maxsize=1)
def explainer(name: str) -> explain.Explainer:
    keras.utils.set_random_seed(1)
    keras.utils.clear_session()  # layers without a name of their own are numbered from the start
    family = FAMILIES[name]
    build = getattr(keras.applications, name)
    model = build(weights=None, classes=3, input_shape=(family.side, family.side, 3))
    return explain.Explainer(explain.Classifier(model, networks.PETS, family.preprocessing, name=name))


def close(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, atol=1e-3 * np.abs(expected).max(), rtol=0)


@pytest.mark.parametrize("name", EACH)
def test_grad_cam_is_that_of_keras_own_gradients(name):
    found = explainer(name)
    model = found.classifier.model
    (layer,) = (one for one in model.operations if one.name == found.default_layer)
    model.layers[-1].activation = keras.activations.linear  # after ours was traced: the classic way to get logits
    both = keras.Model(model.input, [layer.output, model.output])
    for target in (0, 1):
        with tf.GradientTape() as tape:
            activations, scores = both(found.classifier.prepare(explain.open_photo(PHOTO)), training=False)
            score = scores[0, target]
        gradients = tape.gradient(score, activations)
        terms = np.asarray(activations)[0] @ np.asarray(gradients)[0].mean((0, 1))
        up = found.explain(PHOTO, target=target).map
        down = found.explain(PHOTO, target=explain.Target({target: -1.0})).map
        assert np.abs(terms).max() > 0
        close(up - down, terms)


@pytest.mark.parametrize("name", EACH)
def test_what_the_pooling_reads_is_found(name):
    assert explainer(name).default_layer == FAMILIES[name].last


@pytest.mark.slow
@pytest.mark.parametrize("method", explain.methods())
@pytest.mark.parametrize("name", FAMILIES)
def test_every_method_explains_every_family(name, method):
    found = explainer(name)
    if method in FAMILIES[name].refuses:
        with pytest.raises(explain.ExplainError):
            found.explain(PHOTO, method)
        return
    one = found.explain(PHOTO, method, **FEW.get(method, {}))
    assert np.isfinite(one.map).all()
    assert np.abs(one.map).max() > 0
    assert one.heat().shape == PHOTO.shape[:2]
    assert not one.flat or explain.methods()[method].display == "positive"
