"""What a report draws, as Plotly figures without a ground of their own: they lie on a light page or on a dark one."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from models.calibration import Bins
from models.measures import Floats, Numbers

GOOD, BAD, PLAIN = "#2a9296", "#e0733a", "#82908f"  # at least 3 : 1 on white and on near-black
GRID = "#82908f55"
NAMED = 40
"""Classes up to which the axes of a confusion matrix name them; it says the others where one points."""
STEPS = 20


def confusion(matrix: npt.NDArray[np.int64], classes: Sequence[str]) -> Any:
    """The matrix as shares of each row's photos, what is right in one colour and what is wrong in another."""
    share = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    labels = [html.escape(label, quote=False) for label in classes]  # Plotly reads tags in texts
    heatmap = go.Heatmap(
        x=labels,
        y=labels,
        z=np.where(np.eye(len(matrix), dtype=bool), share, -share),
        customdata=np.stack([matrix, np.round(100 * share, 1)], -1),
        zmin=-1,
        zmax=1,
        colorscale=[
            (0, _fade(BAD, 1)),
            (0.4999, _fade(BAD, 0.65)),
            (0.5, _fade(BAD, 0)),
            (0.5001, _fade(GOOD, 0.3)),
            (1, _fade(GOOD, 1)),
        ],
        showscale=False,
        hovertemplate="%{y}<br>said to be %{x}: %{customdata[0]} (%{customdata[1]} %)<extra></extra>",
    )
    named = len(classes) <= NAMED
    axis = {"type": "category", "showticklabels": named, "showgrid": False, "fixedrange": False, "automargin": named}
    figure = _figure(go.Figure(heatmap), "what the model says", "what it is")
    axis["ticks"] = "outside" if named else ""
    figure.update_xaxes(**axis, tickangle=-45 if named else None)
    figure.update_yaxes(**axis, autorange="reversed", dtick=1 if named else None)
    frame = {"showline": True, "mirror": True, "linecolor": GRID}
    figure.update_xaxes(frame)
    figure.update_yaxes(frame)
    return figure.update_layout(dragmode="zoom", margin={} if named else {"l": 36, "b": 36})


def reliability(before: Bins, after: Bins) -> Any:
    """How often the model is right, by how sure it is; on the diagonal it is as sure as it should be."""
    lowest = min(float(np.nanmin(one.confidence)) for one in (before, after))
    start = 0.5 if lowest >= 0.5 else 0.0
    figure = go.Figure(_diagonal(start))
    for name, one, colour in (("as trained", before, BAD), ("temperature-scaled", after, GOOD)):
        filled = one.count > 0
        figure.add_scatter(
            name=name,
            x=one.confidence[filled],
            y=one.accuracy[filled],
            customdata=one.count[filled],
            mode="lines+markers",
            line={"color": _fade(colour, 0.4), "width": 1.5},
            marker={"color": colour, "size": 6 + 16 * np.sqrt(one.count[filled] / one.count.max()), "opacity": 0.8},
            hovertemplate="%{x:.1%} sure, %{y:.1%} right<br>%{customdata} photos<extra>" + name + "</extra>",
        )
    figure = _figure(figure, "how sure the model is", "how often it is right")
    figure.update_xaxes(tickformat=".0%", range=[start - 0.02, 1.02])
    return figure.update_yaxes(tickformat=".0%", range=[-0.04, 1.06])


def confidence(values: Numbers, right: npt.NDArray[np.bool_]) -> Any:
    """How sure the model is where it is right and where it is wrong, each with a scale of its own."""
    start = 0.5 if float(values.min()) >= 0.5 else 0.0
    edges = np.linspace(start, 1, STEPS + 1)
    titles = [f"right: {int(right.sum()):,} photos", f"wrong: {int((~right).sum()):,} photos"]
    figure = make_subplots(2, 1, shared_xaxes=True, vertical_spacing=0.16, subplot_titles=titles)
    for row, which, colour in ((1, right, GOOD), (2, ~right, BAD)):
        count, _ = np.histogram(np.clip(values[which], start, 1), edges)
        bars = go.Bar(
            x=(edges[1:] + edges[:-1]) / 2,
            y=count,
            width=np.diff(edges) * 0.9,
            customdata=np.stack([edges[:-1], edges[1:]], -1),
            marker={"color": colour, "line": {"width": 0}},
            hovertemplate="%{customdata[0]:.1%} to %{customdata[1]:.1%} sure: %{y} photos<extra></extra>",
        )
        figure.add_trace(bars, row, 1)
        figure.update_yaxes(dtick=1 if count.max() < 5 else None, row=row)
    figure = _figure(figure)
    figure.update_layout(showlegend=False, margin={"t": 30})
    figure.update_yaxes(rangemode="tozero", nticks=5, tickformat=",d", title_text="photos")
    figure.update_xaxes(tickformat=".0%", range=[start - 0.02, 1.02])
    return figure.update_xaxes(title_text="how sure the model is", row=2)


def roc(false: Floats, found: Floats, thresholds: Floats, classes: Sequence[str]) -> Any:
    """What share of the second class is found, against what share of the first is taken for it."""
    other, label = (html.escape(one, quote=False) for one in classes)
    curve = go.Scatter(
        x=false,
        y=found,
        customdata=thresholds,
        mode="lines",
        line={"color": GOOD, "width": 2.5, "shape": "linear"},
        showlegend=False,
        hovertemplate="%{y:.1%} found, %{x:.1%} taken for it<br>threshold %{customdata:.2f}<extra></extra>",
    )
    figure = _figure(
        go.Figure([_diagonal(0.0, "by chance"), curve]),
        f"share of {other} taken for {label}",
        f"share of {label} found",
    )
    figure.update_xaxes(tickformat=".0%", range=[-0.02, 1.02])
    return figure.update_yaxes(tickformat=".0%", range=[-0.04, 1.04])


def _diagonal(start: float, name: str = "as it should be") -> Any:
    line = {"color": PLAIN, "dash": "dash", "width": 1.5}
    return go.Scatter(x=[start, 1], y=[start, 1], mode="lines", line=line, name=name, hoverinfo="skip")


def _figure(figure: Any, across: str | None = None, up: str | None = None) -> Any:
    """What all figures share."""
    figure.update_layout(
        template="none",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "Inter, system-ui, sans-serif", "size": 13},
        margin={"l": 8, "r": 24, "t": 8, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemsizing": "constant"},
        hoverlabel={"bgcolor": "#14201f", "bordercolor": "#52605f", "font": {"color": "#e9f0ef"}},
        dragmode=False,
        autosize=True,
    )
    figure.update_annotations(font_size=13)
    axes = {"automargin": True, "zeroline": False, "fixedrange": True, "gridcolor": GRID}
    figure.update_xaxes(**axes, ticklabeloverflow="allow", title={"text": across, "standoff": 10})
    figure.update_yaxes(**axes, title={"text": up, "standoff": 10})
    return figure


def _fade(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"
