"""pytorch-grad-cam, torch-cam and captum on PyTorch, whose plain forward pass is the eager one."""

from __future__ import annotations

import itertools
import warnings
from importlib.metadata import version

import torch
from captum.attr import LayerAttribution, LayerGradCam
from torch import nn
from torchcam.methods import GradCAM as TorchCam

from bench.peers.resnet50v2 import resnet50v2
from bench.peers.rows import BATCH, CLASSES, SIDE, Library, measure, spread
from bench.peers.torchvision import stand_in


def main() -> None:
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    model, photos = resnet50v2(CLASSES), torch.rand(BATCH, 3, SIDE, SIDE) * 2 - 1

    def forward(count: int) -> torch.Tensor:
        with torch.inference_mode():
            return model(photos[:count])

    measure(
        lambda: forward(1),
        lambda: forward(BATCH),
        {
            f"pytorch-grad-cam {version('grad-cam')}": lambda: _pytorch_grad_cam(model, photos),
            f"torch-cam {version('torchcam')}": lambda: _torch_cam(model, photos),
            f"captum {version('captum')}": lambda: _captum(model, photos),
        },
    )


def _convolutions(model: nn.Module) -> list[str]:
    return [name for name, module in model.named_modules() if isinstance(module, nn.Conv2d)]


def _pytorch_grad_cam(model: nn.Module, photos: torch.Tensor) -> Library:
    stand_in()  # before its first import
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    convolutions = [model.get_submodule(name) for name in _convolutions(model)]
    unused, others = iter(convolutions), itertools.cycle(range(CLASSES))

    def at(layers: list[nn.Module], count: int = 1, target: int = 5) -> object:
        with GradCAM(model, layers) as explainer:  # its hooks cost every forward pass, so they don't stay
            return explainer(photos[:count], [ClassifierOutputTarget(target)] * count)

    last = [model.get_submodule("relu")]
    return Library(
        last=lambda: at(last),
        other=lambda: at(last, target=next(others)),
        first=lambda: at([next(unused)]),
        batch=lambda: at(last, BATCH),
        every=lambda: at(convolutions),
        some=(),
        notes="of all convolutions it returns the mean, after one pass",
    )


def _torch_cam(model: nn.Module, photos: torch.Tensor) -> Library:
    convolutions = _convolutions(model)
    unused, others = iter(convolutions), itertools.cycle(range(CLASSES))
    kept = TorchCam(model, "relu")
    scores = model(photos[:1])
    kept.disable_hooks()

    def at(layers: str | list[str], count: int = 1) -> object:
        with TorchCam(model, layers) as explainer:
            return explainer(5, model(photos[:count]))

    def other() -> object:
        return kept(next(others), scores, retain_graph=True)

    return Library(
        last=lambda: at("relu"),
        other=other,
        first=lambda: at(next(unused)),
        batch=lambda: at("relu", BATCH),
        every=lambda: at(convolutions),
        some=(),
        notes="maps of the layer's size, not of the photo's; for another class the graph of the first one is kept",
    )


def _captum(model: nn.Module, photos: torch.Tensor) -> Library:
    convolutions = _convolutions(model)
    unused, others = iter(convolutions), itertools.cycle(range(CLASSES))

    def at(layer: str, count: int = 1, target: int = 5) -> torch.Tensor:
        explainer = LayerGradCam(model, model.get_submodule(layer))
        found = explainer.attribute(photos[:count], target, relu_attributions=True)
        return LayerAttribution.interpolate(found, (SIDE, SIDE), "bilinear")

    return Library(
        last=lambda: at("relu"),
        other=lambda: at("relu", target=next(others)),
        first=lambda: at(next(unused)),
        batch=lambda: at("relu", BATCH),
        every=None,
        some=tuple((lambda name=name: at(name)) for name in spread(convolutions)),
        notes="maps enlarged to the photo's size with its own interpolation",
    )


if __name__ == "__main__":
    main()
