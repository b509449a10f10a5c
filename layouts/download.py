"""The downloads: the overlay with one press, everything else from the menu beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dash import html

from layouts import ids
from layouts.attributes import aria, data


@dataclass(frozen=True)
class Entry:
    """What the menu offers.

    Attributes:
        name: of its maker in `assets/page/downloads.mjs`.
        title: for people.
        description: which kind of file it is, in a few words.
    """

    name: str
    title: str
    description: str


ENTRIES = (
    Entry("map", "Raw map", "NumPy (.npy), float32, not scaled"),
    Entry("record", "Record", "JSON: scores, method, layer, versions"),
)


def download() -> Any:
    """A button for the overlay, and a menu for the rest."""
    return html.Div(
        [
            html.Button(
                [html.Span(className="glyph save"), "Download"], id=ids.DOWNLOAD, type="button", className="button"
            ),
            html.Details(
                [
                    html.Summary(
                        html.Span(className="glyph down"),
                        className="button",
                        title="Other downloads",
                        **aria(label="Other downloads"),
                    ),
                    html.Div([_item(entry) for entry in ENTRIES], className="menu"),
                ],
                id=ids.DOWNLOADS,
            ),
        ],
        className="split",
    )


def _item(entry: Entry) -> Any:
    return html.Button(
        [html.Span(entry.title), html.Span(entry.description, className="note")],
        id=ids.download(entry.name),
        type="button",
        className="menu-item",
        **data(download=entry.name),
    )
