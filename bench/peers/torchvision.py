"""Empty torchvision for pytorch-grad-cam, which imports names of it that the CAM family never calls."""

from __future__ import annotations

import importlib
import sys
import types

NAMES = {
    "torchvision": (),
    "torchvision.ops": (),
    "torchvision.transforms": ("Compose", "Normalize", "ToTensor"),
    "torchvision.transforms.functional": ("resize",),
}


def stand_in() -> None:
    """Where torchvision is not installed: not for every build of PyTorch there is one."""
    try:
        importlib.import_module("torchvision")
    except (ImportError, RuntimeError):  # RuntimeError: of a build that is not PyTorch's
        for module, names in NAMES.items():
            sys.modules[module] = types.ModuleType(module)
            for name in names:
                setattr(sys.modules[module], name, None)
