"""Guided Grad-CAM: Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra, ICCV 2017, arXiv 1610.02391, section 3.2."""

from __future__ import annotations

from explain.asked import Asked
from explain.methods import Found, method
from explain.methods._reduction import REDUCE, reduced
from explain.preprocessing import enlarge


@method(
    name="guided-grad-cam",
    title="Guided Grad-CAM",
    paper="Selvaraju et al., ICCV 2017, arXiv 1610.02391, section 3.2",
    equation="max_c |up(M) R_c|, M Grad-CAM of the layer, R guided backpropagation",
    symbols="up: bilinear enlargement to the input's size",
    family="combined",
    use="Fine structure, seen only where Grad-CAM is bright.",
    limits="The fine structure is that of guided backpropagation, which hardly depends on the class.",
    display="magnitude",
    signed=False,
    cost="1 forward and 2 backward passes",
    parameters={"reduce": REDUCE},
)
def guided_grad_cam(asked: Asked, reduce: str = "max_abs") -> Found:
    """Guided backpropagation, weighted by Grad-CAM of a layer of the model as it is.

    Args:
        asked: the photo, the score and the layer.
        reduce: how channels become one value.

    Returns:
        A map (H, W) at least 0; `channels` are signed (H, W, C).
    """
    assert asked.layer is not None  # noqa: S101 - for the type checker: this method looks at a layer
    (cam,) = asked.maps("grad-cam", [asked.layer])
    guided = asked.gradients(asked.batch, rule="guided")[0]
    # Noise of Grad-CAM is no evidence, however it is multiplied.
    weights = enlarge(cam.values, asked.pixels.shape[:2])[..., None]
    largest = float(cam.largest * abs(guided).max())
    return reduced(weights * guided, reduce, largest, **asked.generalised("guided"))
