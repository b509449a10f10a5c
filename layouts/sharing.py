"""To take the view along: as a link, and as code."""

from __future__ import annotations

from typing import Any

from dash import html

from layouts import ids
from layouts.attributes import aria


def sharing() -> Any:
    """`assets/page/sharing.mjs` copies the view, as a link or as Python."""
    return html.Div(
        [
            html.H2("Share"),
            html.Div(
                [
                    _button(ids.COPY_LINK, "link", "Copy link", **aria(describedby=ids.LINK_NOTE)),
                    _button(ids.COPY_PYTHON, "code", "Copy as Python"),
                ],
                className="share",
            ),
            html.P("The link keeps the view. The photo is not part of it.", id=ids.LINK_NOTE, className="note"),
        ],
        className="card controls",
    )


def _button(identifier: str, glyph: str, words: str, **properties: Any) -> Any:
    return html.Button(
        [html.Span(className=f"glyph {glyph}"), words], id=identifier, type="button", className="button", **properties
    )
