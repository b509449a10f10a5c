"""The downloads of a view: the picture with one press, the rest from the menu beside it."""

from __future__ import annotations

from typing import Any

from dash import html

from layouts import ids
from layouts.menu import Entry, menu
from layouts.parts import button

ENTRIES = (
    Entry(ids.MAP, "Raw map", "NumPy (.npy), float32, not scaled"),
    Entry(ids.RECORD, "Record", "JSON: scores, method, layer, versions"),
)


def download() -> Any:
    """A button for the picture, and a menu for the rest."""
    return html.Div(
        [
            button(ids.DOWNLOAD, "save", "Download"),
            menu(html.Span(className="glyph down"), "Other downloads", ENTRIES, id=ids.DOWNLOADS),
        ],
        className="split",
    )
