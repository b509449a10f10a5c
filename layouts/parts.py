"""Controls that several parts of the page have, in one look."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

# What is typed takes the place of the choice; its words are found in any order, see `assets/search.js`.
SEARCHED = {"searchable": True, "clearSearchOnFocus": True, "filter": {"function": "byWords"}}


def button(identifier: str, glyph: str, words: str, **properties: Any) -> Any:
    """A button with a glyph, by its class in the style sheets, before its words."""
    return html.Button(
        [html.Span(className=f"glyph {glyph}"), words],
        id=identifier,
        type="button",
        **{"className": "button", **properties},
    )


def select(identifier: str, label: str, **properties: Any) -> Any:
    """A list to choose one of."""
    return dmc.Select(
        id=identifier,
        label=label,
        allowDeselect=False,
        nothingFoundMessage="Nothing by that name",
        withScrollArea=False,  # the list scrolls by itself, which keyboards and readers understand
        **{"comboboxProps": {"shadow": "md"}, **properties},
    )
