"""The layers as a file that moves: made here, because browsers write no animations."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from dash import Dash
from flask import Response
from pydantic import BaseModel, Field

from callbacks import files
from callbacks.question import Posted, understood
from service import COLORMAP, Service

SIDES = {"gif": 360, "webp": 480}
"""Longest side of the pictures in pixels: a GIF of the same size is several times as many bytes."""

Share = Annotated[float, Field(ge=0, le=1)] | Annotated[int, Field(ge=0, le=1)]


class Wanted(BaseModel, strict=True, frozen=True):
    """What the page posts.

    Attributes:
        question: what it would ask for to see all layers.
        kind: of file.
        opacity: of the heat.
        colormap: of the heat.
        threshold: below which heat is left out.
    """

    question: Posted
    kind: Literal["gif", "webp"]
    opacity: Share = 0.5
    colormap: Annotated[str, Field(max_length=60)] = COLORMAP
    threshold: Share = 0.0


def register(app: Dash, service: Service) -> None:
    """Add the address below the base path."""
    files.add(app, "film", lambda posted: _film(service, posted))


def _film(service: Service, posted: Any) -> Response:
    wanted = Wanted.model_validate(posted)
    film = service.film(
        understood(wanted.question),
        wanted.kind,
        side=SIDES[wanted.kind],
        opacity=float(wanted.opacity),
        colormap=wanted.colormap,
        threshold=float(wanted.threshold),
    )
    return Response(film, mimetype=f"image/{wanted.kind}")
