"""What is kept of a view: the engine's own record and raw map of the layer on show.

The maps on the page have the steps of a picture, and no record; the server has both in its cache, or makes them again.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from dash import Dash
from flask import Response
from pydantic import BaseModel

from callbacks import files
from callbacks.question import Posted, understood
from service import Service

if TYPE_CHECKING:
    from explain import Explanation


class Wanted(BaseModel, strict=True, frozen=True):
    """What the page posts.

    Attributes:
        question: the one whose answer is on show.
        kind: the record as JSON, or the raw map as NumPy reads it.
    """

    question: Posted
    kind: Literal["record", "map"]


def register(app: Dash, service: Service) -> None:
    """Add the address below the base path."""
    files.add(app, "record", lambda posted: kept(service, posted))


def kept(service: Service, posted: Any) -> Response:
    """The file that is asked for."""
    wanted = Wanted.model_validate(posted)
    found = service.explanation(understood(wanted.question))
    return _record(found) if wanted.kind == "record" else _map(found)


def _record(found: Explanation) -> Response:
    return Response(json.dumps(found.record(), indent=2) + "\n", mimetype="application/json")


def _map(found: Explanation) -> Response:
    stream = io.BytesIO()
    np.save(stream, np.ascontiguousarray(found.map, "<f4"))
    return Response(stream.getvalue(), mimetype="application/octet-stream")
