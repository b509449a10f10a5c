"""Predictions and maps of photos: computed in as few passes as possible, and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from explain import augment
from explain.asked import Asked, facts
from explain.cache import Cache
from explain.classifier import Classifier
from explain.errors import ExplainError
from explain.explanation import Prediction
from explain.methods import Found, Maps, Method
from explain.photo import Photo
from explain.target import SPACES, Target

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Request:
    """What is asked for, understood.

    Attributes:
        photo: which is explained.
        method: how.
        parameters: the method's own.
        views: which of the photo are averaged, see `explain.augment`.
        target: what; None for the predicted class.
        before_pass: see `Explainer.explain`.
    """

    photo: Photo
    method: Method
    parameters: dict[str, Any]
    views: str
    target: Target | None
    before_pass: Callable[[], None] | None = None

    @property
    def in_one_pass(self) -> bool:
        """Whether the maps of many layers, or of many photos, come out of one pass."""
        return self.method.in_graph and self.views == "none"

    def goal(self, prediction: Prediction) -> Target:
        """The target, of which the prediction is known."""
        space = self.method.space or SPACES[0]
        return self.target or Target({prediction.classes[prediction.index]: 1.0}, space)


class Answers:
    """What a classifier says of photos, and the maps that explain it.

    Args:
        classifier: whose model is asked.
        cache_bytes: the most bytes of activations and maps that are kept.
    """

    def __init__(self, classifier: Classifier, cache_bytes: int) -> None:
        self._classifier = classifier
        self._network = classifier.network
        self._cache = Cache(cache_bytes)

    def forget(self) -> None:
        """Keep nothing of what was asked so far."""
        self._cache.clear()

    def prediction(self, photo: Photo) -> Prediction:
        """What the classifier says of a photo."""
        known = self._known(photo)
        if known is not None:
            return known
        logits, probabilities = self._network.forward()(self._batch([photo]))
        return self._predicted(photo, logits, probabilities)

    def channels(self, photo: Photo, path: str) -> Floats:
        """A layer's output (rows, columns, K), from that of an earlier layer if it is in the cache."""
        start = self._network.start(path)
        known = None if start is None else self._cache.get((photo.digest, start))
        if known is None:
            (known,) = self._network.activation(path)(self._batch([photo]))
        elif start != path:
            (known,) = self._network.activation(path, start)(known)
        return np.array(known[0], np.float32)

    def of_layers(self, request: Request, paths: Sequence[str], keep: str) -> tuple[Prediction, Mapping[str, Found]]:
        """The map of each layer: from the cache, from one layer's cached activation, or from one pass, which leaves the
        activation that `keep` is computed from in the cache."""
        photo, method, parameters = request.photo, request.method, request.parameters
        prediction = self._known(photo)
        if prediction is not None:
            known = {path: self._cache.get(self._key(request, prediction, path)) for path in paths}
            if all(one is not None for one in known.values()):
                return prediction, known
        start = self._network.start(keep)
        activation = None if start is None else self._cache.get((photo.digest, start))
        weights = self._weights(request, prediction)
        if list(paths) == [keep] and start is not None and activation is not None and prediction is not None:
            maps = self._network.tail(method, parameters, keep, start)(activation, *weights)
        else:
            run = self._network.maps(method, parameters, paths, [] if start is None else [start])
            logits, probabilities, kept, maps = run(self._batch([photo]), *weights)
            prediction = self._predicted(photo, logits, probabilities)
            if start is not None:
                self._cache.put((photo.digest, start), kept[0], np.asarray(kept[0]).nbytes)
        found = {path: _found(one, 0) for path, one in zip(paths, maps, strict=True)}
        for path, one in found.items():
            self._keep(request, prediction, path, one)
        return prediction, found

    def of_photos(self, requests: Sequence[Request], path: str) -> list[tuple[Prediction, Found]]:
        """The maps of many photos at one layer, of requests that differ in their photos only, from one pass."""
        first = requests[0]
        run = self._network.maps(first.method, first.parameters, [path])
        photos = [request.photo for request in requests]
        logits, probabilities, _, maps = run(self._batch(photos), *self._weights(first, None))
        arrays = np.asarray(logits), np.asarray(probabilities)
        return [
            (self._predicted(photo, arrays[0][n : n + 1], arrays[1][n : n + 1]), _found(maps[0], n))
            for n, photo in enumerate(photos)
        ]

    def of_views(self, request: Request, path: str | None) -> tuple[Prediction, Found]:
        """The map of a method that asks the model as it needs, or of several views of the photo."""
        prediction = self.prediction(request.photo)
        known = self._cache.get(self._key(request, prediction, path))
        if known is not None:
            return prediction, known
        pixels = self._classifier.fitted(request.photo)
        seen: list[Found] = []

        def explain(view: augment.View) -> Floats:
            seen.append(self._ask(request, prediction, view.show(pixels), path))
            return seen[-1].map

        if request.views == "none":
            explain(augment.views(request.views, self._classifier.size)[0])
            found = seen[0]
        else:
            values = augment.average(request.views, self._classifier.size, explain)
            found = Found(values, max(one.largest for one in seen), None, seen[0].facts)
        self._keep(request, prediction, path, found)
        return prediction, found

    def _ask(self, request: Request, prediction: Prediction, pixels: np.ndarray, path: str | None) -> Found:
        weights = self._vector(request, prediction)
        asked = Asked(self._network, self._classifier.scale, pixels, weights, path, request.before_pass)
        if not request.method.in_graph:
            found: Found = request.method.function(asked, **request.parameters)
            return found
        assert path is not None  # noqa: S101 - for the type checker: a layer method has a layer
        (maps,) = asked.maps(request.method.name, [path], **request.parameters)
        return Found(maps.values, maps.largest, None, maps.facts)

    def _keep(self, request: Request, prediction: Prediction, path: str | None, found: Found) -> None:
        size = found.map.nbytes + (0 if found.channels is None else found.channels.nbytes)
        self._cache.put(self._key(request, prediction, path), found, size)

    def _weights(self, request: Request, prediction: Prediction | None) -> tuple[tf.Tensor, tf.Tensor]:
        """(w, u) of the score, and how much of the predicted class is added to them, see `Network`."""
        predicted = np.zeros(len(SPACES), np.float32)
        if request.target is None and prediction is None:
            predicted[SPACES.index(request.method.space or SPACES[0])] = 1
            vector = np.zeros((len(SPACES), len(self._classifier.classes)), np.float32)
        else:
            vector = self._vector(request, prediction)
        return tf.constant(vector), tf.constant(predicted)

    def _vector(self, request: Request, prediction: Prediction | None) -> Floats:
        target = request.target if prediction is None else request.goal(prediction)
        assert target is not None  # noqa: S101 - for the type checker: a target or a prediction is known here
        return target.vector(self._classifier.classes)

    def _key(self, request: Request, prediction: Prediction, path: str | None) -> tuple[object, ...]:
        weights = self._vector(request, prediction).tobytes() if request.method.space else b""
        return request.photo.digest, request.method.name, *request.parameters.items(), request.views, weights, path

    def _batch(self, photos: Sequence[Photo]) -> tf.Tensor:
        return tf.constant(np.concatenate([self._classifier.prepare(photo) for photo in photos]))

    def _known(self, photo: Photo) -> Prediction | None:
        return self._cache.get(photo.digest)  # type: ignore[no-any-return]

    def _predicted(self, photo: Photo, logits: Any, probabilities: Any) -> Prediction:
        prediction = Prediction(self._classifier.classes, np.array(logits)[0], np.array(probabilities)[0])
        for scores in (prediction.logits, prediction.probabilities):
            scores.flags.writeable = False  # later answers share them
        if not np.isfinite(prediction.logits).all():
            raise ExplainError(
                "The model's scores for this photo are not finite: are its weights and preprocessing right?"
            )
        self._cache.put(photo.digest, prediction, prediction.logits.nbytes + prediction.probabilities.nbytes)
        return prediction


def _found(maps: Maps, number: int) -> Found:
    # As arrays first: to take a part of a tensor costs TensorFlow half a millisecond.
    return Found(np.asarray(maps.values)[number], float(np.asarray(maps.largest)[number]), None, facts(maps, number))
