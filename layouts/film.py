"""Below the photo: all layers as a film."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from layouts import ids
from layouts.attributes import aria
from layouts.menu import Entry, menu


def film() -> Any:
    """The strip without layers. `assets/page/film.mjs` fills it; methods that have one map leave its room as it is."""
    return html.Div(
        [
            html.Div(
                [
                    html.Div(
                        [
                            _button(ids.FILM_PREVIOUS, "previous", "Previous layer"),
                            _button(ids.FILM_PLAY, "play", "Play all layers"),
                            _button(ids.FILM_NEXT, "next", "Next layer"),
                        ],
                        className="film-buttons",
                    ),
                    html.Div(
                        [
                            html.Div(id=ids.FILM_NAME, className="film-name"),
                            dmc.Slider(
                                id=ids.FILM_SCRUB,
                                value=0,
                                min=0,
                                max=1,
                                step=1,
                                updatemode="drag",
                                thumbLabel="Layer",
                                label=None,
                                size="sm",
                                thumbSize=18,
                            ),
                        ],
                        className="film-scrubber",
                    ),
                    _save(),
                ],
                className="film-controls",
            ),
            html.Div(id=ids.FILM_STAGES, className="film-stages", role="group", **aria(label="One map per stage")),
            html.Div(id=ids.FILM_NOTE, className="film-note"),
        ],
        id=ids.FILM,
        className="card film",
        role="group",
        **aria(label="Layers as a film"),
    )


def _save() -> Any:
    return menu(
        [html.Span(className="glyph save"), html.Span("Film", className="film-word")],
        "Download all layers as an animation",
        (
            Entry(ids.FILM_WEBP, "WebP", "Animated, small"),
            Entry(ids.FILM_GIF, "GIF", "Animated, for what shows no WebP"),
        ),
        extra="film-save",
    )


def _button(identifier: str, glyph: str, words: str) -> Any:
    return html.Button(
        html.Span(className=f"glyph {glyph}"),
        id=identifier,
        type="button",
        title=words,
        disabled=True,
        **aria(label=words),
    )
