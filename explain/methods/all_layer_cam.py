"""All-layer Grad-CAM: D. Reiff, "Understand your algorithm with Grad-CAM", 2021, a blog; no paper."""

from __future__ import annotations

import math

import numpy as np

from explain.asked import Asked
from explain.errors import ExplainError
from explain.methods import NOISE, Found, Parameter, method
from explain.preprocessing import enlarge


@method(
    name="all-layer-cam",
    title="Grad-CAM of all layers",
    paper="D. Reiff, Understand your algorithm with Grad-CAM, 2021 (a blog; no paper)",
    equation="sum_l w_l up(M_l) / max(up(M_l)) over the layers whose map is not flat, weights adding up to 1",
    symbols="M_l: Grad-CAM at layer l; up: bilinear enlargement to the input's size",
    family="combined",
    layer=False,
    use="One picture of the whole network: what early and late layers agree on is bright.",
    limits="At early layers Grad-CAM says little, so edges mix with evidence, and where the picture is bright no "
    "single layer need have its maximum.",
    display="positive",
    signed=False,
    cost="1 forward pass, and back to the first layer",
    parameters={
        "layers": Parameter(
            "convolutions",
            "which layers: the convolutions, or the last layer of each stage",
            choices=("convolutions", "stages"),
        ),
        "weights": Parameter("uniform", "all alike, or growing with depth", choices=("uniform", "depth")),
        "start": Parameter(0.0, "depth of the first layer, as a share of the network", least=0, most=1),
        "stop": Parameter(1.0, "depth of the last", least=0, most=1),
    },
)
def all_layer_cam(
    asked: Asked, layers: str = "convolutions", weights: str = "uniform", start: float = 0.0, stop: float = 1.0
) -> Found:
    """The mean of many layers' Grad-CAM maps, each enlarged and divided by its maximum.

    Args:
        asked: the photo and the score.
        layers: "convolutions" (layers of kind Conv2D) or "stages" (the last layer of each).
        weights: "uniform", or "depth": the n-th of the chosen layers weighs n.
        start: the chosen layers begin at this share of their number.
        stop: and end at this one.

    Returns:
        A map (H, W) in 0..1. The facts name the `layers` of the mean, and the `flat_layers` that are left out of it.

    Raises:
        ExplainError: no layer is left.
    """
    if layers == "stages":
        listed = list({layer.stage: layer.name for layer in asked.layers}.values())
    else:
        listed = [layer.name for layer in asked.layers if layer.kind == "Conv2D"]
    first, last = math.floor(start * len(listed)), math.ceil(stop * len(listed))
    if not listed[first:last]:
        raise ExplainError(
            f"all-layer-cam has no layer from {start:g} to {stop:g} of {len(listed)} {layers}: widen start and stop."
        )
    total = np.zeros(asked.pixels.shape[:2], np.float32)
    used, flat, weight = [], [], 0.0
    maps = zip(listed, asked.maps("grad-cam", listed), strict=True)  # of all: one function for every start and stop
    for number, (path, found) in enumerate(list(maps)[first:last], start=1):
        values = enlarge(found.values, asked.pixels.shape[:2])
        if found.values.max() <= NOISE * found.largest or values.max() <= 0:
            flat.append(path)
            continue
        share = float(number) if weights == "depth" else 1.0
        total += share * values / values.max()
        weight += share
        used.append(path)
    return Found(total / weight if used else total, 1.0 if used else 0.0, None, {"layers": used, "flat_layers": flat})
