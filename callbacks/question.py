"""Whatever needs the model: another photo, class, method, option or model.

The page asks with one store and is answered in another.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Callable
from typing import Annotated, Any, Literal

from dash import ALL, Dash, Input, Output, ctx
from flask import request
from pydantic import BaseModel, Field, ValidationError

import service as engine
from callbacks import sprite
from callbacks.asker import Newest, hung_up
from callbacks.catalog import catalog
from callbacks.client import in_page
from layouts import ids

log = logging.getLogger("whylight")

UNREADABLE = "This question can't be read. Reload the page and try again."


SAFE = 2**53
"""Up to here whole numbers are exact in the page."""

Name = Annotated[str, Field(max_length=60)]
Value = (
    bool
    | Annotated[int, Field(ge=-SAFE, le=SAFE)]
    | Annotated[float, Field(ge=-SAFE, le=SAFE, allow_inf_nan=False)]
    | Name
)
Class = Annotated[int, Field(ge=0, le=SAFE)] | Annotated[str, Field(max_length=1000)]


class Posted(BaseModel, strict=True, frozen=True):
    """A question as it comes from the page, or from anybody who knows the address.

    Attributes:
        number: comes back with the answer, so that the page can tell a late one.
        page: tells the pages apart. One that has asked anything else since, with a higher number, gets no answer.
        photo: the photo in base64, unless the service knows its digest.
        parameters: of the method, by name.
        target: label of the class to explain, or its index; a label that the model does not have stands for the
            predicted class, so that a choice outlives a change of the model where both know the class.
        against: likewise, of a class whose score is subtracted; there need be none.
        evidence: for the score, against it, or both in one signed map.
        space: of the score; none for the method's own.
        everything: all layers' maps, not only the one of `layer`.
        rest: the page has been told of this view already; only the maps count.
        display: send the photo back in a form that every browser shows.
        catalog: tell which methods and colour maps there are.
    """

    number: int
    page: Name | None = None
    model: str
    method: str
    layer: str | None = None
    parameters: Annotated[dict[Name, Value], Field(max_length=20)] = Field(default_factory=dict)
    target: Class | None = None
    against: Class | None = None
    evidence: Literal["for", "against", "both"] = "for"
    space: Literal["logit", "probability"] | None = None
    digest: str | None = None
    photo: str | None = None
    everything: bool = True
    rest: bool = False
    display: bool = False
    catalog: bool = False


def register(app: Dash, service: engine.Service) -> None:
    """Connect the two stores with each other and with the page, and the choices that lead to another question."""
    connect(app, service, ids.QUESTION, ids.ANSWER)
    in_page(app, "receive", ids.ANSWER, "data")
    for choice in (ids.TARGET, ids.METHOD, ids.MODEL, ids.AGAINST, ids.EVIDENCE, ids.SCORE):
        in_page(app, choice, choice)
    for kind, value in (("choice", "value"), ("number", "value"), ("switch", "checked")):
        in_page(app, "option", ids.option(ALL, kind), value)
    in_page(app, ids.RESET, ids.RESET, "n_clicks")


def connect(app: Dash, service: engine.Service, asked: str, answered: str) -> None:
    """Have each question in one store answered in the other."""
    newest = Newest()

    @app.callback(Output(answered, "data"), Input(asked, "data"), prevent_initial_call=True, on_error=_unexpected)
    def ask(question: dict[str, Any]) -> dict[str, Any]:
        connection = request.environ.get("gunicorn.socket")
        return answer(service, question, newest, lambda: not hung_up(connection))


def answer(
    service: engine.Service, question: dict[str, Any], newest: Newest, listening: Callable[[], bool]
) -> dict[str, Any]:
    """The answer, or why there is none, as the page wants it.

    Args:
        service: which is asked.
        question: as it was posted.
        newest: the last question of each page.
        listening: whether the page is still there.
    """
    try:
        posted = Posted.model_validate(question)
        asked = understood(posted)
    except (ValidationError, binascii.Error):
        return {
            "number": question.get("number"),
            "error": UNREADABLE,
        }
    page, number = posted.page or "", posted.number
    if page:
        newest.note(page, number)
    head = {"number": posted.number, "rest": posted.rest, "everything": posted.everything}
    try:
        found = service.explain(asked, wanted=lambda: listening() and not newest.replaced(page, number))
    except engine.NotYetError as reason:
        return {**head, "again": reason.seconds, "note": str(reason)}
    except engine.MissingPhotoError:
        return {**head, "missing": True}
    except engine.RefusedError as reason:
        return {**head, "error": str(reason), "choice": isinstance(reason, engine.ChoiceError)}
    return {**head, **_page(found), "catalog": catalog(service) if posted.catalog else None}


def understood(posted: Posted) -> engine.Question:
    """A question as the service takes it.

    Raises:
        binascii.Error: the photo is not in base64.
    """
    return engine.Question(
        model=posted.model,
        method=posted.method,
        parameters=posted.parameters,
        layer=posted.layer,
        target=posted.target,
        against=posted.against,
        evidence=posted.evidence,
        space=posted.space,
        digest=posted.digest,
        photo=base64.b64decode(posted.photo, validate=True) if posted.photo else None,
        everything=posted.everything,
        display=posted.display,
    )


def _page(found: engine.Answer) -> dict[str, Any]:
    """An answer as JSON: the view in shares of the photo's sides, because the page may show it at another size."""
    width, height = found.size
    x0, y0, x1, y1 = found.view
    return {
        "digest": found.digest,
        "display": found.display and "data:image/jpeg;base64," + base64.b64encode(found.display).decode(),
        "title": found.title,
        "device": found.device,
        "method": found.method,
        "reach": found.reach,
        "everything": found.everything,
        "classes": found.classes,
        "probabilities": [round(float(p), 6) for p in found.probabilities],
        "predicted": found.predicted,
        "target": found.target,
        "against": found.against,
        "evidence": found.evidence,
        "space": found.space,
        "shown": found.shown,
        "view": [x0 / width, y0 / height, x1 / width, y1 / height],
        "seen": {"width": x1 - x0, "height": y1 - y0, "area": found.area},
        "input": {"width": found.input_size[0], "height": found.input_size[1]},
        "layers": _options(found),
        "layer": found.layer,
        "default": found.default_layer,
        "unfamiliar": found.unfamiliar,
        "note": found.note,
        "sprite": sprite.pack(found.maps),
    }


def _options(found: engine.Answer) -> list[dict[str, Any]]:
    """The layers as a select wants them: in running order, grouped by stage, without a choice of those that the method
    can't explain."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for layer in found.layers:
        size = " × ".join(str(side) for side in layer.shape)
        last = " · default" if layer.name == found.default_layer else ""
        option: dict[str, Any] = {"value": layer.name, "label": f"{layer.name.rpartition('/')[2]} · {size}{last}"}
        if found.reach == "layers" and found.everything and layer.name not in found.maps:
            option["disabled"] = True
        groups.setdefault(layer.stage, []).append(option)
    return [{"group": stage, "items": items} for stage, items in groups.items()]


def _unexpected(error: Exception) -> dict[str, Any]:
    """A fault of ours while a question was answered, the callback's one input: it is logged, and the page goes on."""
    log.error("A question failed.", exc_info=error)
    return {
        "number": (next(iter(ctx.inputs.values())) or {}).get("number"),
        "error": "Something went wrong on the server, and it has been logged. Try again, or try another photo.",
    }
