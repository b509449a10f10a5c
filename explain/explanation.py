"""What comes out: a prediction, and the map that explains a score."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from explain import drawing, preprocessing
from explain.errors import ExplainError
from explain.methods import NOISE, Method
from explain.photo import Photo
from explain.preprocessing import Placement
from explain.target import Target

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a classifier says of a photo.

    Attributes:
        classes: its labels.
        logits: float32, one for each class.
        probabilities: float32 in 0..1, one for each class; they add up to 1 but for several labels at a time.
    """

    classes: tuple[str, ...]
    logits: Floats
    probabilities: Floats

    @property
    def index(self) -> int:
        """Of the most probable class; by logits, because probabilities may both be 1 in float32."""
        return int(np.argmax(self.logits))

    def top(self, count: int) -> list[tuple[str, float]]:
        """The most probable classes with their probabilities."""
        order = np.argsort(-self.logits, kind="stable")[:count]
        return [(self.classes[index], float(self.probabilities[index])) for index in order]


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """Why a score is what it is.

    Attributes:
        map: float32 (rows, columns), raw, at the resolution of the layer or of the model's input; its sign and unit are
            the method's.
        layer: path of the layer; None where the method looks at none.
        method: name of the method.
        target: the score, with labels and its space; None where the method looks at none.
        prediction: what the model says of the photo.
        channels: float32 (rows, columns, K), what the map is made of, where that is more: the layer's whole output of
            the method "activations" asked for one layer, the signed values of the input's channels of methods that look
            at the input; else None.
    """

    map: Floats
    layer: str | None
    method: str
    target: Target | None
    prediction: Prediction
    channels: Floats | None
    _photo: Photo = field(repr=False)
    _placement: Placement = field(repr=False)
    _method: Method = field(repr=False)
    _largest: float = field(repr=False)
    _facts: dict[str, Any] = field(repr=False)

    @property
    def flat(self) -> bool:
        """Whether the map has nothing to show: "no positive evidence at this layer"."""
        return self.is_flat()

    @property
    def view(self) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1 of the part of the photo that the model saw, in photo pixels."""
        return self._placement.view

    def heat(self, signed: bool = False) -> Floats:
        """The map on the photo: float32 (height, width).

        Enlarged once, bilinear with half-pixel centres; then its positive part (for methods shown by magnitude its
        absolute value) divided by its maximum, in [0, 1]. What the model did not see, and a flat map, is 0.

        Args:
            signed: keep the sign and divide by the largest absolute value instead, for values in [-1, 1].
        """
        x0, y0, x1, y1 = self.view
        heat = np.zeros((self._photo.height, self._photo.width), np.float32)
        if self.is_flat(signed):
            return heat
        values = preprocessing.heat_on_view(self.map, self._placement)
        if not signed:
            values = self._shown(values)
        highest = np.abs(values).max()
        if highest > 0:
            heat[y0:y1, x0:x1] = values / highest
        return heat

    def is_flat(self, signed: bool = False) -> bool:
        """Whether there is nothing to show: as `flat`, or with the sign kept."""
        return self._is_noise(self.map if signed else self._shown(self.map))

    def less(self, other: Explanation) -> Explanation:
        """The same with another explanation's map taken from this one's, to be shown with its sign.

        What speaks for a class less what speaks against it is, for a method that ends in a ReLU, its map before that:

            against = explainer.explain("cat.jpg", target=explain.Target({"cat": -1}))
            explainer.explain("cat.jpg", target="cat").less(against).overlay(colormap="blue-orange")

        Args:
            other: of the same photo, method and layer.

        Raises:
            ExplainError: it is not.
        """
        mine, its = ((one._photo.digest, one.method, one.layer, one.map.shape) for one in (self, other))
        if mine != its:
            raise ExplainError(
                f"Only maps of one photo, method and layer have a difference; received {its}, not {mine}."
            )
        parts = [one.map * np.float32(not one.flat) for one in (self, other)]  # rounding noise has none
        facts = {**self._facts, "less": str(other.target)}
        return replace(self, map=parts[0] - parts[1], _largest=max(self._largest, other._largest), _facts=facts)

    def _shown(self, values: Floats) -> Floats:
        return np.abs(values) if self._method.display == "magnitude" else np.maximum(values, 0)

    def _is_noise(self, values: Floats) -> bool:
        return bool(np.abs(values).max() <= NOISE * self._largest)

    def overlay(self, opacity: float = 0.5, colormap: str = "viridis", threshold: float = 0.0) -> Image.Image:
        """The photo with the heat over it where that reaches a threshold in [0, 1], at the photo's size; what the model
        did not see is dimmed.

        With the colour map "blue-orange" the map keeps its sign: what speaks for the target is orange, what speaks
        against it blue.
        """
        heat = self.heat(signed=colormap == drawing.DIVERGING)
        return drawing.overlay(self._photo.pixels, heat, self.view, opacity, colormap, threshold)

    def cutout(self, threshold: float = 0.5, signed: bool = False) -> Image.Image:
        """The photo where the heat reaches a threshold in [0, 1], transparent elsewhere; `signed`: for and against."""
        return drawing.cutout(self._photo.pixels, self.heat(signed), threshold)

    def grid(self, count: int = 16) -> Image.Image:
        """The channels of the highest mean (of equal ones the first), highest first, each with its number and its mean.

        All are in one scale, up to the largest absolute value of all channels, so that weak ones look weak; in blue and
        orange where values are negative.

        Args:
            count: the most channels that are shown.

        Raises:
            ExplainError: there are no channels, or none is asked for.
        """
        if self.channels is None:
            raise ExplainError("It has no channels: those of a layer are in what the method 'activations' finds there.")
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise ExplainError(f"count is a whole number of channels, at least 1; received {count!r}.")
        means = self.channels.mean((0, 1))
        order = np.argsort(-means, kind="stable")[:count]
        pictures = drawing.in_one_scale([self.channels[..., index] for index in order], np.abs(self.channels).max())
        return drawing.contact_sheet(pictures, [f"channel {index}: mean {means[index]:.3g}" for index in order])

    def record(self) -> dict[str, Any]:
        """Everything that is known of this explanation but the map itself, ready for JSON; see `read_record`."""
        return {
            "predicted": self.prediction.classes[self.prediction.index],
            "classes": dict(zip(self.prediction.classes, map(float, self.prediction.probabilities), strict=True)),
            "scores": dict(zip(self.prediction.classes, map(float, self.prediction.logits), strict=True)),
            "target": None if self.target is None else str(self.target),
            "weights": None if self.target is None else dict(self.target.weights),
            "space": None if self.target is None else self.target.space,
            "method": self.method,
            "layer": self.layer,
            "shape": list(self.map.shape),
            "flat": self.flat,
            "view": list(self.view),
            "photo": {"width": self._photo.width, "height": self._photo.height, "sha256": self._photo.digest},
            **self._facts,
        }

    def __repr__(self) -> str:
        """In one line: what it is an explanation of, and how."""
        predicted, probability = self.prediction.top(1)[0]
        rows, columns = self.map.shape
        words = [
            f"{self._method.title}" + ("" if self.target is None else f", why {self.target}"),
            f"map of {rows} × {columns}" + (" over the input" if self.layer is None else f" at {self.layer}"),
            f"photo of {self._photo.width} × {self._photo.height}: {predicted} {100 * probability:.1f} %",
        ]
        return f"<Explanation: {'; '.join(words)}{'; nothing to show' if self.flat else ''}>"

    def _repr_html_(self) -> str:
        """In a notebook: the overlay with this line below it."""
        stream, picture = io.BytesIO(), self.overlay()
        picture.thumbnail((960, 960))  # twice what is shown: the notebook keeps every byte
        picture.save(stream, "PNG")
        encoded = base64.b64encode(stream.getvalue()).decode()
        words = html.escape(repr(self)[1:-1])
        return (
            f'<figure style="margin:0"><img src="data:image/png;base64,{encoded}" alt="{words}" '
            f'style="max-width:100%;max-height:480px"><figcaption>{words}</figcaption></figure>'
        )


def read_record(record: str | Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with which the `Explainer` of the same model explains the same photo in the same way again.

        explainer.explain("cat.jpg", **explain.read_record(line))

    Args:
        record: what `Explanation.record` returned, or JSON of it.

    Raises:
        ExplainError: it is no such record.
    """
    try:
        found = json.loads(record) if isinstance(record, str | bytes) else dict(record)
        weights, space = found["weights"], found["space"]
        target = None if weights is None else Target(dict(weights), space)
        return {"method": found["method"], "layer": found["layer"], "target": target, **found["parameters"]}
    except (KeyError, TypeError, ValueError) as error:
        raise ExplainError(f"This is no record of an explanation: {type(error).__name__}: {error}.") from error
