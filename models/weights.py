"""A network's weights in one .npz file: arrays keyed `layer/variable`, kernels in float16, everything else in float32.

Halving the kernels' precision moves no prediction that matters (the card's metrics are those of the stored weights) and
halves the file. The archive holds arrays only; nothing in it can run.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import ModelError


def _keyed(network: Any) -> dict[str, Any]:
    return {f"{layer.name}/{variable.name}": variable for layer in network.layers for variable in layer.weights}


def write(network: Any, file: Path) -> None:
    """Store the weights of a functional network of single layers."""
    arrays: dict[str, Any] = {}
    for key, variable in _keyed(network).items():
        array = np.asarray(variable.numpy(), np.float32)
        arrays[key] = array.astype(np.float16) if array.ndim > 1 else array
    np.savez_compressed(file, **arrays)


def read(network: Any, file: Path) -> None:
    """Fill a network from such a file.

    Raises:
        ModelError: the file is missing or damaged, or a variable is not in it or has another shape.
    """
    try:
        archive = np.load(file, allow_pickle=False)
    except FileNotFoundError:
        raise ModelError(f"{file} is not there.") from None
    except (ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise ModelError(f"{file} is no archive of weights: {error}") from error
    with archive:
        for key, variable in _keyed(network).items():
            if key not in archive:
                raise ModelError(f"{file} has no weights called {key!r}: it belongs to another network.")
            value = archive[key].astype(np.float32)
            if value.shape != tuple(variable.shape):
                raise ModelError(
                    f"{file}: {key} has the shape {value.shape}, the network needs {tuple(variable.shape)}."
                )
            variable.assign(value)
