"""What the page asks of the engine: models loaded once, photos kept by digest, few passes at a time."""

from __future__ import annotations

import io
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from settings import Settings

if TYPE_CHECKING:
    from explain import Explainer, LayerInfo, Photo

log = logging.getLogger("whylight")

PASSES = 2
WAITING = 8
METHOD = "grad-cam"
COLORMAP = "viridis"
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".heic", ".heif", ".avif"}


class RefusedError(Exception):
    """There is no answer; the text says why, to people."""


class NotYetError(Exception):
    """There is no answer yet; the text says why, to people."""

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds


class MissingPhotoError(Exception):
    """The photo of this digest is not here (any more): ask again with the photo."""


@dataclass(frozen=True)
class Question:
    """What is to be explained: see `Answer` for the same words."""

    model: str
    method: str = METHOD
    layer: str | None = None
    target: int | None = None
    digest: str | None = None
    photo: bytes | None = None
    everything: bool = True
    display: bool = False


@dataclass(frozen=True)
class Answer:
    """An explanation, or those of all layers.

    Attributes:
        title: what people call the model.
        device: what it runs on.
        classes: the model's classes.
        probabilities: one for each class.
        predicted: index of the most likely class.
        target: index of the class that is explained; none where the method looks at no class.
        method: name of the method.
        layers: what there is to choose from, in running order.
        default_layer: the one that is shown if none is asked for.
        layer: the one that was asked for.
        maps: raw maps by layer; of flat ones zeros.
        digest: names the photo in later questions.
        size: width and height of the photo, upright.
        view: x0, y0, x1, y1 of the part of the photo that the model saw.
        area: x0, y0, x1, y1 of where that part lies in the maps, in shares of their sides.
        display: the photo as upright JPEG, if that was asked for.
    """

    title: str
    device: str
    classes: Sequence[str]
    probabilities: NDArray[np.float32]
    predicted: int
    target: int | None
    method: str
    layers: Sequence[LayerInfo]
    default_layer: str
    layer: str
    maps: Mapping[str, NDArray[np.float32]]
    digest: str
    size: tuple[int, int]
    view: tuple[int, int, int, int]
    area: tuple[float, float, float, float]
    display: bytes | None


@dataclass(frozen=True)
class State:
    """Whether questions are answered, and if not, why."""

    ready: bool
    detail: str
    device: str | None


