"""How a network is put together: a backbone, cut, and a head. Cards and recipes hold it as data.

Plain Keras: this module runs on every Keras backend. It is imported where it is needed, because cards are read to list
models, and whoever only lists them does not wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Architecture:
    """One network, but for its weights.

    Attributes:
        backbone: a network of Keras Applications: resnet50, resnet101, resnet152, resnet50v2, resnet101v2, resnet152v2,
            vgg16, vgg19, mobilenetv2, mobilenetv3small, mobilenetv3large, xception, inceptionv3, densenet121,
            efficientnetv2b0, efficientnetv2b1, efficientnetv2b2, efficientnetv2b3, efficientnetv2s or convnexttiny.
        cut: the last stage of it that is kept; all are, if empty.
        finer: whether its last halving is undone.
        head: "pool", "conv", "conv-norm" or "dense".
        channels: width of the head's convolution or dense layers.
        dropout: share of the head's features that is left out while learning.
    """

    backbone: str
    cut: str = ""
    finer: bool = False
    head: str = "conv"
    channels: int = 256
    dropout: float = 0.0

    @property
    def preprocessing(self) -> str:
        """Name of the input scaling, see `explain.Classifier`."""
        from models import backbones

        return backbones.find(self.backbone).preprocessing

    def body(self, size: int | None) -> Any:
        """The backbone with fresh weights, for square photos of `size` pixels, or of any size."""
        from models import backbones

        return backbones.backbone(self.backbone, size, self.cut, self.finer)

    def on(self, body: Any, units: int, name: str | None = None) -> Any:
        """The network with a fresh head on this body: preprocessed photos to logits (N, units)."""
        import keras

        from models import heads

        logits = heads.head(self.head, body.output, self.channels, self.dropout, units)
        return keras.Model(body.input, logits, name=name)

    def network(self, size: int | None, units: int, name: str | None = None) -> Any:
        """The whole network with fresh weights: preprocessed photos to logits (N, units)."""
        return self.on(self.body(size), units, name)


def units(classes: tuple[str, ...]) -> int:
    """Outputs of a network for these classes: two of them share one."""
    return 1 if len(classes) == 2 else len(classes)
