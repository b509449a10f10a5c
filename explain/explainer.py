"""The one entry point: a photo in, explanations out."""

from __future__ import annotations

import itertools
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from explain import photo
from explain.answers import Answers, Request
from explain.classifier import Classifier
from explain.errors import ExplainError
from explain.explanation import Explanation, Prediction
from explain.layers import LayerInfo
from explain.methods import Found, Method, find
from explain.target import SPACES, resolve

CACHE_BYTES = 48_000_000
WARM = ("activations", "grad-cam")
"""What a page needs first; another method is compiled when it is first asked for."""
VERSIONS = {"python": platform.python_version(), "keras": keras.__version__, "tensorflow": tf.__version__}


class Explainer:
    """Explains what a classifier says. One serves many threads; what it compiles and computes is kept and used again.

    Answers are kept by photo, so a model whose weights have changed since needs another Explainer.

    Args:
        classifier: whose model is explained.
        cache_bytes: the most bytes of activations and maps that are kept.
    """

    def __init__(self, classifier: Classifier, cache_bytes: int = CACHE_BYTES) -> None:
        if not isinstance(classifier, Classifier):
            raise ExplainError(
                f"An Explainer is of a Classifier; received {type(classifier).__name__}. "
                "Classifier(model, classes, preprocessing) makes one of a Keras model."
            )
        self.classifier = classifier
        self._network = classifier.network
        self._answers = Answers(classifier, cache_bytes)

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
        return self._answers.prediction(photo.open_photo(source))

    def explain(
        self,
        source: photo.Source,
        method: str = "grad-cam",
        layer: str | None = None,
        target: object = None,
        before_pass: Callable[[], None] | None = None,
        **parameters: Any,
    ) -> Explanation:
        """Why a score is what it is.

        Args:
            source: a path, bytes, a PIL image or a uint8 array (height, width, 3).
            method: a name of `explain.methods()`.
            layer: a path or a unique short name; the default layer if left out. Methods that look at the input, or at
                the whole network, have none.
            target: None (the predicted class), a class by label or index, a pair of them (the first against the
                second), or a `Target`.
            before_pass: called before each pass of what takes many of them (input methods, several views of the photo);
                what it raises ends the explanation, for when nobody waits for it any more.
            **parameters: of the method.

        Raises:
            PhotoError: the photo can't be used.
            ExplainError: there is no such method, layer, target or parameter.
        """
        began = time.perf_counter()
        request = replace(self._request(source, method, target, parameters), before_pass=before_pass)
        path = self._path(request.method, layer)
        if path is None or not request.in_one_pass:
            prediction, found = self._answers.of_views(request, path)
            return self._explanation(request, path, prediction, found, began)
        prediction, maps = self._answers.of_layers(request, [path], path)
        channels = self._answers.channels(request.photo, path) if method == "activations" else None
        return self._explanation(request, path, prediction, maps[path], began, channels)

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
            layers: "all" those of `layers` that the method can explain (a channel of those that have it), or a
                sequence of names.
            method: as for `explain`; one that looks at a layer.
            target: as for `explain`.
            **parameters: of the method.

        Raises:
            PhotoError: the photo can't be used.
            ExplainError: there is no such method, layer, target or parameter.
        """
        began = time.perf_counter()
        request = self._request(source, method, target, parameters)
        if not request.method.layer:
            raise ExplainError(f"{request.method.title} looks at no single layer: ask for it with `explain`.")
        if isinstance(layers, str) and layers == "all":
            listed = [layer.name for layer in self.layers]
            how = request.method, request.parameters
            names: Iterable[str] = [name for name in listed if self._network.possible(*how, name)] or listed
        elif isinstance(layers, str) or not isinstance(layers, Iterable):
            raise ExplainError(f'layers is "all" or a sequence of names; received {layers!r}.')
        else:
            names = layers
        paths = list(dict.fromkeys(self._network.find(name) for name in names))
        if not paths:
            raise ExplainError("layers names no layer.")
        if request.in_one_pass:
            prediction, maps = self._answers.of_layers(request, paths, self.default_layer)
            return {path: self._explanation(request, path, prediction, maps[path], began) for path in paths}
        return {path: self._explanation(request, path, *self._answers.of_views(request, path), began) for path in paths}

    def explain_photos(
        self,
        sources: Iterable[photo.Source],
        method: str = "grad-cam",
        layer: str | None = None,
        target: object = None,
        batch: int = 32,
        **parameters: Any,
    ) -> Iterator[Explanation]:
        """Why the scores of many photos are what they are: one explanation after the other, in the photos' order.

        Args:
            sources: as for `explain`.
            method: as for `explain`.
            layer: as for `explain`.
            target: as for `explain`; None is the class predicted of each.
            batch: photos in a pass. Methods that need many passes take one photo at a time.
            **parameters: of the method.

        Raises:
            PhotoError: a photo can't be used; the batches before it have been explained.
            ExplainError: there is no such method, layer, target or parameter.
        """
        if isinstance(batch, bool) or not isinstance(batch, int) or batch < 1:
            raise ExplainError(f"batch is a whole number of photos, at least 1; received {batch!r}.")
        path, waiting = self._path(find(method), layer), iter(sources)
        while group := list(itertools.islice(waiting, batch)):
            began = time.perf_counter()
            requests = [self._request(source, method, target, parameters) for source in group]
            if path is not None and requests[0].in_one_pass:
                answers = self._answers.of_photos(requests, path)
            else:
                answers = [self._answers.of_views(request, path) for request in requests]
            for request, (prediction, found) in zip(requests, answers, strict=True):
                yield self._explanation(request, path, prediction, found, began)

    def warm(self) -> None:
        """Compile and run everything that a page needs, so that the first photo is answered as fast as later ones."""
        noise = np.random.default_rng(0)
        for name in WARM:
            some, other = noise.integers(0, 256, (2, *self.classifier.size, 3)).astype(np.uint8)
            self.explain_layers(some, method=name)
            self.explain(other, method=name)
            for label in self.classifier.classes[:2]:  # at least one of them is not the predicted one
                self.explain(other, method=name, target=label).heat()
        self.predict(255 - other)
        self._answers.forget()

    def _request(self, source: photo.Source, method: str, target: object, parameters: dict[str, Any]) -> Request:
        chosen = find(method)
        values = chosen.check(parameters)
        goal = None if target is None else resolve(target, self.classifier.classes, chosen.space or SPACES[0])
        views = values.pop("augment")
        return Request(photo.open_photo(source), chosen, values, views, goal)

    def _path(self, method: Method, layer: str | None) -> str | None:
        if method.layer:
            return self._network.find(layer)
        if layer is not None:
            raise ExplainError(f"{method.title} looks at no single layer; received {layer!r}: leave it out.")
        return None

    def _explanation(
        self,
        request: Request,
        path: str | None,
        prediction: Prediction,
        found: Found,
        began: float,
        channels: npt.NDArray[np.float32] | None = None,
    ) -> Explanation:
        if not np.isfinite(found.map).all():
            where = "" if path is None else f" at {path!r}"
            raise ExplainError(f"Numbers overflow in the map of {request.method.name}{where}: it is not finite.")
        return Explanation(
            map=found.map.copy(),
            layer=path,
            method=request.method.name,
            target=request.goal(prediction) if request.method.space else None,
            prediction=prediction,
            channels=channels if found.channels is None else found.channels.copy(),
            _photo=request.photo,
            _placement=self.classifier.place(request.photo),
            _method=request.method,
            _largest=found.largest,
            _facts={
                "parameters": {**request.parameters, "augment": request.views},
                "facts": dict(found.facts),
                "model": self.classifier.name,
                "temperature": self.classifier.temperature,
                "milliseconds": round(1000 * (time.perf_counter() - began), 1),
                "versions": VERSIONS,
            },
        )
