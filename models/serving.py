"""Models as a server uses them: loaded when they are first asked for, each in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from explain import Explainer, Photo
    from models.familiar import Familiar

JUDGED = 1000
"""The most photos of which it is kept whether they are familiar."""


@dataclass(frozen=True, eq=False)
class Served:
    """A model that answers.

    Attributes:
        explainer: of the model.
        title: what people call the model.
        familiar: the fit to the photos that it learnt from, if it has one.
    """

    explainer: Explainer
    title: str
    familiar: Familiar | None = None
    _judged: dict[str, bool] = field(default_factory=dict, repr=False)

    def unfamiliar(self, photo: Photo) -> bool:
        """Whether a photo looks unlike those that the model learnt from; never, if it has no fit to them.

        Asked after an explanation of the same photo, this costs next to nothing: the layer's activation is known.
        """
        if self.familiar is None:
            return False
        found = self._judged.get(photo.digest)
        if found is None:
            seen = self.explainer.explain(photo, method="activations")
            assert seen.channels is not None  # noqa: S101 - for the type checker: this method always has them
            features, probabilities = seen.channels.mean((0, 1)), seen.prediction.probabilities
            found = bool(self.familiar.unlike(features[None], probabilities[None])[0])
            if len(self._judged) >= JUDGED:
                self._judged.clear()
            self._judged[photo.digest] = found
        return found


class Loader:
    """The models that were asked for.

    Nobody waits in here: a lock is held for a moment only, never while a model is loaded.

    Args:
        load: makes a model ready to answer, from its name.
    """

    def __init__(self, load: Callable[[str], Served]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._found: dict[str, Future[Served]] = {}

    def start(self, name: str) -> Future[Served]:
        """Begin to load a model, unless that was begun before."""
        with self._lock:
            found = self._found.get(name)
            if found is None:
                found = self._found[name] = Future()
                threading.Thread(target=self._run, args=(name, found), name=f"load {name}", daemon=True).start()
            return found

    def _run(self, name: str, found: Future[Served]) -> None:
        try:
            found.set_result(self._load(name))
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever asks is told
            found.set_exception(error)

    def known(self, name: str) -> Served | None:
        """A model that is ready."""
        found = self._found.get(name)
        return found.result() if found is not None and found.done() and found.exception() is None else None

    def get(self, name: str) -> Served | None:
        """A model, or None while it is being loaded.

        Raises:
            Exception: why it could not be loaded. This is said once: who asks then has it loaded again, because its
                folder may have been mended.
        """
        found = self.start(name)
        if not found.done():
            return None
        if found.exception() is not None:
            with self._lock:
                if self._found.get(name) is found:
                    del self._found[name]
        return found.result()
