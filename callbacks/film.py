"""The layers as a file that moves: made here, because browsers write no animations."""

from __future__ import annotations

import binascii
import logging
from typing import Annotated, Any, Literal

from dash import Dash
from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, Field, ValidationError

from callbacks.question import Posted, understood
from service import MissingPhotoError, NotYetError, RefusedError, Service

log = logging.getLogger("whylight")

SIDES = {"gif": 360, "webp": 480}
"""Longest side of the pictures in pixels: a GIF of the same size is several times as many bytes."""


class Wanted(BaseModel, strict=True, frozen=True):
    """What the page posts.

    Attributes:
        question: what it would ask for to see all layers.
        kind: of file.
        opacity: of the heat.
        colormap: of the heat.
    """

    question: Posted
    kind: Literal["gif", "webp"]
    opacity: Annotated[float, Field(ge=0, le=1)] | Annotated[int, Field(ge=0, le=1)] = 0.5
    colormap: Annotated[str, Field(max_length=60)] = "viridis"


def register(app: Dash, service: Service) -> None:
    """Add the address below the base path."""
    films = Blueprint("film", __name__, url_prefix=app.config.routes_pathname_prefix.rstrip("/") or None)

    @films.post("/film")
    def film() -> tuple[Response, int]:
        return _answer(service, request.get_json(silent=True))

    app.server.register_blueprint(films)


def _answer(service: Service, posted: Any) -> tuple[Response, int]:
    """The file, or why there is none: a sentence for people, and a status that tells the page what to do."""
    try:
        wanted = Wanted.model_validate(posted)
        question = understood(wanted.question)
    except (ValidationError, binascii.Error):
        return jsonify(error="This question can't be read. Reload the page and try again."), 400
    try:
        film = service.film(
            question, wanted.kind, side=SIDES[wanted.kind], opacity=float(wanted.opacity), colormap=wanted.colormap
        )
    except NotYetError as reason:
        return jsonify(error=str(reason), again=reason.seconds), 503
    except MissingPhotoError:
        return jsonify(error="The photo has to be sent again."), 409
    except RefusedError as reason:
        return jsonify(error=str(reason)), 422
    except Exception as error:
        log.error("A film failed.", exc_info=error)
        return jsonify(error="Something went wrong on the server, and it has been logged. Try again."), 500
    return Response(film, mimetype=f"image/{wanted.kind}"), 200
