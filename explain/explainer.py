"""The one entry point: a photo in, explanations out."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterable, Mapping, Sequence
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
from explain.explanation import Explanation, Prediction
from explain.layers import LayerInfo
from explain.methods import Method, find, methods
from explain.photo import Photo
from explain.target import SPACES, Target, resolve

CACHE_BYTES = 48_000_000
VERSIONS = {"python": platform.python_version(), "keras": keras.__version__, "tensorflow": tf.__version__}
Floats = npt.NDArray[np.float32]
_Found = tuple[Floats, float]  # a map, and the largest sum of absolute terms in it


@dataclass(frozen=True)
class _Request:
    """What is asked for, understood; without a target it is the predicted class."""

    photo: Photo
    method: Method
    parameters: dict[str, Any]
    target: Target | None


class Explainer:
    """Explains what a classifier says. One serves many threads; what it compiles and computes is kept and used again.

    Answers are kept by photo, so a model whose weights have changed since needs another Explainer.

    Args:
        classifier: whose model is explained.
        cache_bytes: the most bytes of activations and maps that are kept.
    """

    def __init__(self, classifier: Classifier, cache_bytes: int = CACHE_BYTES) -> None:
        self.classifier = classifier
        self._network = classifier.network
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
            ExplainError: the model's scores are not finite.
        """
        shown = photo.open_photo(source)
        known = self._known(shown)
        if known is not None:
            return known
        return self._predicted(shown, *self._network.forward()(self._batch(shown)))

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
        channels = self._channels(request.photo, path) if request.method.family == "activations" else None
        return self._explanations(request, [path], path, began, channels)[path]

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
        if isinstance(layers, str) and layers == "all":
            names: Iterable[str] = [layer.name for layer in self.layers]
        elif isinstance(layers, str) or not isinstance(layers, Iterable):
            raise ExplainError(f'layers is "all" or a sequence of names; received {layers!r}.')
        else:
            names = layers
        paths = list(dict.fromkeys(self._network.find(name) for name in names))
        if not paths:
            raise ExplainError("layers names no layer.")
        return self._explanations(request, paths, self.default_layer, began)

    def warm(self) -> None:
        """Compile and run everything that a page needs, so that the first photo is answered as fast as later ones."""
        noise = np.random.default_rng(0)
        for name in methods():
            some, other = noise.integers(0, 256, (2, *self.classifier.size, 3)).astype(np.uint8)
            self.explain_layers(some, method=name)
            self.explain(other, method=name)
            for label in self.classifier.classes[:2]:  # at least one of them is not the predicted one
                self.explain(other, method=name, target=label).heat()
        self.predict(255 - other)
        self._cache.clear()

    def _request(self, source: photo.Source, method: str, target: object, parameters: dict[str, Any]) -> _Request:
        chosen = find(method)
        values = chosen.check(parameters)
        goal = None if target is None else resolve(target, self.classifier.classes, chosen.space or SPACES[0])
        return _Request(photo.open_photo(source), chosen, values, goal)

    def _explanations(
        self, request: _Request, paths: list[str], keep: str, began: float, channels: Floats | None = None
    ) -> dict[str, Explanation]:
        prediction, found = self._maps(request, paths, keep)
        target = self._target(request, prediction) if request.method.gradients else None
        placement = self.classifier.place(request.photo)
        facts = {
            "parameters": request.parameters,
            "model": self.classifier.name,
            "temperature": self.classifier.temperature,
            "milliseconds": round(1000 * (time.perf_counter() - began), 1),
            "versions": VERSIONS,
        }
        explanations = {}
        for path, (values, largest) in found.items():
            if not np.isfinite(values).all():
                raise ExplainError(
                    f"Numbers overflow in the map of {request.method.name} at {path!r}: it is not finite."
                )
            explanations[path] = Explanation(
                map=values.copy(),
                layer=path,
                method=request.method.name,
                target=target,
                prediction=prediction,
                channels=channels,
                _photo=request.photo,
                _placement=placement,
                _method=request.method,
                _largest=largest,
                _facts=facts,
            )
        return explanations

    def _maps(self, request: _Request, paths: list[str], keep: str) -> tuple[Prediction, Mapping[str, _Found]]:
        """The map of each layer and its largest term: from the cache, from one layer's cached activation, or from one
        pass, which leaves the activation that `keep` is computed from in the cache."""
        shown, method, parameters = request.photo, request.method, request.parameters
        prediction = self._known(shown)
        if prediction is not None:
            known = {path: self._cache.get(self._key(request, prediction, path)) for path in paths}
            if all(one is not None for one in known.values()):
                return prediction, known
        start = self._network.start(keep)
        activation = None if start is None else self._cache.get((shown.digest, start))
        weights = self._weights(request, prediction)
        if paths == [keep] and start is not None and activation is not None and prediction is not None:
            results = self._network.tail(method, parameters, keep, start)(activation, *weights)
        else:
            run = self._network.maps(method, parameters, paths, [] if start is None else [start])
            logits, probabilities, *results = run(self._batch(shown), *weights)
            prediction = self._predicted(shown, logits, probabilities)
            if start is not None:
                activation = results.pop(0)
                self._cache.put((shown.digest, start), activation, np.asarray(activation).nbytes)
        arrays = [np.asarray(result)[0] for result in results]
        found = {path: (arrays[2 * n], float(arrays[2 * n + 1])) for n, path in enumerate(paths)}
        for path, one in found.items():
            self._cache.put(self._key(request, prediction, path), one, one[0].nbytes)
        return prediction, found

    def _target(self, request: _Request, prediction: Prediction) -> Target:
        space = request.method.space or SPACES[0]
        return request.target or Target({prediction.classes[prediction.index]: 1.0}, space)

    def _weights(self, request: _Request, prediction: Prediction | None) -> tuple[tf.Tensor, tf.Tensor]:
        """(w, u) of the score, and how much of the predicted class is added to them, see `Network`."""
        classes = self.classifier.classes
        predicted = np.zeros(len(SPACES), np.float32)
        if request.target is None and prediction is None:
            predicted[SPACES.index(request.method.space or SPACES[0])] = 1
            vector = np.zeros((len(SPACES), len(classes)), np.float32)
        else:
            vector = self._vector(request, prediction)
        return tf.constant(vector), tf.constant(predicted)

    def _vector(self, request: _Request, prediction: Prediction | None) -> Floats:
        target = request.target if prediction is None else self._target(request, prediction)
        assert target is not None  # noqa: S101 - for the type checker: a target or a prediction is known here
        return target.vector(self.classifier.classes)

    def _key(self, request: _Request, prediction: Prediction, path: str) -> tuple[object, ...]:
        weights = self._vector(request, prediction).tobytes() if request.method.gradients else b""
        return request.photo.digest, request.method.name, *request.parameters.items(), weights, path

    def _batch(self, shown: Photo) -> tf.Tensor:
        return tf.constant(self.classifier.prepare(shown))

    def _known(self, shown: Photo) -> Prediction | None:
        return self._cache.get(shown.digest)  # type: ignore[no-any-return]

    def _predicted(self, shown: Photo, logits: tf.Tensor, probabilities: tf.Tensor) -> Prediction:
        prediction = Prediction(self.classifier.classes, np.array(logits)[0], np.array(probabilities)[0])
        for scores in (prediction.logits, prediction.probabilities):
            scores.flags.writeable = False  # later answers share them
        if not np.isfinite(prediction.logits).all():
            raise ExplainError(
                "The model's scores for this photo are not finite: are its weights and preprocessing right?"
            )
        self._cache.put(shown.digest, prediction, prediction.logits.nbytes + prediction.probabilities.nbytes)
        return prediction

    def _channels(self, shown: Photo, path: str) -> Floats:
        activation = self._cache.get((shown.digest, path))
        if activation is None:
            (activation,) = self._network.activation(path)(self._batch(shown))
        return np.array(activation[0], np.float32)
