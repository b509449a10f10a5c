"""tf-explain on the network: the arrays that its pictures are coloured from."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
import tensorflow as tf
from tf_explain.core.grad_cam import GradCAM
from tf_explain.core.gradients_inputs import GradientsInputs
from tf_explain.core.integrated_gradients import IntegratedGradients
from tf_explain.core.smoothgrad import SmoothGrad
from tf_explain.core.vanilla_gradients import VanillaGradients

from .network import LAYER, SCALE, TARGET, in_keras

STEPS = 5


def versions() -> dict[str, str]:
    """Of the packages that have a part in the numbers."""
    return {name: version(name) for name in ("tensorflow-cpu", "keras", "tf-explain")}


def found(numbers: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What it finds, without the batch's axis."""
    model = in_keras(tf.keras, numbers)
    x = numbers["photo"][None] / SCALE
    arrays = {}
    for guided in (True, False):
        layer = GradCAM.get_gradients_and_filters(model, x, LAYER, TARGET, guided)
        arrays[f"tf-explain GradCAM, use_guided_grads={guided}"] = GradCAM.generate_ponderated_output(*layer)[0]
    path = IntegratedGradients.generate_interpolations(x, STEPS)
    noisy = SmoothGrad.generate_noisy_images(x, 1, 0.0)
    probable = in_keras(tf.keras, numbers, "softmax")
    arrays |= {
        "tf-explain VanillaGradients": VanillaGradients.compute_gradients(x, model, TARGET)[0],
        "tf-explain GradientsInputs": GradientsInputs.compute_gradients(x, model, TARGET)[0],
        "tf-explain IntegratedGradients": IntegratedGradients.get_integrated_gradients(path, model, TARGET, STEPS)[0],
        "tf-explain SmoothGrad, without noise": SmoothGrad.get_averaged_gradients(noisy, probable, TARGET, 1)[0],
    }
    return {name: np.asarray(values) for name, values in arrays.items()}