class Service:
    """One for a process, used by all its threads."""

    def __init__(self, settings: Settings) -> None:
        self.samples = settings.samples
        self._settings = settings
        self._explainers: dict[str, Explainer] = {}
        self._loading = threading.Lock()
        self._starting = threading.Lock()
        self._warming: threading.Thread | None = None
        self._state = State(False, "The model is being loaded.", None)
        self._photos = _Photos(settings.cache_bytes)
        # At least two threads stay free, so that /healthz answers however many questions wait.
        self._admission = _Admission(PASSES, min(WAITING, settings.threads - PASSES - 2))

    def models(self) -> dict[str, str]:
        """Titles of the models by name."""
        import models

        return {name: card.title for name, card in models.available(self._settings.models).items()}

    def methods(self) -> dict[str, str]:
        """Titles of the methods by name; known once the service is ready."""
        import explain

        return {name: method.title for name, method in explain.methods().items()}

    def palettes(self) -> dict[str, bytes]:
        """The 256 colours of each colour map, three bytes each; known once the service is ready."""
        from explain import drawing

        return {name: drawing.colormap(name).tobytes() for name in drawing.COLORMAPS}

    def sample_names(self) -> list[str]:
        """File names of the sample photos."""
        return sorted(file.name for file in self.samples.iterdir() if file.suffix.lower() in SUFFIXES)

    def start(self) -> None:
        """Load the model in a thread of its own and let it look at a photo; once, however often this is called."""
        with self._starting:
            if self._warming is None:
                self._warming = threading.Thread(target=self._warm_up, name="warm-up", daemon=True)
                self._warming.start()

    def state(self) -> State:
        """Whether questions are answered."""
        return self._state

    def _warm_up(self) -> None:
        try:
            explainer = self._explainer(self._settings.model)
            explainer.warm()
            for name in self.sample_names()[:1]:
                self._explain(Question(self._settings.model, photo=(self.samples / name).read_bytes()))
        except Exception as error:  # whatever it is, the page has to say that there will be no answer
            log.error("The model %s can't be used.", self._settings.model, exc_info=error)
            self._state = State(False, f"The model {self._settings.model!r} can't be used: {error}", None)
            return
        self._state = State(True, "", explainer.device)
        log.info("The model %s is ready on %s.", self._settings.model, explainer.device)

    def explain(self, question: Question) -> Answer:
        """The answer to a question.

        Raises:
            NotYetError: the model is still being loaded, or too many people ask.
            MissingPhotoError: the photo has to be sent.
            RefusedError: something is wrong with the photo or the question.
        """
        self.start()
        if not self._state.ready:
            if self._warming is not None and self._warming.is_alive():
                raise NotYetError("The model is being loaded; the answer follows by itself …", 1)
            raise RefusedError(self._state.detail)
        import explain  # not earlier: this would wait for the thread that imports TensorFlow

        with self._admission.turn():
            try:
                return self._explain(question)
            except (explain.PhotoError, explain.ExplainError) as error:
                raise RefusedError(str(error)) from error

    def _explainer(self, model: str) -> Explainer:
        import explain
        import models

        with self._loading:
            if model not in self._explainers:
                classifier = models.load(model, self._settings.models)
                self._explainers[model] = explain.Explainer(classifier, cache_bytes=self._settings.cache_bytes)
            return self._explainers[model]

    def _photo(self, question: Question) -> Photo:
        import explain

        if question.photo is not None:
            photo = explain.open_photo(
                question.photo, max_bytes=self._settings.max_bytes, max_pixels=self._settings.max_pixels
            )
            self._photos.keep(photo)
            return photo
        known = self._photos.get(question.digest or "")
        if known is None:
            raise MissingPhotoError
        return known

    def _explain(self, question: Question) -> Answer:
        explainer = self._explainer(question.model)
        photo = self._photo(question)
        layer = question.layer or explainer.default_layer
        method, target = question.method, question.target
        if question.everything:
            explanations = explainer.explain_layers(photo, method=method, target=target)
            if layer not in explanations:
                layer = explainer.default_layer
        else:
            explanations = {layer: explainer.explain(photo, method=method, layer=layer, target=target)}
        shown = explanations[layer]
        prediction = shown.prediction
        placement = explainer.classifier.place(photo)
        height, width = placement.size
        left, top, right, bottom = placement.area
        explained = prediction.index if question.target is None else question.target
        return Answer(
            title=explainer.classifier.name,
            device=explainer.device,
            classes=explainer.classifier.classes,
            probabilities=prediction.probabilities,
            predicted=prediction.index,
            target=None if shown.target is None else explained,
            method=shown.method,
            layers=explainer.layers,
            default_layer=explainer.default_layer,
            layer=layer,
            # What is only rounding noise must not look like heat.
            maps={name: one.map * np.float32(not one.flat) for name, one in explanations.items()},
            digest=photo.digest,
            size=(photo.width, photo.height),
            view=placement.view,
            area=(left / width, top / height, right / width, bottom / height),
            display=_jpeg(photo) if question.display else None,
        )


def _jpeg(photo: Photo) -> bytes:
    """A photo in a form that every browser shows."""
    stream = io.BytesIO()
    Image.fromarray(photo.pixels).save(stream, "JPEG", quality=92)
    return stream.getvalue()


class _Admission:
    """At most so many passes at once, so many waiting for their turn; whoever comes on top is asked to come again."""

    def __init__(self, passes: int, waiting: int) -> None:
        self._turns = threading.BoundedSemaphore(passes)
        self._places = threading.BoundedSemaphore(passes + waiting)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn and have it.

        Raises:
            NotYetError: there is no place left to wait.
        """
        if not self._places.acquire(blocking=False):
            raise NotYetError("Many people are asking at this moment; the answer follows by itself …", 2)
        try:
            with self._turns:
                yield
        finally:
            self._places.release()


class _Photos:
    """The decoded photos that were used last, up to a number of bytes; the last one always."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._photos: OrderedDict[str, Photo] = OrderedDict()

    def keep(self, photo: Photo) -> None:
        """Remember a photo, and forget what was not used for longest."""
        with self._lock:
            self._photos[photo.digest] = photo
            self._photos.move_to_end(photo.digest)
            while len(self._photos) > 1 and sum(kept.pixels.nbytes for kept in self._photos.values()) > self._limit:
                self._photos.popitem(last=False)

    def get(self, digest: str) -> Photo | None:
        """The photo of this digest, if it is still known."""
        with self._lock:
            if digest in self._photos:
                self._photos.move_to_end(digest)
            return self._photos.get(digest)
