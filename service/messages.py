"""What is asked and answered, and why there may be no answer: the words that the service shares with whoever asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from explain import LayerInfo

METHOD = "grad-cam"
COLORMAP = "viridis"


class RefusedError(Exception):
    """There is no answer; the text says why, to people."""


class ChoiceError(RefusedError):
    """There is no answer for the model, the method or its parameters; another choice may have one."""


class UnwantedError(RefusedError):
    """Nobody waits for the answer any more."""

    def __init__(self) -> None:
        super().__init__("Another question has taken the place of this one.")


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
        evidence: "for" the score, "against" it, or "both" in one signed map.
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
        input_size: width and height of the model's input; what of it lies outside of `area` is padding.
        display: the photo as upright JPEG, if that was asked for.
        unfamiliar: what the model learnt from, in words, if this photo looks unlike it.
        reach: what the method with these parameters looks at in a pass: all "layers", one "layer", or the "network".
        everything: whether these are all layers' maps that there are.
        against: index of the class that is subtracted, if there is one.
        evidence: for or against the score, or both.
        space: of the score that is explained; none where the method looks at no class.
        shown: which part of the maps: "positive", its "magnitude", or all of it, "signed".
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
    input_size: tuple[int, int]
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
