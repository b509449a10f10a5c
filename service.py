"""What the page asks of the engine: models loaded once, photos kept by digest, few passes at a time."""

from __future__ import annotations

import io
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from settings import Settings

if TYPE_CHECKING:
    from explain import Explainer, Explanation, LayerInfo, Method, Photo, Target
    from models.serving import Served

log = logging.getLogger("whylight")

PASSES = 2
WAITING = 8
LONG_WAITING = 3
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
    """What is to be explained: see `Answer` for the same words.

    Attributes:
        model: a name of `Service.models`.
        method: a name of `Service.methods`.
        parameters: of the method; those that are left out have their defaults.
        target: index or label of a class; a label that the model does not have, and none, stand for the predicted one.
        against: index or label of another class: the score that is explained is that of `target` less that of this one;
            a label that the model does not have, the class of `target` itself, and none, leave it out.
        evidence: "for" the score, or "against" it.
        space: "logit" or "probability"; none for the method's own.
        layer: a path; where the model has none of this name and `everything` is asked for, its default layer.
        digest: names a photo of an earlier answer, in place of `photo`.
        photo: an encoded photo.
        everything: all layers' maps, not only the one of `layer`, if the method has them in one pass.
        display: send the photo back as well.
    """

    model: str
    method: str = METHOD
    layer: str | None = None
    target: int | str | None = None
    digest: str | None = None
    photo: bytes | None = None
    everything: bool = True
    display: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)
    against: int | str | None = None
    evidence: str = "for"
    space: str | None = None


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
        layer: the one that was asked for, or what is shown in its place; none where the method looks at the whole
            network.
        maps: raw maps by layer, that of the whole network by ""; of flat ones zeros.
        digest: names the photo in later questions.
        size: width and height of the photo, upright.
        view: x0, y0, x1, y1 of the part of the photo that the model saw.
        area: x0, y0, x1, y1 of where that part lies in the maps, in shares of their sides.
        display: the photo as upright JPEG, if that was asked for.
        unfamiliar: what the model learnt from, in words, if this photo looks unlike it.
        reach: what the method with these parameters looks at in a pass: all "layers", one "layer", or the "network".
        everything: whether these are all layers' maps that there are.
        against: index of the class that is subtracted, if there is one.
        evidence: for or against the score.
        space: of the score that is explained; none where the method looks at no class.
        shown: which part of the maps: "positive", or its "magnitude".
        note: what was done otherwise than asked for, in words.
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
    layer: str | None
    maps: Mapping[str, NDArray[np.float32]]
    digest: str
    size: tuple[int, int]
    view: tuple[int, int, int, int]
    area: tuple[float, float, float, float]
    display: bytes | None
    unfamiliar: str | None = None
    reach: str = "layers"
    everything: bool = True
    against: int | None = None
    evidence: str = "for"
    space: str | None = "logit"
    shown: str = "positive"
    note: str = ""


@dataclass(frozen=True)
class State:
    """Whether questions are answered, and if not, why."""

    ready: bool
    detail: str
    device: str | None


LOADING = State(False, "The model is being loaded.", None)


