"""A button with a few choices behind it.

dmc.Menu puts what screen readers are told of it on an element around the button, where it means nothing to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dash import html

from layouts.attributes import aria


@dataclass(frozen=True)
class Entry:
    """What a menu offers.

    Attributes:
        id: of the button.
        title: for people.
        description: in a few words.
    """

    id: str
    title: str
    description: str


def menu(face: Any, label: str, entries: Sequence[Entry], extra: str = "", **properties: Any) -> Any:
    """`assets/page/menus.mjs` closes it again.

    Args:
        face: what is on the button.
        label: of the button, in words.
        entries: the choices.
        extra: class of the button.
        **properties: of the whole.
    """
    button = html.Summary(face, className=f"button {extra}".strip(), title=label, **aria(label=label))
    items = [
        html.Button([html.Span(one.title), html.Span(one.description, className="note")], id=one.id, type="button")
        for one in entries
    ]
    return html.Details([button, html.Div(items, className="menu-items")], className="menu", **properties)
