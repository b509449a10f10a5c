"""The one entry point: a photo in, explanations out."""

from __future__ import annotations

import dataclasses
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from explain import photo
from explain.cache import Cache
from explain.classifier import Classifier
from explain.errors import ExplainError
from explain.explanation import FLAT, Explanation, Prediction, predict
from explain.methods import Method, find, methods
from explain.network import LayerInfo, Network
from explain.photo import Photo
from explain.target import Target, resolve

CACHE_BYTES = 48_000_000
Floats = npt.NDArray[np.float32]
_Found = tuple[Floats, float]  # a map, and the largest sum of absolute terms in it


@dataclass(frozen=True)
class _Request:
    """What is asked for, understood; without a target it is the predicted class that a pass has yet to find."""

    photo: Photo
    method: Method
    parameters: tuple[tuple[str, Any], ...]
    target: Target | None


class Explainer:
    """Explains what a classifier says. One serves many threads; what it compiles and computes is kept and used again.

    Args:
        classifier: whose model is explained.
        cache_bytes: the most bytes of activations and maps that are kept.

    Raises:
        ExplainError: the model can't be run, or does not go with what the classifier says of it.
    """

    def __init__(self, classifier: Classifier, cache_bytes: int = CACHE_BYTES) -> None:
        self.classifier = classifier
        self._network = Network(classifier)
        self._cache = Cache(cache_bytes)

    @property
    def kind(self) -> str:
        """Of the model's output: "softmax", "sigmoid" or "multilabel"."""
        return self._network.kind

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """What there is to choose from, in running order; any other layer with a map may be named too."""
        return self._network.layers

    @property
    def default_layer(self) -> str:
        """The layer that the global pooling reads, or the last one where nothing pools."""
        return self._network.default

    @property
    def device(self) -> str:
        """What the model runs on: "CPU", or the name of the GPU."""
        for gpu in tf.config.list_physical_devices("GPU"):
            return str(tf.config.experimental.get_device_details(gpu).get("device_name", "GPU"))
        return "CPU"

    def predict(self, source: photo.Source) -> Prediction:
        """What the classifier says of a photo.

        Raises:
            PhotoError: the photo can't be used.
        """
        shown = photo.open_photo(source)
        known = self._cache.get(shown.digest)
        if known is None:
            (logits,) = self._network.forward()(tf.constant(self.classifier.prepare(shown)))
            return self._predicted(shown, logits)
        return predict(self.kind, self.classifier.classes, known)

    def explain(
        self,
        source: photo.Source,
        method: str = "grad-cam",
        layer: str | None = None,
        target: object = None,
        **parameters: Any,
    ) -> Explanation:
        """Why a score is what it is, at one layer.

        Args:
            source: a path, bytes, a PIL image or a uint8 array (height, width, 3).
            method: a name of `explain.methods()`.
            layer: a path or a unique short name; the default layer if left out.
            target: None (the predicted class), a class by label or index, a pair of them (the first against the
                second), or a `Target`.
            **parameters: of the method.

        Raises:
            PhotoError: the photo can't be used.
            ExplainError: there is no such method, layer, target or parameter.
        """
        began = time.perf_counter()
        request = self._request(source, method, target, parameters)
        path = self._network.find(layer)
        (found,) = self._maps(request, [path], keep=path).values()
        channels = self._channels(request.photo, path) if request.method.family == "activations" else None
        return self._explanation(request, path, found, began, channels)

    def explain_layers(
        self,
        source: photo.Source,
        layers: str | Sequence[str] = "all",
        method: str = "grad-cam",
        target: object = None,
        **parameters: Any,
    ) -> dict[str, Explanation]:
        """Why a score is what it is, at many layers, in one pass: a dictionary from paths to explanations.

        Args:
            source: as for `explain`.
            layers: "all" those of `layers`, or a sequence of names.
            method: as for `explain`.
            target: as for `explain`.
            **parameters: of the method.

        Raises:
            PhotoError: the photo can't be used.
            ExplainError: there is no such method, layer, target or parameter.
        """
        began = time.perf_counter()
        request = self._request(source, method, target, parameters)
        if isinstance(layers, str) and layers != "all":
            raise ExplainError(f'layers is "all" or a sequence of names; received the single text {layers!r}.')
        names = [layer.name for layer in self.layers] if layers == "all" else layers
        paths = list(dict.fromkeys(self._network.find(name) for name in names))
        if not paths:
            raise ExplainError("layers names no layer.")
        found = self._maps(request, paths, keep=self.default_layer)
        return {path: self._explanation(request, path, one, began) for path, one in found.items()}

    def warm(self) -> None:
        """Compile and run everything that a page needs, so that the first photo is answered as fast as later ones."""
        grey = np.random.default_rng(0).integers(0, 256, (*self.classifier.size, 3)).astype(np.uint8)
        for name in methods():
            self.explain_layers(grey, method=name)
            self.explain(grey, method=name)
            self.explain(grey, method=name, target=self.classifier.classes[0])
            self.explain(grey, method=name, target=self.classifier.classes[-1]).heat()
        self.predict(255 - grey)

    def _request(self, source: photo.Source, method: str, target: object, parameters: dict[str, Any]) -> _Request:
        shown = photo.open_photo(source)
        chosen = find(method)
        values = tuple(chosen.check(parameters).items())
        if target is None and self._cache.get(shown.digest) is None:
            return _Request(shown, chosen, values, None)  # the pass will tell which class is predicted
        return _Request(shown, chosen, values, self._target(target, shown))

    def _target(self, target: object, shown: Photo) -> Target:
        predicted = self.predict(shown).index if target is None else 0
        return resolve(target, self.classifier.classes, predicted)

    def _maps(self, request: _Request, paths: list[str], keep: str) -> dict[str, _Found]:
        """The map of each layer and its largest term: from the cache, from one layer's cached activation, or from one
        pass, which leaves the activation of `keep` in the cache."""
        keys = {path: self._key(request, path) for path in paths}
        found = {path: self._cache.get(key) for path, key in keys.items() if request.target is not None}
        if found and all(one is not None for one in found.values()):
            return found
        start = self._network.start(keep)
        activation = None if start is None else self._cache.get((request.photo.digest, start))
        parameters = dict(request.parameters)
        if activation is not None and start is not None and paths == [keep] and request.target is not None:
            results = self._network.tail(request.method, parameters, keep, start)(activation, self._weights(request))
        else:
            run = self._network.maps(request.method, parameters, paths, [] if start is None else [start])
            logits, *results = run(tf.constant(self.classifier.prepare(request.photo)), self._weights(request))
            self._predicted(request.photo, logits)
            if start is not None:
                activation = results.pop(0)
                self._cache.put((request.photo.digest, start), activation, _bytes(activation))
            if request.target is None:
                request = dataclasses.replace(request, target=self._target(None, request.photo))
        found = {path: (np.asarray(results[2 * n][0]), float(results[2 * n + 1][0])) for n, path in enumerate(paths)}
        for path, one in found.items():
            self._cache.put(self._key(request, path), one, one[0].nbytes)
        return found

    def _key(self, request: _Request, path: str) -> tuple[object, ...]:
        weights = self._weights(request).numpy().tobytes() if request.method.gradients else b""
        return request.photo.digest, request.method.name, request.parameters, weights, path

    def _weights(self, request: _Request) -> tf.Tensor:
        classes = self.classifier.classes
        return tf.constant(
            np.zeros(len(classes), np.float32) if request.target is None else request.target.vector(classes)
        )

    def _predicted(self, shown: Photo, logits: tf.Tensor) -> Prediction:
        row = np.asarray(logits[0], np.float32)
        if not np.isfinite(row).all():
            raise ExplainError(
                "The model's scores for this photo are not finite: are its weights and preprocessing right?"
            )
        self._cache.put(shown.digest, row, row.nbytes)
        return predict(self.kind, self.classifier.classes, row)

    def _channels(self, shown: Photo, path: str) -> Floats:
        activation = self._cache.get((shown.digest, path))
        if activation is None:
            run = self._network.activation(path)
            (activation,) = run(tf.constant(self.classifier.prepare(shown)))
        return np.asarray(activation[0], np.float32)

    def _explanation(
        self, request: _Request, path: str, found: _Found, began: float, channels: Floats | None = None
    ) -> Explanation:
        array, largest = found
        if not np.isfinite(array).all():
            raise ExplainError(f"The map of {request.method.name} at {path!r} is not finite: numbers overflow there.")
        shows = np.abs(array) if request.method.display == "magnitude" else array
        target = (request.target or self._target(None, request.photo)) if request.method.gradients else None
        return Explanation(
            map=array,
            layer=path,
            method=request.method.name,
            target=target,
            flat=bool(shows.max() <= FLAT * largest),
            view=self.classifier.place(request.photo).view,
            prediction=self.predict(request.photo),
            channels=channels,
            _photo=request.photo,
            _placement=self.classifier.place(request.photo),
            _method=request.method,
            _facts={
                "parameters": dict(request.parameters),
                "model": self.classifier.name,
                "milliseconds": round(1000 * (time.perf_counter() - began), 1),
                "versions": {
                    "python": platform.python_version(),
                    "keras": keras.__version__,
                    "tensorflow": tf.__version__,
                },
            },
        )


def _bytes(tensor: tf.Tensor) -> int:
    return int(tensor.dtype.size * tensor.shape.num_elements())
