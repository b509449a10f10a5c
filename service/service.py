"""What page and HTTP ask: models are loaded once, photos kept by digest, and few passes made at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from service.admission import Admission
from service.answering import answer, explanation, film, reach_of
from service.messages import (
    Answer,
    ChoiceError,
    MissingPhotoError,
    NotYetError,
    Question,
    RefusedError,
    State,
    UnwantedError,
)
from service.photos import Photos
from settings import Settings

if TYPE_CHECKING:
    from explain import Explanation, Method, Photo
    from models.serving import Served

log = logging.getLogger("whylight")

PASSES = 2
WAITING = 8
LONG_WAITING = 3
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".heic", ".heif", ".avif"}
Wanted = Callable[[], bool]
LOADING = State(False, "The model is being loaded.", None)


class Service:
    """One for a process, used by all its threads."""

    def __init__(self, settings: Settings) -> None:
        from models import serving

        self.samples = settings.samples
        self._settings = settings
        self._models = serving.Loader(self._load)
        self._state = LOADING
        self._photos = Photos(settings.cache_bytes)
        # At least two threads stay free, so that /healthz answers however many questions wait.
        free = settings.threads - PASSES - 2
        waiting = min(WAITING, free)
        self._admission = Admission(PASSES, waiting)
        # Of the passes one is never taken by a method that needs many of them.
        self._long = Admission(PASSES - 1, min(LONG_WAITING, free - waiting))

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

    def own_models(self) -> list[str]:
        """Names of the models that are not shipped."""
        from models import registry

        folders = registry.folders(self._settings.models)
        return [name for name, folder in folders.items() if folder.parent != registry.ZOO]

    def methods(self) -> dict[str, Method]:
        """The methods by name; known once the service is ready."""
        import explain

        return explain.methods()

    def palettes(self) -> dict[str, bytes]:
        """The 256 colours of each colour map, three bytes each; known once the service is ready."""
        from explain import drawing

        return {name: drawing.colormap(name).tobytes() for name in (*drawing.COLORMAPS, drawing.DIVERGING)}

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
                    self._answer(model, Question(name, photo=(self.samples / sample).read_bytes()))
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

    def explain(self, question: Question, wanted: Wanted = lambda: True) -> Answer:
        """The answer to a question.

        A model that nobody has asked for yet is loaded meanwhile, in a thread of its own: nobody waits for it in here,
        and whoever asks for another one is answered.

        Args:
            question: what is asked.
            wanted: whether somebody still waits for the answer. It is asked while the question waits for its turn and
                before each of many passes, so it must not take long to say so.

        Raises:
            UnwantedError: nobody has waited to the end.
            NotYetError: the model is still being loaded, or too many people ask.
            MissingPhotoError: the photo has to be sent.
            RefusedError: something is wrong with the photo or the question.
        """
        with self._asked(question, wanted) as model:
            return self._answer(model, question, wanted)

    def explanation(self, question: Question) -> Explanation:
        """What the page shows in answer to a question, of the layer that is asked for: to be kept.

        Raises:
            NotYetError: as for `explain`.
            MissingPhotoError: as for `explain`.
            RefusedError: as for `explain`.
        """
        with self._asked(question) as model:
            return explanation(model, self._photo(question), question)

    def film(self, question: Question, kind: str, **drawn: Any) -> bytes:
        """All layers as an animation: takes the place of a method of many passes, because it takes as long.

        Args:
            question: whose layers.
            kind: "gif" or "webp".
            **drawn: see `explain.film`.

        Raises:
            NotYetError: as for `explain`.
            MissingPhotoError: as for `explain`.
            RefusedError: as for `explain`.
        """
        with self._asked(question, long=True) as model:
            return film(model, self._photo(question), question, kind, **drawn)

    @contextmanager
    def _asked(self, question: Question, wanted: Wanted = lambda: True, long: bool = False) -> Iterator[Served]:
        """The model, and a turn to ask it."""
        self.start()
        model = self._ready(question.model)
        import explain  # not earlier: this would wait for the thread that imports TensorFlow

        try:
            with self._turn(question, wanted, long):
                yield model
        except explain.PhotoError as error:
            raise RefusedError(str(error)) from error
        except explain.ExplainError as error:
            raise ChoiceError(str(error)) from error

    @contextmanager
    def _turn(self, question: Question, wanted: Wanted, long: bool) -> Iterator[None]:
        if not long and reach_of(question) == "layers":
            with self._admission.turn(wanted):
                yield
        else:
            with self._long.turn(wanted), self._admission.turn(wanted):
                yield

    def _ready(self, name: str) -> Served:
        model = self._models.known(name)
        if model is not None:
            return model
        titles = self.models()
        if name not in titles:
            raise ChoiceError(f"There is no model {name!r} here. Known: {', '.join(titles) or 'none'}.")
        try:
            model = self._models.get(name)
        except Exception as error:
            raise ChoiceError(f"The model {titles[name]!r} can't be used: {error}") from error
        if model is None:
            raise NotYetError(f"The model “{titles[name]}” is being loaded; the answer follows by itself …", 0.5)
        return model

    def _answer(self, model: Served, question: Question, wanted: Wanted = lambda: True) -> Answer:
        def before_pass() -> None:
            if not wanted():
                raise UnwantedError

        return answer(model, self._photo(question), question, before_pass)

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
