"""The keys that do something, in a dialog; `assets/page/keys.mjs` has what they do."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from layouts import ids
from layouts.attributes import aria

KEYS = (
    ("O", "Open a photo"),
    ("[ ]", "Layer before, layer after"),
    ("P", "Play all layers"),
    ("C", "Explain the next class"),
    ("M", "Choose a method"),
    ("X", "Heat or cut-out"),
    ("V", "Keep this view, to compare"),
    ("+ − 0", "Zoom in, out, to the whole photo"),
    ("Arrows", "Move a zoomed photo in focus"),
    ("W", "What if …?"),
    ("D", "Download the picture"),
    ("?", "This list"),
    ("Esc", "Close what is open"),
)


def dialog() -> Any:
    """Opened by `?` and by the button in the header."""
    return html.Dialog(
        html.Div(
            [
                html.Div(
                    [
                        html.H2("Keyboard", id=ids.SHORTCUTS_TITLE),
                        html.Button(
                            html.Span(className="glyph close"),
                            type="button",
                            className="icon close",
                            title="Close",
                            **aria(label="Close"),
                        ),
                    ],
                    className="dialog-head",
                ),
                html.Dl([part for keys, words in KEYS for part in (_keys(keys), html.Dd(words))], className="keys"),
                dmc.Switch(
                    id=ids.SHORTCUTS_ON,
                    checked=True,
                    size="sm",
                    label="Single keys",
                    description="They rest while you type in a field. Esc and Tab always work.",
                ),
            ],
            className="dialog",
        ),
        id=ids.SHORTCUTS,
        **aria(labelledby=ids.SHORTCUTS_TITLE),
    )


def _keys(keys: str) -> Any:
    return html.Dt([html.Kbd(key) for key in keys.split()])
