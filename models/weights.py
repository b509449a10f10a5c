"""A network's weights in one .npz file, and what a backbone comes with: ImageNet's, or somebody's own file.

The .npz file has arrays keyed `layer/variable`, kernels in float16, everything else in float32. Halving the kernels'
precision moves no prediction that matters (the card's metrics are those of the stored weights) and halves the file.
From every format arrays alone are read; nothing in a file can run.

Plain Keras: this module runs on every Keras backend.
"""

from __future__ import annotations

import io
import os
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from models.backbones import Backbone, backbone, canonical, find
from models.errors import ModelError

IMAGENET = "imagenet"
_DAMAGED = (ValueError, EOFError, KeyError, OSError, RuntimeError, zipfile.BadZipFile, zlib.error)
# The arrays of each layer, in the layer's own order, by the names of the layers.
Layers = dict[str, list[Any]]


def write(network: Any, file: Path) -> None:
    """Store the weights of a functional network, nested or not, as .npz.

    Raises:
        ModelError: a weight is no number, or too large for half precision.
    """
    arrays: dict[str, Any] = {}
    for key, variable in _keyed(network).items():
        array = np.asarray(variable.numpy(), np.float32)
        with np.errstate(over="ignore"):  # said below
            arrays[key] = array.astype(np.float16) if array.ndim > 1 else array
        if not np.isfinite(arrays[key]).all():
            raise ModelError(f"{key} has weights that are no numbers, or too large: train it again at a lower rate.")
    np.savez_compressed(file, **arrays)


def read(network: Any, file: Path) -> None:
    """Fill a network from such a file, as a whole or not at all; what the file holds beyond that is left out.

    Raises:
        ModelError: the file is missing or damaged, or a variable is not in it or has another shape.
    """
    wanted = _keyed(network)
    try:
        with zipfile.ZipFile(file), np.load(file, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in wanted if key in archive}
    except FileNotFoundError:
        raise ModelError(f"{file} is not there.") from None
    except _DAMAGED as error:
        raise ModelError(f"{file} is no archive of weights: {error}") from error
    for key, variable in wanted.items():
        if key not in arrays:
            raise ModelError(
                f"{file} has no weights called {key!r}, shape {tuple(variable.shape)}: it belongs to another network. "
                "Give the file that was written for this one."
            )
        if arrays[key].shape != tuple(variable.shape):
            raise ModelError(
                f"{file}: {key} has the shape {arrays[key].shape}, the network needs {tuple(variable.shape)}. "
                "Give the file that was written for this network."
            )
    for key, variable in wanted.items():
        variable.assign(arrays[key].astype(np.float32))


def pretrained(body: Any, name: str, source: str, data: Path) -> None:
    """Fill a backbone, as a whole or not at all.

    Args:
        body: the network of `backbones.backbone`, cut or finer or neither.
        name: of the backbone, a key of `backbones.BACKBONES`.
        source: "imagenet", which Keras fetches and keeps; nothing, which leaves the body as it is; or a file: .npz as
            `write` makes it, .h5 (weights or a whole model, of Keras 2 or 3), .keras (a model that has the backbone's
            layers, nested or not). A file may hold more than is needed.
        data: the folder that a relative file is in.

    Raises:
        ModelError: the source is missing or damaged, or does not go with the network, or can't be fetched.
    """
    entry = find(name)
    if not source:
        return
    if source == IMAGENET:
        # some have files for several sizes; those for 224 fit all
        full = fetched(entry.build, include_top=False, input_shape=(224, 224, 3))
        found = _canonical({layer.name: [one.numpy() for one in layer.weights] for layer in _leaves(full)})
        _fill(body, found, f"ImageNet's {entry.build}", entry)
        return
    file = data / source
    if not file.is_file():
        raise ModelError(
            f"{file} is not there. Weights are {IMAGENET!r} or a file of {entry.build}: .npz, .h5, .keras."
        )
    if file.suffix == ".npz":
        read(body, file)
    elif file.suffix in (".h5", ".hdf5", ".keras"):
        try:
            with h5py.File(_archived(file) if file.suffix == ".keras" else file, "r") as arrays:
                _fill(body, _stored(arrays, body, name), str(file), entry)
        except ModelError:
            raise
        except _DAMAGED as error:
            raise ModelError(f"{file} can't be read as {file.suffix}: {' '.join(str(error).split())}.") from error
    else:
        raise ModelError(f"{file}: weights are .npz, .h5 or .keras, not {file.suffix or 'without a suffix'}.")


def _leaves(network: Any) -> Iterator[Any]:
    """The layers that are made of no others."""
    for layer in network.layers:
        yield from _leaves(layer) if hasattr(layer, "layers") else (layer,)


def _keyed(network: Any) -> dict[str, Any]:
    keyed: dict[str, Any] = {}
    for layer in _leaves(network):
        names = canonical(variable.name for variable in layer.weights)
        for variable in layer.weights:
            key = f"{layer.name}/{names.get(variable.name, variable.name)}"
            if key in keyed:
                raise ModelError(f"Two layers of the network are called {layer.name!r}: give each a name of its own.")
            keyed[key] = variable
    return keyed


