"""Which of our methods each call of a library is compared with, and what is known of those that deviate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import formulas, network, stored
from .formulas import relu, stretched

FIXTURES = ("pytorch", "keras2", "keras3")
AGREES = 1e-5
"""Of the largest value: float32, added up in another order."""


class Numbers:
    """All stored arrays, loaded when they are first asked for."""

    def __init__(self) -> None:
        self.network = network.numbers()
        loaded = {name: stored.load(name) for name in FIXTURES}
        self.versions = {name: versions for name, (versions, _) in loaded.items()}
        self.of = {name: arrays for name, (_, arrays) in loaded.items()}
        self.torch = self.of["pytorch"]
        self.a, self.g = self.torch["activations"], self.torch["gradients"]

    def theirs(self, call: str) -> np.ndarray:
        """What a call of a library found."""
        return next(arrays[call] for arrays in self.of.values() if call in arrays)


@dataclass(frozen=True)
class Comparison:
    """One call of a library and what it should be.

    Attributes:
        call: in a fixture: the library, and what is called.
        method: of ours.
        parameters: of the method.
        noise: the fixture whose noise the method is given.
        layer: of the network.
        channels: whether our channels are compared, rather than the map.
        head: what the weights of the scores are multiplied by.
        adapted: from our values to what the library returns.
        theirs: from the library's values to what is compared.
        tolerance: share of the largest value that the two may differ by.
        remark: for the page.
    """

    call: str
    method: str
    parameters: dict[str, Any] = field(default_factory=dict)
    noise: str = ""
    layer: str | None = None
    channels: bool = False
    head: float = 1.0
    adapted: Callable[[np.ndarray], np.ndarray] = lambda values: values
    theirs: Callable[[np.ndarray], np.ndarray] = lambda values: values
    tolerance: float = AGREES
    remark: str = ""


@dataclass(frozen=True)
class Deviation(Comparison):
    """A call that computes something else than its paper.

    Attributes:
        paper: in NumPy, what ours has to be.
        instead: in NumPy, what the library has to be.
        words: what that is.
    """

    paper: Callable[[Numbers], np.ndarray] = lambda numbers: numbers.a
    instead: Callable[[Numbers], np.ndarray] = lambda numbers: numbers.a
    words: str = ""


def _cams(method: str, *calls: str, **how: Any) -> list[Comparison]:
    return [Comparison(call, method, layer=network.LAYER, **how) for call in calls]


def _inputs(method: str, *calls: str, **how: Any) -> list[Comparison]:
    return [Comparison(call, method, channels=True, **how) for call in calls]


SMOOTH = {"samples": 6, "level": 0.15}
RETURNED = {
    "adapted": lambda values: stretched(relu(values)),
    "tolerance": 1e-4,
    "remark": "stretched from 0 to 1, with a constant added to the divisor",
}

AGREEING = [
    Comparison("torch-cam CAM", "cam", layer=network.LAST),
    *_cams("grad-cam", "pytorch-grad-cam GradCAM", theirs=relu),
    *_cams("grad-cam", "pytorch-grad-cam GradCAM, as returned", **RETURNED),
    *_cams("grad-cam", "torch-cam GradCAM", "captum LayerGradCam", "tf-keras-vis Gradcam", "xplique GradCAM"),
    *_cams("grad-cam", "tf-keras-vis Gradcam, as returned", **RETURNED),
    *_cams("grad-cam", "tf-explain GradCAM, use_guided_grads=False", theirs=relu, remark="its positive part"),
    *_cams("grad-cam-gated", "tf-explain GradCAM, use_guided_grads=True"),
    *_cams(
        "grad-cam++",
        "pytorch-grad-cam GradCAMPlusPlus",
        tolerance=2e-3,
        remark="1e-6 is added to the denominator of alpha",
    ),
    *_cams("hires-cam", "pytorch-grad-cam HiResCAM", "captum LayerGradientXActivation"),
    *_cams("xgrad-cam", "pytorch-grad-cam XGradCAM", theirs=relu),
    *_cams("xgrad-cam", "torch-cam XGradCAM"),
    *_cams("layer-cam", "pytorch-grad-cam LayerCAM", "torch-cam LayerCAM", "tf-keras-vis Layercam"),
    *_cams("layer-cam", "pytorch-grad-cam LayerCAM, as returned", **RETURNED),
    *_inputs("gradients", "captum Saliency", "tf-explain VanillaGradients"),
    *_inputs("gradients", "xplique Saliency", adapted=np.abs),
    Comparison("tf-keras-vis Saliency", "gradients"),
    *_inputs("gradient-x-input", "captum InputXGradient", "xplique GradientInput", "tf-explain GradientsInputs"),
    *_inputs("smooth-grad", "captum NoiseTunnel smoothgrad", parameters=SMOOTH, noise="pytorch"),
    *_inputs(
        "smooth-grad", "captum NoiseTunnel smoothgrad_sq", parameters={**SMOOTH, "variant": "squared"}, noise="pytorch"
    ),
    *_inputs(
        "smooth-grad", "captum NoiseTunnel vargrad", parameters={**SMOOTH, "variant": "variance"}, noise="pytorch"
    ),
    *_inputs("smooth-grad", "tf-keras-vis Saliency, smoothed", parameters=SMOOTH, noise="keras3"),
    *_inputs("integrated-gradients", "captum IntegratedGradients", parameters={"steps": 50}),
    *_inputs(
        "integrated-gradients",
        "xplique IntegratedGradients",
        parameters={"steps": 1000},
        tolerance=2e-3,
        remark="trapezia in place of midpoints, 1000 of each",
    ),
    *_inputs(
        "guided-backprop",
        "captum GuidedBackprop",
        "pytorch-grad-cam GuidedBackpropReLUModel",
        "xplique GuidedBackprop",
    ),
    *_inputs("deconvnet", "captum Deconvolution", "xplique DeconvNet"),
    Comparison("captum GuidedGradCam", "guided-grad-cam", layer=network.LAYER, channels=True),
]

PLUS_PLUS = {
    "method": "grad-cam++",
    "layer": network.LAYER,
    "paper": lambda numbers: formulas.grad_cam_plus_plus(numbers.a, numbers.g),
}

DEVIATING = [
    Deviation(
        "tf-explain GradCAM, use_guided_grads=True",
        "grad-cam",
        layer=network.LAYER,
        paper=lambda numbers: formulas.grad_cam(numbers.a, numbers.g),
        instead=lambda numbers: formulas.gated(numbers.a, numbers.g),
        words="the default; only gradients that are positive where the layer is count, so evidence against is lost: "
        "our `grad-cam-gated`",
    ),
    Deviation(
        "tf-keras-vis GradcamPlusPlus",
        **PLUS_PLUS,
        instead=lambda numbers: formulas.plus_plus_normalised(
            numbers.a, numbers.g, numbers.torch["scores"][network.TARGET]
        ),
        words="alphas are divided by their sum, in which those of negative gradients count, so that weights may "
        "change their sign; and everything is times exp(score)",
    ),
    Deviation(
        "xplique GradCAMPP",
        **PLUS_PLUS,
        instead=lambda numbers: formulas.plus_plus_of_means(numbers.a, numbers.g),
        words="the mean of the layer's channel where equation 19 has its sum, and means of the weights",
    ),
    Deviation(
        "torch-cam GradCAMpp",
        **PLUS_PLUS,
        instead=lambda numbers: formulas.plus_plus_undivided(numbers.a, numbers.g),
        words="the denominator of alpha is lost (a division in place, of a copy): weights are sums of cubed gradients",
    ),
    Deviation(
        f"pytorch-grad-cam GradCAMPlusPlus, scores / {network.SMALLER}",
        "grad-cam++",
        layer=network.LAYER,
        head=1 / network.SMALLER,
        paper=lambda numbers: formulas.grad_cam_plus_plus(numbers.a, numbers.g / network.SMALLER),
        instead=lambda numbers: formulas.plus_plus_guarded(numbers.a, numbers.g / network.SMALLER),
        words="1e-6 is added to the denominator of alpha, which is about twice the gradient's square: where gradients "
        "are below a thousandth, as in large networks, alpha falls with them",
    ),
    Deviation(
        "pytorch-grad-cam EigenCAM",
        "eigen-cam",
        layer=network.LAYER,
        paper=lambda numbers: formulas.principal(numbers.a, centred=False),
        instead=lambda numbers: _signed_as(
            numbers.theirs("pytorch-grad-cam EigenCAM"), formulas.principal(numbers.a, centred=True)
        ),
        words="each channel's mean is subtracted first (our `centred`), and the sign is the one that the decomposition "
        "happens to have: here the map is brightest where the layer is least active",
    ),
    Deviation(
        "pytorch-grad-cam FullGrad, as returned",
        "full-grad",
        adapted=stretched,
        paper=lambda numbers: formulas.full_grad(numbers.torch, numbers.network, each_channel=False),
        instead=lambda numbers: stretched(formulas.full_grad(numbers.torch, numbers.network, each_channel=True)),
        words="every channel is stretched to 0..1 by itself, not every layer: a channel that says nothing counts as "
        "much as any other",
    ),
    Deviation(
        "captum GuidedGradCam, from 2 × 2",
        "guided-grad-cam",
        layer=network.LAST,
        channels=True,
        paper=lambda numbers: formulas.guided_grad_cam(numbers.torch, formulas.bilinear),
        instead=lambda numbers: formulas.guided_grad_cam(numbers.torch, formulas.nearest),
        words="enlarged without interpolation, in squares, unless `interpolate_mode` says otherwise",
    ),
    Deviation(
        "tf-explain IntegratedGradients",
        "integrated-gradients",
        parameters={"steps": 50},
        channels=True,
        paper=lambda numbers: numbers.torch["captum IntegratedGradients"],
        instead=lambda numbers: numbers.torch["gradients along the path"].mean(0),
        words="the mean of the gradients at points of the path, both ends included, never multiplied by the way from "
        "the baseline",
    ),
    Deviation(
        "tf-explain SmoothGrad, without noise",
        "gradients",
        channels=True,
        paper=lambda numbers: numbers.torch["gradients of each score"][network.TARGET],
        instead=lambda numbers: formulas.of_cross_entropy(numbers.torch),
        words="gradients of the cross-entropy of the probabilities, in which all classes are mixed",
    ),
    Deviation(
        "xplique GradientInput, output_layer=scores",
        "gradient-x-input",
        channels=True,
        paper=lambda numbers: (
            numbers.network["photo"] / network.SCALE * numbers.torch["gradients of each score"][network.TARGET]
        ),
        instead=lambda numbers: numbers.network["photo"] / network.SCALE * formulas.of_probability(numbers.torch),
        words="of a model that ends with softmax: the layer that is named has no effect, the probability is explained",
    ),
]


def _signed_as(theirs: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The values or their negative, whichever goes with theirs."""
    return values * np.sign((theirs * values).sum())
