"""Beside the photo: what the model says, and what can be asked and changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import html

from layouts import compare, ids
from layouts.attributes import aria
from layouts.download import download
from layouts.parts import SEARCHED, select


def verdict() -> Any:
    """The answer in words and the best classes as bars; the page fills both."""
    return html.Div(
        [
            html.Div(
                [html.Strong("One moment …"), " ", html.Span("The model is looking at the first photo.")],
                id=ids.VERDICT,
                className="verdict",
                tabIndex=-1,
                **aria(busy="true", live="polite"),
            ),
            html.Div(html.Div(id=ids.WARNING, role="status", **aria(live="polite")), className="warning"),
            html.Div(html.Div(id=ids.WRONG, role="status", **aria(live="polite")), className="warning"),
            html.Div(id=ids.CLASSES, className="bars", role="group", **aria(label="Classes: choose one to explain")),
        ],
        className="card answer",
    )


def question(models: Mapping[str, str], model: str, method: str) -> Any:
    """What to explain, and how: each of these asks the model again, but mostly not the layer."""
    return html.Div(
        [
            html.H2("Explain"),
            select(
                ids.TARGET,
                "Class",
                description="Explain the score of this class",
                placeholder="Type to find a class",
                **SEARCHED,
            ),
            select(
                ids.LAYER,
                "Layer",
                description="In running order; switching is instant",
                maxDropdownHeight=340,
                **SEARCHED,
            ),
            html.Div(
                [
                    select(
                        ids.METHOD,
                        "Method",
                        value=method,
                        maxDropdownHeight=340,
                        comboboxProps={"shadow": "md", "width": 250, "position": "bottom-start"},
                        **SEARCHED,
                    ),
                    select(ids.MODEL, "Model", data=_options(models), value=model, **SEARCHED),
                ],
                className="pair",
            ),
            _options_of_the_question(),
        ],
        className="card controls",
    )


def _options_of_the_question() -> Any:
    """What few people change, folded: the method's parameters, which the page fills in, and which score is meant."""
    return html.Details(
        [
            html.Summary(["Options", html.Span(id=ids.CHANGED, className="changed")]),
            html.Div(
                [
                    html.Div(id=ids.PARAMETERS, className="controls", role="group", **aria(label="Of the method")),
                    select(
                        ids.AGAINST,
                        "Against",
                        description="What speaks for the class rather than for this one",
                        data=[{"value": "none", "label": "No other class"}],
                        value="none",
                        **SEARCHED,
                    ),
                    html.Div(
                        [
                            html.Span("Evidence", className="label", **aria(hidden="true")),
                            dmc.SegmentedControl(
                                id=ids.EVIDENCE,
                                data=[
                                    {"value": "for", "label": "For the class"},
                                    {"value": "against", "label": "Against it"},
                                    {"value": "both", "label": "Both"},
                                ],
                                value="for",
                                fullWidth=True,
                                size="sm",
                                **aria(label="Evidence"),
                            ),
                        ],
                        className="labelled",
                    ),
                    select(
                        ids.SCORE,
                        "Score",
                        description="A probability near 0 or 1 hardly changes; a logit always does",
                        data=[
                            {"value": "own", "label": "The method's own"},
                            {"value": "logit", "label": "Logit"},
                            {"value": "probability", "label": "Probability"},
                        ],
                        value="own",
                    ),
                    html.Button("Reset", id=ids.RESET, type="button", className="button", hidden=True),
                ],
                className="controls",
            ),
        ],
        id=ids.OPTIONS,
        className="options",
    )


def look(colormap: str) -> Any:
    """How the heat is drawn: none of these asks the server anything."""
    return html.Div(
        [
            html.H2("View"),
            html.Div(
                [
                    html.Div(
                        [
                            html.Span("Show", className="label", **aria(hidden="true")),
                            dmc.SegmentedControl(
                                id=ids.SHOW,
                                data=[{"value": "heat", "label": "Heat"}, {"value": "cutout", "label": "Cut-out"}],
                                value="heat",
                                fullWidth=True,
                                size="sm",
                                **aria(label="Show the heat, or only the hottest part of the photo"),
                            ),
                        ],
                        className="labelled",
                    ),
                    _slider(ids.THRESHOLD, "Hide below", 0),
                ],
                className="pair",
            ),
            html.Div(
                [
                    select(
                        ids.COLORMAP,
                        "Colours",
                        value=colormap,
                        comboboxProps={"shadow": "md", "width": 250, "position": "bottom-start"},
                    ),
                    _slider(ids.OPACITY, "Opacity", 0.5),
                ],
                className="pair",
            ),
            html.Div(
                [
                    compare.button(),
                    download(),
                ],
                className="pair",
            ),
        ],
        className="card controls",
    )


def reading() -> Any:
    """How to read the heat, and what the method is good for: the page changes both with the method."""
    return html.Div(
        [
            html.P(
                "Bright places raised the score of the class that is explained; dark ones did not. The heat shows "
                "influence on this score at this layer, not where the object ends and not whether the model is right.",
                id=ids.READING,
            ),
            html.P(id=ids.CAUTION),
            html.P(id=ids.ABOUT),
            html.Details(
                [
                    html.Summary(["What the model saw", html.Span(id=ids.INPUT_SIZE, className="size")]),
                    html.Canvas(id=ids.INPUT_PHOTO, width=0, height=0, role="img", **_INPUT),
                ],
                id=ids.INPUT,
                className="options input",
            ),
        ],
        className="reading",
    )


_INPUT = aria(label="The photo as the model saw it", describedby=ids.INPUT_SIZE)


def _options(titles: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"value": name, "label": title[:1].upper() + title[1:]} for name, title in titles.items()]


def _slider(identifier: str, label: str, value: float) -> Any:
    return html.Div(
        [
            html.Span(label, className="label", **aria(hidden="true")),
            dmc.Slider(
                id=identifier,
                value=value,
                min=0,
                max=1,
                step=0.01,
                updatemode="drag",
                thumbLabel=label,
                size="sm",
                thumbSize=18,
            ),
        ],
        className="slider",
    )
