"""ResNet50V2 in PyTorch, as Keras Applications has it (He et al. 2016, arXiv 1603.05027): 53 convolutions.

Written out because torchvision, which has version 1 only, is not to be had for every build of PyTorch.
"""

from __future__ import annotations

import torch
from torch import nn

STAGES = ((64, 3, 2), (128, 4, 2), (256, 6, 2), (512, 3, 1))
"""Channels within the blocks, blocks, and stride of the last of them."""


class Block(nn.Module):
    """Normalisation and ReLU first, then 1 × 1, 3 × 3 and 1 × 1 convolutions beside a shortcut."""

    def __init__(self, before: int, channels: int, stride: int, project: bool) -> None:
        super().__init__()
        after = 4 * channels
        self.preact = nn.Sequential(nn.BatchNorm2d(before), nn.ReLU())
        self.project = project
        # As in Keras, a projection reads what is normalised, any other shortcut the input itself.
        self.shortcut = nn.Conv2d(before, after, 1, stride) if project else nn.MaxPool2d(1, stride)
        self.body = nn.Sequential(
            nn.Conv2d(before, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, stride, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, after, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From (N, before, rows, columns) to (N, 4 * channels, rows, columns), these divided by the stride."""
        ready = self.preact(x)
        return self.shortcut(ready if self.project else x) + self.body(ready)


def resnet50v2(classes: int) -> nn.Sequential:
    """The network with fresh weights; `relu` is what the pooling reads, logits come out."""
    layers: dict[str, nn.Module] = {"stem": nn.Conv2d(3, 64, 7, 2, 3), "halve": nn.MaxPool2d(3, 2, 1)}
    before = 64
    for stage, (channels, blocks, stride) in enumerate(STAGES, 1):
        for block in range(blocks):
            last = block == blocks - 1
            layers[f"stage{stage}_{block}"] = Block(before, channels, stride if last else 1, project=block == 0)
            before = 4 * channels
    layers |= {"norm": nn.BatchNorm2d(before), "relu": nn.ReLU(), "pool": nn.AdaptiveAvgPool2d(1)}
    model = nn.Sequential()
    for name, layer in (layers | {"flat": nn.Flatten(), "scores": nn.Linear(before, classes)}).items():
        model.add_module(name, layer)
    return model.eval()
