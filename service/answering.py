"""How a question becomes an answer, once there are a model, a photo and a turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from service.messages import Answer, Question
from service.photos import jpeg

if TYPE_CHECKING:
    from explain import Explainer, Explanation, Method, Photo, Target
    from models.serving import Served


def answer(model: Served, photo: Photo, question: Question) -> Answer:
    """What a model says of a photo, and why.

    Raises:
        ExplainError: something is wrong with the question.
    """
    explainer, classes = model.explainer, model.explainer.classifier.classes
    method, reach = _method(question), reach_of(question)
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
        input_size=(width, height),
        display=jpeg(photo) if question.display else None,
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


def reach_of(question: Question) -> str:
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
    name, values, reach = question.method, question.parameters, reach_of(question)
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
