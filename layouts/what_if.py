"""The tool “What if …?”: the brush over the photo, and what can be done with it."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from layouts import ids
from layouts.attributes import aria
from layouts.parts import button

SIZE = 0.12
"""Of the brush at first, in shares of the photo's long side."""


def switch() -> Any:
    """The switch of the brush."""
    return button(
        ids.WHAT_IF,
        "brush",
        "What if …?",
        title="Paint over parts of the photo and see what the model makes of that",
        **aria(pressed="false", controls=ids.WHAT_IF_BAR),
    )


def on_figure() -> list[Any]:
    """Whether the photo is edited, what is being painted, and where the brush is."""
    return [
        html.Span("Edited", id=ids.EDITED, className="changed", hidden=True, title="Parts are painted over"),
        html.Canvas(id=ids.PAINTING, className="painting", width=0, height=0, **aria(hidden="true")),
        html.Div(
            id=ids.BRUSH_RING,
            className="brush-ring",
            tabIndex=0,
            role="application",
            hidden=True,
            **aria(label="Brush: the arrow keys move it, with Shift further; hold Space to paint"),
        ),
        html.Div("Paint over a part of the photo", id=ids.HINT, className="figure-message", hidden=True),
    ]


def bar() -> Any:
    """The brush's options, in place of the ways in as long as the brush is on."""
    return html.Div(
        [
            html.Div(
                [
                    html.Span("Brush", className="label", **aria(hidden="true")),
                    dmc.Slider(
                        id=ids.BRUSH,
                        value=SIZE,
                        min=0.02,
                        max=0.4,
                        step=0.01,
                        updatemode="drag",
                        label=None,
                        thumbLabel="Size of the brush",
                        size="sm",
                        thumbSize=18,
                    ),
                ],
                className="what-if-size",
            ),
            dmc.SegmentedControl(
                id=ids.FILL,
                data=[
                    {"value": "grey", "label": "Grey"},
                    {"value": "blur", "label": "Blur"},
                    {"value": "surroundings", "label": "Surroundings"},
                ],
                value="grey",
                size="sm",
                **aria(label="What is filled in"),
            ),
            html.Button("Remove what the model looked at", id=ids.REMOVE, type="button", className="button"),
            html.Div(
                [
                    _button("Undo", ids.UNDO, "Take the last step back (Ctrl+Z)", disabled=True),
                    _button("Reset", ids.RESTORE, "The photo as it was", disabled=True),
                    _button("Done", ids.DONE, "Put the brush away; the photo stays as it is (Escape)"),
                ],
                className="what-if-steps",
            ),
        ],
        id=ids.WHAT_IF_BAR,
        className="card what-if-bar",
        role="group",
        hidden=True,
        **aria(label="What if"),
    )


def _button(words: str, identifier: str, title: str, **properties: Any) -> Any:
    return html.Button(words, id=identifier, type="button", className="button", title=title, **properties)