def _fill(body: Any, found: Mapping[str, Sequence[Any]], source: str, entry: Backbone) -> None:
    chosen: list[tuple[Any, Any]] = []
    advice = f"Give weights of keras.applications.{entry.build}."
    for layer in _leaves(body):
        needed, arrays = [tuple(one.shape) for one in layer.weights], found.get(layer.name, ())
        shapes = [tuple(one.shape) for one in arrays]
        if needed and not arrays:
            raise ModelError(f"{source} has no weights for {layer.name!r}, shapes {_text(needed)}. {advice}")
        if needed and shapes != needed:
            raise ModelError(
                f"{source}: {layer.name!r} has the shapes {_text(shapes)}, the network needs {_text(needed)}. {advice}"
            )
        chosen += zip(layer.weights, arrays, strict=False)
    values = [np.asarray(array[...], np.float32) for _, array in chosen]
    for (variable, _), value in zip(chosen, values, strict=True):
        variable.assign(value)


def _text(shapes: Iterable[tuple[int, ...]]) -> str:
    return ", ".join(str(shape) for shape in shapes)


def _canonical(layers: Layers) -> Layers:
    names = canonical(layers)
    return {names.get(name, name): arrays for name, arrays in layers.items()}


def fetched(build: str, **options: Any) -> Any:
    """A network of Keras Applications with the weights that Keras fetches, or has in its cache.

    Args:
        build: its name in `keras.applications`.
        options: what else that function takes.

    Raises:
        ModelError: there is no network; the text says which file to put where.
    """
    try:
        return getattr(keras.applications, build)(weights=IMAGENET, **options)
    except Exception as error:  # Keras raises that class itself where there is no network
        reason = " ".join(str(error).split())
        address = re.search(r"https?://\S+/([^/\s]+\.h5)", reason)
        what = f"put {address[1]} from {address[0]}" if address else "put the file that Keras asks for"
        raise ModelError(
            f"ImageNet's weights of {build} can't be fetched ({reason.rpartition(' -- ')[2]}): {what} into "
            f"{_cache()}, or give a file of your own with --weights."
        ) from error


def _cache() -> Path:
    """Where `keras.utils.get_file` keeps the weights of Keras Applications."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser()
    return (home if os.access(home, os.W_OK) else Path("/tmp/.keras")) / "models"  # noqa: S108 - it is Keras' choice


def _archived(file: Path) -> io.BytesIO:
    """The arrays of a .keras file; how the model is put together, and code in it, is not looked at."""
    with zipfile.ZipFile(file) as archive:
        return io.BytesIO(archive.read("model.weights.h5"))


def _stored(file: Any, body: Any, name: str) -> Layers:
    """The layers of an HDF5 file. Of two with the same name, that with more of the network's beside it is meant."""
    old = file.get("model_weights", file)
    groups = _strings(old, "layer_names")
    if groups:
        weighty = [layer for layer in backbone(name, None).layers if layer.weights]
        arrays = [found for found in (list(_arrays(old[group]).values()) for group in groups) if found]
        if len(arrays) == len(weighty):
            return _in_order(weighty, arrays)
    parts = [_canonical(part) for part in (_old(old, groups) if groups else _new(file)).values()]
    needed = {layer.name for layer in _leaves(body)}
    return {key: one for part in sorted(parts, key=lambda part: len(needed & part.keys())) for key, one in part.items()}


def _in_order(weighty: list[Any], arrays: list[list[Any]]) -> Layers:
    """As Keras loads its old format: by the layers' order alone, for their names have changed over the years."""
    layers: Layers = {}
    for layer, found in zip(weighty, arrays, strict=True):
        leaves = list(_leaves(layer)) if hasattr(layer, "layers") else [layer]
        for leaf in leaves[:-1]:
            layers[leaf.name], found = found[: len(leaf.weights)], found[len(leaf.weights) :]
        layers[leaves[-1].name] = found
    return layers


def _old(root: Any, groups: list[str]) -> dict[str, Layers]:
    """The old format: a group for each layer, which names its arrays; one that is a network itself is a part."""
    parts: dict[str, Layers] = {"": {}}
    for group in groups:
        arrays = _arrays(root[group])
        folders = {name.rpartition("/")[0] for name in arrays}
        for name, array in arrays.items():
            layer = name.rpartition("/")[0].rpartition("/")[2]
            part, layer = (group, layer) if len(folders) > 1 else ("", group)
            parts.setdefault(part, {}).setdefault(layer, []).append(array)
    return parts


def _new(file: Any) -> dict[str, Layers]:
    """The format of .keras and .weights.h5: arrays numbered in `.../vars`, which says the name of its layer."""
    parts: dict[str, Layers] = {}

    def visit(path: str, group: Any) -> None:
        if path.rpartition("/")[2] == "vars" and len(group):
            if "name" not in group.attrs:
                raise ValueError(
                    "its layers have no names, for the Keras that wrote it is too old. Load the model with Keras "
                    f"{keras.__version__} and save it again"
                )
            arrays = [group[key] for key in sorted(group, key=lambda key: (len(key), key))]
            parts.setdefault(path.rpartition("/")[0].rpartition("/")[0], {})[str(group.attrs["name"])] = arrays

    file.visititems(visit)
    return parts


def _arrays(group: Any) -> dict[str, Any]:
    return {name: group[name] for name in _strings(group, "weight_names")}


def _strings(group: Any, name: str) -> list[str]:
    """A list of names beside a group; where it is long, Keras cuts it in parts with numbers."""
    parts = [name] if name in group.attrs else takewhile(group.attrs.__contains__, (f"{name}{n}" for n in count()))
    return [one.decode() if isinstance(one, bytes) else str(one) for part in parts for one in group.attrs[part]]
