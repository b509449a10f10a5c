"""captum, pytorch-grad-cam and torch-cam on the network; and PyTorch's own gradients, for formulas in NumPy."""

from __future__ import annotations

from importlib.metadata import version

import captum.attr
import numpy as np
import torch
import torchcam.methods

from bench.peers.torchvision import stand_in

from .network import LAST, LAYER, SCALE, SMALLER, TARGET, in_torch, with_head

stand_in()
import pytorch_grad_cam  # noqa: E402
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget  # noqa: E402

PACKAGES = ("torch", "captum", "grad-cam", "torchcam")
STEPS = 50
SAMPLES, LEVEL = 6, 0.15
CAMS = ("GradCAM", "HiResCAM", "XGradCAM", "LayerCAM", "EigenCAM", "GradCAMPlusPlus")
RETURNED = ("GradCAM", "LayerCAM")
"""Kept as they are returned as well: the layer is as large as the photo, so that only the min-max is in them."""
ALONG = 5
"""Points from 0 to the photo, both ends included, at which the path's gradients are kept."""


def versions() -> dict[str, str]:
    """Of the packages that have a part in the numbers."""
    return {name: version(name) for name in PACKAGES}


def found(numbers: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What the libraries find, channels last, without the batch's axis."""
    model = in_torch(torch, numbers)
    x = torch.from_numpy(numbers["photo"].transpose(2, 0, 1)[None].copy()) / SCALE
    arrays = _own(model, x) | _captum(model, x) | _torch_cam(model, x) | _pytorch_grad_cam(numbers, x)
    return {name: _last(values) for name, values in arrays.items()}


def _last(values: torch.Tensor | np.ndarray) -> np.ndarray:
    values = values.detach().numpy() if isinstance(values, torch.Tensor) else values
    return np.moveaxis(values, -3, -1).squeeze() if values.ndim > 2 else values.squeeze()


def _own(model: torch.nn.Module, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Scores (3,), what the layer computes and its gradients (8, 8, 5), gradients of each score (3, 8, 8, 3), of the
    score along the path (ALONG, 8, 8, 3), and of what each bias is added to."""
    kept: dict[str, torch.Tensor] = {}
    handles = []
    for name, module in model.named_children():
        handles.append(module.register_forward_hook(lambda _, __, output, name=name: kept.update({name: output})))
    watched = x.clone().requires_grad_()
    scores = model(watched)
    for handle in handles:
        handle.remove()
    biased = ("first", "normalise", "second", "third")
    wanted = [kept[LAYER], kept[LAST], *(kept[name] for name in biased)]
    gradients = torch.autograd.grad(scores[0, TARGET], wanted, retain_graph=True)
    each = [torch.autograd.grad(score, watched, retain_graph=True)[0] for score in scores[0]]
    path = torch.cat([x * t for t in torch.linspace(0, 1, ALONG)]).requires_grad_()
    along = torch.autograd.grad(model(path)[:, TARGET].sum(), path)[0]
    return {
        "scores": scores,
        "scores of 0": model(0 * x),
        "activations": kept[LAYER],
        "gradients": gradients[0],
        "activations at last": kept[LAST],
        "gradients at last": gradients[1],
        "gradients of each score": torch.cat(each),
        "gradients along the path": along,
    } | {f"gradients at {name}": one for name, one in zip(biased, gradients[2:], strict=True)}


def _captum(model: torch.nn.Module, x: torch.Tensor) -> dict[str, torch.Tensor]:
    attr, layer = captum.attr, model.get_submodule(LAYER)
    saliency = attr.Saliency(model)
    noisy = attr.NoiseTunnel(saliency)
    how = {"nt_samples": SAMPLES, "stdevs": LEVEL * float(x.max() - x.min()), "target": TARGET, "abs": False}
    seen: list[torch.Tensor] = []
    hook = model.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
    smooth = {}
    for kind in ("smoothgrad", "smoothgrad_sq", "vargrad"):
        torch.manual_seed(0)
        smooth[f"captum NoiseTunnel {kind}"] = noisy.attribute(x, nt_type=kind, **how)
    hook.remove()
    path = attr.IntegratedGradients(model)
    return smooth | {
        "noise": torch.cat(seen)[:SAMPLES] - x,
        "captum LayerGradCam": attr.LayerGradCam(model, layer).attribute(x, TARGET, relu_attributions=True),
        "captum LayerGradientXActivation": attr.LayerGradientXActivation(model, layer).attribute(x, TARGET).sum(1),
        "captum Saliency": saliency.attribute(x, TARGET, abs=False),
        "captum InputXGradient": attr.InputXGradient(model).attribute(x, TARGET),
        "captum IntegratedGradients": path.attribute(x, 0 * x, TARGET, n_steps=STEPS, method="riemann_middle"),
        "captum GuidedBackprop": attr.GuidedBackprop(model).attribute(x, TARGET),
        "captum Deconvolution": attr.Deconvolution(model).attribute(x, TARGET),
        "captum GuidedGradCam": attr.GuidedGradCam(model, layer).attribute(x, TARGET),
        "captum GuidedGradCam, from 2 × 2": attr.GuidedGradCam(model, model.get_submodule(LAST)).attribute(x, TARGET),
    }


def _torch_cam(model: torch.nn.Module, x: torch.Tensor) -> dict[str, torch.Tensor]:
    arrays = {}
    for name in ("CAM", "GradCAM", "GradCAMpp", "XGradCAM", "LayerCAM"):
        make = getattr(torchcam.methods, name)
        with make(model, LAST, "scores") if name == "CAM" else make(model, LAYER) as explainer:
            arrays[f"torch-cam {name}"] = explainer(TARGET, model(x), normalized=False)[0]
    return arrays


def _pytorch_grad_cam(numbers: dict[str, np.ndarray], x: torch.Tensor) -> dict[str, np.ndarray]:
    """Each map before its ReLU and min-max, from the method that makes it."""
    arrays, targets = {}, [ClassifierOutputTarget(TARGET)]
    small = with_head(numbers, 1 / SMALLER)
    for label, name, weights in (
        *((name, name, numbers) for name in CAMS),
        (f"GradCAMPlusPlus, scores / {SMALLER}", "GradCAMPlusPlus", small),
    ):
        model = in_torch(torch, weights)
        layer = model.get_submodule(LAYER)
        explainer = getattr(pytorch_grad_cam, name)(model, [layer])
        returned = explainer(x, targets)
        if label in RETURNED:
            arrays[f"pytorch-grad-cam {label}, as returned"] = returned
        kept = explainer.activations_and_grads
        gradients = kept.gradients[0].numpy() if kept.gradients else None
        arrays[f"pytorch-grad-cam {label}"] = explainer.get_cam_image(
            x, layer, targets, kept.activations[0].numpy(), gradients, eigen_smooth=False
        )
    model = in_torch(torch, numbers)
    arrays["pytorch-grad-cam FullGrad, as returned"] = pytorch_grad_cam.FullGrad(model, [])(x, targets)
    guided = pytorch_grad_cam.GuidedBackpropReLUModel(in_torch(torch, numbers))
    arrays["pytorch-grad-cam GuidedBackpropReLUModel"] = guided(x.clone(), TARGET).transpose(2, 0, 1)
    return arrays
