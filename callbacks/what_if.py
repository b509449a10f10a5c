"""The brush: its size and its fill. What it paints is asked about like any other photo."""

from __future__ import annotations

from dash import Dash

from callbacks.client import in_page
from layouts import ids


def register(app: Dash) -> None:
    """Connect the controls with the functions of the same names in the page."""
    for control in (ids.BRUSH, ids.FILL):
        in_page(app, control, control)
