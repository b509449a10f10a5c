"""tf-keras-vis and xplique on the network."""

from __future__ import annotations

from importlib.metadata import version

import keras
import numpy as np
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
from tf_keras_vis.layercam import Layercam
from tf_keras_vis.saliency import Saliency
from tf_keras_vis.utils.scores import CategoricalScore
from xplique import attributions

from .network import LAYER, SCALE, TARGET, in_keras

SAMPLES, LEVEL = 6, 0.15
STEPS = 1000


def versions() -> dict[str, str]:
    """Of the packages that have a part in the numbers."""
    return {name: version(name) for name in ("tensorflow-cpu", "keras", "tf-keras-vis", "xplique")}


def found(numbers: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What they find, without the axis of the batch and any other of length 1."""
    x = numbers["photo"][None] / SCALE
    arrays = _tf_keras_vis(in_keras(keras, numbers), x) | _xplique(numbers, x)
    return {name: np.squeeze(np.asarray(values)) for name, values in arrays.items()}


def _tf_keras_vis(model: keras.Model, x: np.ndarray) -> dict[str, np.ndarray]:
    score = CategoricalScore([TARGET])
    at = {"penultimate_layer": LAYER, "seek_penultimate_conv_layer": False}
    raw = {"expand_cam": False, "normalize_cam": False}
    arrays = {
        f"tf-keras-vis {method.__name__}": method(model, clone=False)(score, x, **at, **raw)
        for method in (Gradcam, GradcamPlusPlus, Layercam)
    }
    arrays["tf-keras-vis Gradcam, as returned"] = Gradcam(model, clone=False)(score, x, **at)
    saliency = Saliency(model, clone=False)
    arrays["tf-keras-vis Saliency"] = saliency(score, x, normalize_map=False)
    np.random.seed(0)  # noqa: NPY002 - it draws from the old generator, the same numbers twice
    arrays["noise"] = np.random.normal(0.0, LEVEL * (x.max() - x.min()), (SAMPLES, *x.shape))  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    arrays["tf-keras-vis Saliency, smoothed"] = saliency(
        score, x, smooth_samples=SAMPLES, smooth_noise=LEVEL, keepdims=True, gradient_modifier=None, normalize_map=False
    )
    return arrays


def _xplique(numbers: dict[str, np.ndarray], x: np.ndarray) -> dict[str, np.ndarray]:
    wanted = np.eye(3, dtype=np.float32)[[TARGET]]
    arrays = {}
    for name, how in {
        "GradCAM": {"conv_layer": LAYER},
        "GradCAMPP": {"conv_layer": LAYER},
        "Saliency": {"reducer": None},
        "GradientInput": {"reducer": None},
        "IntegratedGradients": {"reducer": None, "steps": STEPS},
        "GuidedBackprop": {"reducer": None},
        "DeconvNet": {"reducer": None},
    }.items():
        explainer = getattr(attributions, name)(in_keras(keras, numbers), **how)
        arrays[f"xplique {name}"] = explainer(x, wanted)
    probable = in_keras(keras, numbers, "softmax")
    logits = attributions.GradientInput(probable, output_layer="scores", reducer=None)
    return arrays | {"xplique GradientInput, output_layer=scores": logits(x, wanted)}
