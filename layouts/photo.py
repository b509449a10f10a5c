"""The photo: the figure with the heat, and the ways in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

import plotly.graph_objects as go
from dash import dcc, html

from layouts import ids, what_if
from layouts.attributes import aria, data
from layouts.parts import button

_NOTHING = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def figure() -> Any:
    """The figure without a photo. `assets/page/figure.mjs` fills it and changes it from then on."""
    return html.Div(
        [
            dcc.Graph(
                id=ids.OVERLAY,
                figure=_plot(),
                responsive=True,
                config={"scrollZoom": True, "displayModeBar": False, "doubleClick": False},
            ),
            html.Div(
                [
                    _zoom(ids.ZOOM_IN, "plus", "Zoom in"),
                    _zoom(ids.ZOOM_OUT, "minus", "Zoom out"),
                    _zoom(ids.ZOOM_ALL, "whole", "Show the whole photo"),
                ],
                className="zoom",
            ),
            html.Div(id=ids.CAPTION, className="pane-caption"),
            *what_if.on_figure(),
            html.Div(id=ids.READOUT, className="readout", **aria(hidden="true")),
            html.Div(id=ids.LEGEND, className="legend"),
            html.Div(id=ids.MESSAGE, className="figure-message"),
            html.Div(id=ids.STATUS, className="status", role="status", **aria(live="polite")),
        ],
        className="card figure",
        role="group",
        **aria(label="The photo with the heat over it"),
    )


def _zoom(identifier: str, glyph: str, words: str) -> Any:
    return html.Button(
        html.Span(className=f"glyph {glyph}"), id=identifier, type="button", title=words, **aria(label=words)
    )


def _plot() -> go.Figure:
    """Photo and heat as layout images, and a point that is never seen, which brings the colour bar."""
    image = {"source": _NOTHING, "xref": "x", "yref": "y", "x": 0, "y": 0, "sizex": 4, "sizey": 3, "sizing": "stretch"}
    plot = go.Figure(
        go.Scatter(
            x=[None],
            y=[None],
            hoverinfo="skip",
            mode="markers",
            marker={
                "color": [0],
                "cmin": 0,
                "cmax": 1,
                "colorscale": "Viridis",
                "colorbar": {
                    "title": {"text": "heat", "side": "top", "font": {"size": 13}},
                    "thickness": 10,
                    "len": 0.66,
                    "y": 0,
                    "yanchor": "bottom",
                    "outlinewidth": 0,
                    "tickvals": [0, 0.5, 1],
                    "xpad": 12,
                },
            },
        )
    )
    # Two images of equal placement in one layer would become one: the photo lies below, the heat above.
    plot.update_layout(
        images=[
            {**image, "layer": "below", "name": "photo"},
            {**image, "layer": "above", "name": "heat", "opacity": 0.5},
        ],
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        dragmode="pan",
        hovermode=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "inherit", "size": 13},
        xaxis={"range": [0, 4], "visible": False, "constrain": "domain"},
        yaxis={"range": [3, 0], "visible": False, "constrain": "domain", "scaleanchor": "x"},
    )
    return plot


def entrance(samples: Sequence[str], notes: Mapping[str, Mapping[str, Any]], max_bytes: int, address: str) -> Any:
    """Drop, choose or paste a photo, or many, or press a sample."""
    upload = dcc.Upload(
        [
            html.Button(
                [html.Span(className="glyph photo"), "Choose photos"], type="button", className="button primary"
            ),
            html.Span(
                [
                    "or drop or paste them, or a folder ",
                    html.Span(f"· up to {max_bytes / 1e6:.3g} MB", className="faint"),
                ],
                className="upload-hint",
            ),
        ],
        id=ids.UPLOAD,
        accept="image/*,.heic,.heif,.avif",
        multiple=True,
        max_size=-1,
        className="upload",
        style_active={},
        style_reject={},
    )
    return html.Div(
        [
            html.Div(upload, className="upload-place"),
            button(
                ids.CAMERA,
                "camera",
                "Camera",
                className="button camera",
                **aria(label="Take a photo with the camera"),
            ),
            what_if.switch(),
            html.Div(
                [_sample(file, notes.get(file, {}), address) for file in samples],
                id=ids.SAMPLES,
                className="samples",
                role="group",
                **aria(label="Sample photos"),
            ),
        ],
        className="card entrance",
    )


def _sample(file: str, note: Mapping[str, Any], address: str) -> Any:
    name = PurePath(file).stem
    words = note.get("caption") or name.replace("-", " ").replace("_", " ")
    return html.Button(
        html.Img(src=f"{address}samples/{quote(file)}", alt=f"Sample: {words}"),
        id=ids.sample(name),
        type="button",
        className="sample",
        title=f"Sample: {words}",
        **data(
            sample=file,
            **({"shows": note["shows"]} if "shows" in note else {}),
            lessons=json.dumps(note.get("lessons", {})),
        ),
    )
