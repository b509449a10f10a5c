"""Side by side: a view that stays, beside the one that the controls act on."""

from __future__ import annotations

from typing import Any

from dash import html

from layouts import ids, parts
from layouts.attributes import aria


def panes(figure: Any) -> Any:
    """The figure, with room for a second one before it. `assets/page/compare.mjs` fills that with what is pinned."""
    return html.Div(
        [
            html.Div(
                [
                    html.Div(id=ids.PINNED_CAPTION, className="pane-caption"),
                    html.Div(id=ids.PINNED, className="plot"),
                    html.Div(id=ids.PINNED_READOUT, className="readout", **aria(hidden="true")),
                    html.Div(id=ids.PINNED_LEGEND, className="legend"),
                    html.Div(id=ids.PINNED_MESSAGE, className="figure-message"),
                    html.Button(
                        html.Span(className="glyph close"),
                        id=ids.UNPIN,
                        type="button",
                        className="unpin",
                        title="Close the comparison",
                        **aria(label="Close the comparison"),
                    ),
                ],
                id=ids.PINNED_PANE,
                className="card figure pinned",
                role="group",
                hidden=True,
                **aria(label="The view that was pinned"),
            ),
            figure,
            html.P(
                "Each map is scaled to its own highest value: compare where the heat lies, not how strong it is.",
                className="pane-note",
            ),
        ],
        className="panes",
    )


def button() -> Any:
    """Pin what is shown; pressed once more, let it go."""
    return parts.button(
        ids.COMPARE,
        "beside",
        "Compare",
        title="Keep this view, to see another one beside it",
        **aria(pressed="false"),
    )
