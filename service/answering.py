"""How a question becomes an answer, once there are a model, a photo and a turn."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from service.messages import Answer, Question
from service.photos import jpeg

if TYPE_CHECKING:
    from explain import Explainer, Explanation, Method, Photo, Target
    from models.serving import Served


def answer(model: Served, photo: Photo, question: Question, before_pass: Callable[[], None]) -> Answer:
    """What a model says of a photo, and why.

    Args:
        model: which is asked.
        photo: which is explained.
        question: names them, and says how and what.
        before_pass: see `Explainer.explain`.

    Raises:
        ExplainError: something is wrong with the question.
    """
    explainer, classes = model.explainer, model.explainer.classifier.classes
    method, reach = _method(question), reach_of(question)
    target, against = _classes(explainer, photo, question)
    note, question = _sided(question)
    layer, explanations, everything = _explanations(explainer, photo, target, against, question, before_pass)
    signed = question.evidence == "both"
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
        maps={name: one.map * np.float32(not one.is_flat(signed)) for name, one in explanations.items()},
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
        shown="signed" if signed else method.display,
        note=note,
    )


def film(model: Served, photo: Photo, question: Question, kind: str, **drawn: Any) -> bytes:
    """All layers' maps of a question as an animation, see `explain.film`.

    Raises:
        ExplainError: something is wrong with the question, or it has one map only.
    """
    import explain

    if reach_of(question) != "layers":
        raise explain.ExplainError(f"{_method(question).title} makes no maps of all layers that could be a film.")
    _, question = _sided(replace(question, everything=True))
    classes = _classes(model.explainer, photo, question)
    _, explanations, _ = _explanations(model.explainer, photo, *classes, question, lambda: None)
    if question.evidence == "both":
        drawn = {**drawn, "colormap": explain.drawing.DIVERGING}
    stream = io.BytesIO()
    explain.film(explanations, stream, kind, **drawn)
    return stream.getvalue()


def explanation(model: Served, photo: Photo, question: Question) -> Explanation:
    """What is shown of the layer that is asked for, as the engine has it: to be kept.

    Raises:
        ExplainError: something is wrong with the question.
    """
    import explain

    _, question = _sided(replace(question, everything=False))
    classes = _classes(model.explainer, photo, question)
    layer, explanations, _ = _explanations(model.explainer, photo, *classes, question, lambda: None)
    if layer not in explanations:
        raise explain.ExplainError(f"{_method(question).title} can't explain {_short(layer)}.")
    return explanations[layer]


def _classes(explainer: Explainer, photo: Photo, question: Question) -> tuple[int | None, int | None]:
    """Indices of the class that is explained, none for the predicted one, and of the one that is subtracted."""
    classes = explainer.classifier.classes
    target, against = _index(question.target, classes), _index(question.against, classes)
    if against is not None and against == (explainer.predict(photo).index if target is None else target):
        against = None
    return target, against


def _sided(question: Question) -> tuple[str, Question]:
    """The question as its method can answer it, and a note where that is another one: a signed map needs a sign."""
    method = _method(question)
    if question.evidence != "both" or (method.space is not None and (method.signed or method.display == "positive")):
        return "", question
    words = f"{method.title} shows how much a place matters, not for or against what." if method.space else ""
    return words, replace(question, evidence="for")


def _explanations(
    explainer: Explainer,
    photo: Photo,
    target: int | None,
    against: int | None,
    question: Question,
    before_pass: Callable[[], None],
) -> tuple[str, dict[str, Explanation], bool]:
    """See `_maps`. For and against at once: a signed map has both; of others, that for the score less that against it,
    which for a method that ends in a ReLU is its map before that."""
    found = _maps(explainer, photo, _score(explainer, photo, target, against, question), question, before_pass)
    if question.evidence != "both" or _method(question).signed:
        return found
    opposite = replace(question, evidence="against")
    layer, others, _ = _maps(
        explainer, photo, _score(explainer, photo, target, against, opposite), opposite, before_pass
    )
    return layer, {name: one.less(others[name]) for name, one in found[1].items()}, found[2]


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
    explainer: Explainer,
    photo: Photo,
    score: Target | int | None,
    question: Question,
    before_pass: Callable[[], None],
) -> tuple[str, dict[str, Explanation], bool]:
    """The layer that was asked for, explanations by layer, and whether they are all that there are."""
    name, values, reach = question.method, question.parameters, reach_of(question)

    def explained(layer: str | None) -> Explanation:
        return explainer.explain(photo, name, layer, score, before_pass, **values)

    if reach == "network":
        return "", {"": explained(None)}, True
    layer = question.layer or explainer.default_layer
    if question.everything and layer not in {known.name for known in explainer.layers}:
        layer = explainer.default_layer
    # What needs a linear head explains few layers, usually one: which they are is known when all are asked for.
    if reach == "layers" and (question.everything or "head" in _method(question).needs):
        return layer, explainer.explain_layers(photo, method=name, target=score, **values), True
    return layer, {layer: explained(layer)}, False


def _short(layer: str) -> str:
    return layer.rpartition("/")[2]
