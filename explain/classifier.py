"""A Keras model together with everything that is needed to use it rightly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import numpy as np

from explain import preprocessing as pre
from explain.errors import ExplainError, unknown
from explain.network import Network
from explain.photo import Photo, Pixels
from explain.preprocessing import Floats

KINDS = ("softmax", "sigmoid", "multilabel")


class Classifier:
    """A Keras model, its classes and the way a photo becomes its input. The model is used as it is and never changed.

    Args:
        model: any Keras model from (N, height, width, channels) to (N, outputs).
        classes: labels in the order of the scores; two of them for a single sigmoid unit (the second is the one that
            the unit stands for).
        preprocessing: the name of a module of `keras.applications`, or a function of a float32 batch (N, height, width,
            3) in 0..255, RGB; a model of other than three channels needs a function that makes them.
        fit: "crop", "stretch" or "letterbox", see `explain.preprocessing.place`.
        kind: "softmax", "sigmoid" (one unit, two classes) or "multilabel"; found on the model if left out, where
            several outputs without an activation count as softmax.
        size: side, or (height, width), of the input in pixels, for models that leave it open.
        name: what the model is called in records.
        temperature: what the logits are divided by before they become probabilities (Guo et al. 2017, eq. 9); it
            changes probabilities, and maps of targets in their space, but neither logits nor the order of the classes.

    Attributes:
        model: as given.
        classes: a tuple of labels.
        preprocessing: as given.
        fit: as given.
        kind: as given or found.
        size: height and width of the input.
        name: as given.
        temperature: as given.
        network: the traced model, which every `Explainer` of this classifier uses.

    Raises:
        ExplainError: something of this does not go together; the text says what.
    """

    def __init__(
        self,
        model: Any,
        classes: Sequence[str],
        preprocessing: str | Callable[[Any], Any],
        fit: str = "crop",
        kind: str | None = None,
        size: int | tuple[int, int] | None = None,
        name: str = "model",
        temperature: float = 1.0,
    ) -> None:
        if not isinstance(model, keras.Model):
            raise ExplainError(f"The model must be a Keras model; received {type(model).__name__}.")
        if isinstance(classes, str) or not isinstance(classes, Iterable):
            raise ExplainError(f"classes must be a sequence of labels; received {classes!r}.")
        self.model = model
        self.classes = tuple(str(label) for label in classes)
        self.name = name
        self.preprocessing = preprocessing
        self.fit = fit
        if len(set(self.classes)) < len(self.classes) or not self.classes:
            raise ExplainError(f"Classes must be different labels, at least one; received {_some(self.classes)}.")
        if kind is not None and kind not in KINDS:
            raise ExplainError(f"kind must be one of {', '.join(KINDS)}, or left out; received {kind!r}.")
        if fit not in pre.FITS:
            raise unknown("fit", fit, pre.FITS)
        self.temperature = _temperature(temperature)
        self._scaling = pre.scaling(preprocessing)
        height, width, self._channels = _shape(model, size)
        self.size = height, width
        self.scale(np.zeros((1, *self.size, 3), np.float32))
        self.network = Network(model, (*self.size, self._channels), self.classes, kind, self.temperature)
        self.kind = self.network.kind

    def place(self, photo: Photo) -> pre.Placement:
        """Which part of the photo the network sees, and where."""
        return pre.place(photo.height, photo.width, self.size, self.fit)

    def prepare(self, photo: Photo) -> Floats:
        """The network's input, float32 (1, height, width, channels).

        Raises:
            ExplainError: the preprocessing fails.
        """
        return self.scale(self.fitted(photo)[None].astype(np.float32))

    def fitted(self, photo: Photo) -> Pixels:
        """What the network sees of a photo, before the preprocessing: uint8 (height, width, 3)."""
        return pre.fit_photo(photo.pixels, self.place(photo))

    def scale(self, batch: Floats) -> Floats:
        """The network's input (N, height, width, channels) from pixels (N, height, width, 3), float32 in 0..255, RGB.

        Raises:
            ExplainError: the preprocessing fails.
        """
        wanted = (len(batch), *self.size, self._channels)
        try:
            scaled = np.asarray(self._scaling(batch), np.float32)
        except Exception as error:  # it is the user's own function
            raise ExplainError(f"The preprocessing fails on a batch of shape {batch.shape}: {error}") from error
        if scaled.shape != wanted:
            raise ExplainError(
                f"The model takes batches of shape {wanted}; the preprocessing returned {scaled.shape}. "
                "For other than three channels, give a function as preprocessing that makes them from RGB."
            )
        return scaled


def _shape(model: Any, size: int | tuple[int, int] | None) -> tuple[int, int, int]:
    """Height, width and channels of the input: the model's own, and as asked for where it leaves them open."""
    *own, channels = _own_shape(model)
    asked: list[Any] = list(size) if isinstance(size, tuple | list) else [size, size]
    if size is None:
        if None in own:
            raise ExplainError("The model leaves the size of its input open: say size=224, or size=(height, width).")
        asked = own
    if len(asked) != 2 or not all(isinstance(side, int | np.integer) and side > 0 for side in asked):
        raise ExplainError(f"size must be a positive number of pixels, or two (height, width); received {size!r}.")
    if any(mine not in (None, wanted) for mine, wanted in zip(own, asked, strict=True)):
        raise ExplainError(f"The model's input is {own[0]} × {own[1]} pixels; size={size!r} does not fit it.")
    return int(asked[0]), int(asked[1]), channels or 3


def _own_shape(model: Any) -> tuple[Any, Any, Any]:
    """Height, width and channels of the input, each None where the model leaves it open."""
    try:
        shape = model.input_shape
    except (AttributeError, ValueError):  # a model with a `call` of its own, or one that was never called
        return None, None, None
    sides = shape if isinstance(shape, list | tuple) else ()
    if len(sides) != 4 or not all(side is None or isinstance(side, int) for side in sides):
        raise ExplainError(
            f"The model must take one batch of photos (N, height, width, channels); its input is {_some(shape)}."
        )
    return sides[1], sides[2], sides[3]


def _temperature(value: Any) -> float:
    smallest = float(np.finfo(np.float32).tiny)  # logits are float32, and they are divided by it
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not number or not smallest <= value <= 1 / smallest:
        raise ExplainError(f"temperature must be a positive, finite number; received {value!r}.")
    return float(value)


def _some(values: object) -> str:
    text = str(values)
    return text if len(text) < 100 else f"{text[:100]}..."
