"""Many photos at once: a card for each, and what the cards are sorted, filtered and handed on by."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from layouts import ids
from layouts.attributes import aria
from layouts.parts import SEARCHED, button, select


def way_back() -> Any:
    """Above a single photo, while there is a gallery to go back to."""
    return html.Nav(
        button(ids.GALLERY_RETURN, "back", "Back to the gallery"), className="gallery-return", **aria(label="Gallery")
    )


def view() -> Any:
    """The gallery, out of sight and empty; `assets/page/gallery.mjs` fills it."""
    return html.Section(
        [
            html.Div([_head(), _controls(), _progress()], className="card gallery-bar"),
            html.Div(
                [
                    html.Span(id=ids.GALLERY_NOTE),
                    html.Button("Explain again", id=ids.GALLERY_AGAIN, type="button", className="button", hidden=True),
                ],
                className="gallery-note",
                role="status",
                **aria(live="polite"),
            ),
            html.Ul(id=ids.GALLERY_CARDS, className="gallery-cards", **aria(label="Photos")),
            html.P("No photo fits these choices.", className="gallery-none"),
            dcc.Store(id=ids.GALLERY_QUESTION),
            dcc.Store(id=ids.GALLERY_ANSWER),
        ],
        id=ids.GALLERY,
        className="gallery",
        **aria(label="Gallery"),
    )


def _head() -> Any:
    return html.Div(
        [
            button(ids.GALLERY_CLOSE, "back", "Back to the photo"),
            html.Div(
                [
                    html.H2(id=ids.GALLERY_TITLE, tabIndex="-1"),
                    html.Span(id=ids.GALLERY_ABOUT, className="gallery-about"),
                ],
                className="gallery-title",
            ),
            html.Div(
                [
                    button(
                        ids.GALLERY_CSV, "save", "CSV", title="What the model says of the photos on show, as a table"
                    ),
                    button(
                        ids.GALLERY_REPORT, "save", "Report", title="The photos on show, as one page to send around"
                    ),
                ],
                className="gallery-exports",
            ),
        ],
        className="gallery-head",
    )


def _controls() -> Any:
    return html.Div(
        [
            select(
                ids.GALLERY_CLASS,
                "Class",
                value="predicted",
                data=_choices({"predicted": "Predicted class"}),
                **SEARCHED,
            ),
            select(
                ids.GALLERY_ORDER,
                "Order",
                value="given",
                data=_choices(
                    {
                        "given": "As given",
                        "low": "Probability, lowest first",
                        "high": "Probability, highest first",
                        "name": "Name",
                    }
                ),
            ),
            select(ids.GALLERY_SHOW, "Show", value="all", data=_choices({"all": "All"}), **SEARCHED),
            dmc.TextInput(id=ids.GALLERY_SEARCH, label="Name", placeholder="Part of a name", value=""),
        ],
        className="gallery-controls",
        role="group",
        **aria(label="Which photos, and in which order"),
    )


def _progress() -> Any:
    """The words change with each photo, so they are told to screen readers more rarely, in a place of their own."""
    return html.Div(
        [
            html.Span(id=ids.GALLERY_PROGRESS),
            html.Progress(id=ids.GALLERY_BAR, value="0", max="1", **aria(label="Photos explained")),
            html.Button("Cancel", id=ids.GALLERY_STOP, type="button", className="button"),
            html.Span(id=ids.GALLERY_SAID, className="unseen", role="status", **aria(live="polite")),
        ],
        className="gallery-progress",
    )


def _choices(titles: dict[str, str]) -> list[dict[str, str]]:
    return [{"value": name, "label": words} for name, words in titles.items()]
