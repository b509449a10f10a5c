"""To take the view along: as a link, and as code."""

from __future__ import annotations

from typing import Any

from dash import html

from layouts import ids
from layouts.attributes import aria
from layouts.parts import button


def sharing() -> Any:
    """`assets/page/sharing.mjs` copies the view, as a link or as Python."""
    return html.Div(
        [
            html.H2("Share"),
            html.Div(
                [
                    button(ids.COPY_LINK, "link", "Copy link", **aria(describedby=ids.LINK_NOTE)),
                    button(ids.COPY_PYTHON, "code", "Copy as Python"),
                ],
                className="share",
            ),
            html.P("The link keeps the view. The photo is not part of it.", id=ids.LINK_NOTE, className="note"),
        ],
        className="card controls",
    )
