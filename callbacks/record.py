"""What is kept of a view: the engine's own record and raw map of the layer on show, asked for when somebody downloads
them."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
from typing import Any

import numpy as np
from dash import Dash
from flask import Blueprint, Response, jsonify, request
from pydantic import ValidationError

import service as engine
from callbacks.question import Posted

ASKED = {field.name for field in dataclasses.fields(engine.Question)} - {"photo"}


def register(app: Dash, service: engine.Service) -> None:
    """Add the address `record`, below the base path."""

    address = Blueprint("record", __name__)

    @address.post("/record")
    def record() -> Response:
        return jsonify(kept(service, request.get_json(silent=True)))

    app.server.register_blueprint(address, url_prefix=app.config.routes_pathname_prefix.rstrip("/") or None)


def kept(service: engine.Service, question: object) -> dict[str, Any]:
    """The record and the raw map in answer to a question as the page puts it, or why there is none, in the words of
    `callbacks.question.answer`. The record is text already, so that it is kept as Python writes it."""
    try:
        posted = Posted.model_validate(question)
        photo = base64.b64decode(posted.photo, validate=True) if posted.photo else None
    except (ValidationError, binascii.Error):
        return {"error": "This question can't be read. Reload the page and try again."}
    try:
        found = service.explanation(engine.Question(photo=photo, **posted.model_dump(include=ASKED)))
    except engine.NotYetError as reason:
        return {"again": reason.seconds, "note": str(reason)}
    except engine.MissingPhotoError:
        return {"missing": True}
    except engine.RefusedError as reason:
        return {"error": str(reason)}
    values = np.ascontiguousarray(found.map, "<f4")
    return {
        "record": json.dumps(found.record(), indent=2),
        "map": {"shape": list(values.shape), "values": base64.b64encode(values.tobytes()).decode()},
    }
