"""A Keras model together with everything that is needed to use it rightly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from explain import preprocessing as pre
from explain.errors import ExplainError, unknown
from explain.photo import Photo

KINDS = ("softmax", "sigmoid", "multilabel")


class Classifier:
    """A Keras model, its classes and the way a photo becomes its input. The model is used as it is and never changed.

    Args:
        model: any Keras model from (N, height, width, 3) to (N, outputs).
        classes: labels in the order of the scores; two of them for a single sigmoid unit (the second is the one that
            the unit stands for).
        preprocessing: the name of a module of `keras.applications` or a function of a float batch in 0..255, RGB.
        fit: "crop", "stretch" or "letterbox", see `explain.preprocessing.place`.
        kind: "softmax", "sigmoid" (one unit, two classes) or "multilabel"; found on the model if left out, where
            several outputs without an activation count as softmax.
        size: side, or (height, width), of the input in pixels, for models that leave it open.
        name: what the model is called in records.

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
    ) -> None:
        if isinstance(classes, str):
            raise ExplainError(f"classes must be a sequence of labels; received the single text {classes!r}.")
        self.model = model
        self.classes = tuple(str(label) for label in classes)
        self.name = name
        self.preprocessing = preprocessing
        self.fit = fit
        if len(set(self.classes)) < len(self.classes) or not self.classes:
            raise ExplainError(f"Classes must be different labels, at least one; received {self.classes}.")
        if kind is not None and kind not in KINDS:
            raise ExplainError(f"kind must be one of {', '.join(KINDS)}, or left out; received {kind!r}.")
        if fit not in pre.FITS:
            raise unknown("fit", fit, pre.FITS)
        self._scaling = pre.scaling(preprocessing)
        self.size = _size(model, size)
        self.kind = kind

    def place(self, photo: Photo) -> pre.Placement:
        """Which part of the photo the network sees, and where."""
        return pre.place(photo.height, photo.width, self.size, self.fit)

    def prepare(self, photo: Photo) -> npt.NDArray[np.float32]:
        """The network's input, float32 (1, height, width, 3).

        Raises:
            ExplainError: the preprocessing changes the batch's shape.
        """
        pixels = pre.fit_photo(photo.pixels, self.place(photo))
        batch = np.asarray(self._scaling(pixels[None].astype(np.float32)), np.float32)
        if batch.shape != (1, *self.size, 3):
            raise ExplainError(
                f"The preprocessing must keep the shape {(1, *self.size, 3)} of a batch; it returned {batch.shape}."
            )
        return batch


def _size(model: Any, size: int | tuple[int, int] | None) -> tuple[int, int]:
    """Height and width of the input, of the model or as asked for."""
    shape = getattr(model, "input_shape", None) if getattr(model, "built", False) else None
    try:
        shape = tuple(shape) if shape is not None else None
    except TypeError:
        shape = None
    if shape is not None and (isinstance(shape[0], tuple | list) or len(shape) != 4 or shape[3] not in (3, None)):
        raise ExplainError(f"The model must take one batch of RGB photos (N, height, width, 3); its input is {shape}.")
    asked = (size, size) if isinstance(size, int) else size
    own = (shape[1], shape[2]) if shape is not None else (None, None)
    if asked is None and None in own:
        raise ExplainError("The model leaves the size of its input open: say size=224, or size=(height, width).")
    height, width = (mine if mine is not None else wanted for mine, wanted in zip(own, asked or own, strict=True))
    if asked is not None and (height, width) != tuple(asked):
        raise ExplainError(f"The model's input is {own[0]} × {own[1]} pixels; size={size!r} does not fit it.")
    if not (isinstance(height, int) and isinstance(width, int) and height > 0 and width > 0):
        raise ExplainError(f"size must be a positive number of pixels, or two (height, width); received {size!r}.")
    return height, width