class Service:
    """One for a process, used by all its threads."""

    def __init__(self, settings: Settings) -> None:
        from models import serving

        self.samples = settings.samples
        self._settings = settings
        self._models = serving.Loader(self._load)
        self._state = LOADING
        self._photos = _Photos(settings.cache_bytes)
        # At least two threads stay free, so that /healthz answers however many questions wait.
        free = settings.threads - PASSES - 2
        waiting = min(WAITING, free)
        self._admission = _Admission(PASSES, waiting)
        # Of the passes one is never taken by a method that needs many of them.
        self._long = _Admission(PASSES - 1, min(LONG_WAITING, free - waiting))

    def models(self) -> dict[str, str]:
        """Titles of the models by name; one whose card is damaged goes by its name, and is refused when it is asked."""
        from models import ModelError, card, registry

        titles = {}
        for name, folder in registry.folders(self._settings.models).items():
            try:
                titles[name] = card.read(folder).title or name
            except ModelError:
                titles[name] = name
        return titles

    def methods(self) -> dict[str, Method]:
        """The methods by name; known once the service is ready."""
        import explain

        return explain.methods()

    def palettes(self) -> dict[str, bytes]:
        """The 256 colours of each colour map, three bytes each; known once the service is ready."""
        from explain import drawing

        return {name: drawing.colormap(name).tobytes() for name in drawing.COLORMAPS}

    def sample_names(self) -> list[str]:
        """File names of the sample photos."""
        return sorted(file.name for file in self.samples.iterdir() if file.suffix.lower() in SUFFIXES)

    def start(self) -> None:
        """Load the model that the page opens with, and let it look at a photo."""
        self._models.start(self._settings.model)

    def state(self) -> State:
        """Whether questions are answered: once the model is ready that the page opens with."""
        if (
            self._state.ready and self._models.known(self._settings.model) is None
        ):  # for the moment until it is handed over
            return LOADING
        return self._state

    def _load(self, name: str) -> Served:
        """A model, ready to answer at once. What is wrong with it is logged, and raised again."""
        try:
            model = self._open(name)
            model.explainer.warm()
            if name == self._settings.model:
                for sample in self.sample_names()[:1]:
                    self._explain(model, Question(name, photo=(self.samples / sample).read_bytes()))
                self._state = State(True, "", model.explainer.device)
        except Exception as error:
            log.error("The model %s can't be used.", name, exc_info=error)
            if name == self._settings.model:
                self._state = State(False, f"The model {name!r} can't be used: {error}", None)
            raise
        log.info("The model %s is ready on %s.", name, model.explainer.device)
        return model

    def _open(self, name: str) -> Served:
        import explain
        from models import registry, serving

        own = self._settings.models
        classifier = registry.load(name, own)
        # The bound is that of all models together: each gets its share, whether the others are in use or not.
        share = self._settings.cache_bytes // max(1, len(registry.folders(own)))
        return serving.Served(
            explainer=explain.Explainer(classifier, cache_bytes=share),
            title=self.models().get(name, name),
            familiar=registry.familiar(name, own),
        )

    def explain(self, question: Question) -> Answer:
        """The answer to a question.

        A model that nobody has asked for yet is loaded meanwhile, in a thread of its own: nobody waits for it in here,
        and whoever asks for another one is answered.

        Raises:
            NotYetError: the model is still being loaded, or too many people ask.
            MissingPhotoError: the photo has to be sent.
            RefusedError: something is wrong with the photo or the question.
        """
        self.start()
        model = self._ready(question.model)
        import explain  # not earlier: this would wait for the thread that imports TensorFlow

        try:
            with self._turn(question):
                return self._explain(model, question)
        except (explain.PhotoError, explain.ExplainError) as error:
            raise RefusedError(str(error)) from error

    @contextmanager
    def _turn(self, question: Question) -> Iterator[None]:
        if _reach(question) == "layers":
            with self._admission.turn():
                yield
        else:
            with self._long.turn(), self._admission.turn():
                yield

    def _ready(self, name: str) -> Served:
        model = self._models.known(name)
        if model is not None:
            return model
        titles = self.models()
        if name not in titles:
            raise RefusedError(f"There is no model {name!r} here. Known: {', '.join(titles) or 'none'}.")
        try:
            model = self._models.get(name)
        except Exception as error:
            raise RefusedError(f"The model {titles[name]!r} can't be used: {error}") from error
        if model is None:
            raise NotYetError(f"The model “{titles[name]}” is being loaded; the answer follows by itself …", 0.5)
        return model

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

    def _explain(self, model: Served, question: Question) -> Answer:
        explainer, classes = model.explainer, model.explainer.classifier.classes
        photo = self._photo(question)
        method, reach = _method(question), _reach(question)
        target, against = _index(question.target, classes), _index(question.against, classes)
        if against is not None and against == (explainer.predict(photo).index if target is None else target):
            against = None
        score = _score(explainer, photo, target, against, question)
        layer, explanations, everything = _maps(explainer, photo, score, question)
        note = ""
        if layer not in explanations:
            other = explainer.default_layer if explainer.default_layer in explanations else list(explanations)[-1]
            note = f"{method.title} can't explain {_short(layer)}; this is {_short(other)}."
            layer = other
        shown = explanations[layer]
        prediction = shown.prediction
        placement = explainer.classifier.place(photo)
        height, width = placement.size
        left, top, right, bottom = placement.area
        explained = prediction.index if target is None else target
        return Answer(
            title=explainer.classifier.name,
            device=explainer.device,
            classes=classes,
            probabilities=prediction.probabilities,
            predicted=prediction.index,
            target=None if shown.target is None else explained,
            method=shown.method,
            layers=explainer.layers,
            default_layer=explainer.default_layer,
            layer=shown.layer,
            # What is only rounding noise must not look like heat.
            maps={name: one.map * np.float32(not one.flat) for name, one in explanations.items()},
            digest=photo.digest,
            size=(photo.width, photo.height),
            view=placement.view,
            area=(left / width, top / height, right / width, bottom / height),
            display=_jpeg(photo) if question.display else None,
            unfamiliar=model.title if model.unfamiliar(photo) else None,
            reach=reach,
            everything=everything,
            against=None if shown.target is None else against,
            evidence="for" if shown.target is None else question.evidence,
            space=None if shown.target is None else shown.target.space,
            shown=method.display,
            note=note,
        )


def _method(question: Question) -> Method:
    from explain.methods import find

    return find(question.method)


def _reach(question: Question) -> str:
    """See `Answer`.

    Raises:
        ExplainError: there is no such method, or none of its parameters can have this value.
    """
    method = _method(question)
    values = method.check(question.parameters)
    if not method.layer:
        return "network"
    return "layers" if method.in_graph and values["augment"] == "none" else "layer"


def _index(given: int | str | None, classes: Sequence[str]) -> int | None:
    if isinstance(given, str):
        return classes.index(given) if given in classes else None
    return given


def _score(
    explainer: Explainer, photo: Photo, target: int | None, against: int | None, question: Question
) -> Target | int | None:
    """What is explained, as the engine takes it."""
    import explain

    plain = against is None and question.evidence == "for" and question.space is None
    if plain or _method(question).space is None:
        return target
    sign = -1.0 if question.evidence == "against" else 1.0
    weights: dict[str | int, float] = {explainer.predict(photo).index if target is None else target: sign}
    if against is not None:
        weights[against] = -sign
    return explain.Target(weights, question.space)


def _maps(
    explainer: Explainer, photo: Photo, score: Target | int | None, question: Question
) -> tuple[str, dict[str, Explanation], bool]:
    """The layer that was asked for, explanations by layer, and whether they are all that there are."""
    name, values, reach = question.method, question.parameters, _reach(question)
    if reach == "network":
        return "", {"": explainer.explain(photo, method=name, target=score, **values)}, True
    layer = question.layer or explainer.default_layer
    if question.everything and layer not in {known.name for known in explainer.layers}:
        layer = explainer.default_layer
    # What needs a linear head explains few layers, usually one: which they are is known when all are asked for.
    if reach == "layers" and (question.everything or "head" in _method(question).needs):
        return layer, explainer.explain_layers(photo, method=name, target=score, **values), True
    return layer, {layer: explainer.explain(photo, method=name, layer=layer, target=score, **values)}, False


def _short(layer: str) -> str:
    return layer.rpartition("/")[2]


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
